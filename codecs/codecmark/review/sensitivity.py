"""What would change the choice: thresholds that flip it, and the smallest relaxation."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

import msgspec

from codecmark.review.choice import Candidate, Ranked, best, status_of
from codecmark.review.field import Entry, Field
from codecmark.review.figure import Figure
from codecmark.review.finding import Finding
from codecmark.review.requirement import Requirement
from codecmark.review.threshold import ORIGINAL


class Flip(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The nearest threshold to one side at which another spec is chosen, or none at all.

    `figure` is the one whose value or interval ends there.
    """

    threshold: float
    chosen: str | None
    figure: Figure


class Relaxation(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The smallest change of thresholds, by requirement, that lets one spec pass."""

    spec: str
    thresholds: dict[str, float]
    largest_percent: float


def flips(field: Field, requirement: Requirement, chosen: Ranked | None) -> tuple[Flip, ...]:
    """Return the nearest lower and the nearest higher threshold that change the choice.

    A change is one of verdicts: the chosen one passes no more, or another one begins to pass and
    is preferred. Where both pass on either side, only the order of their margins changes, and
    that is no reason. The ends of the candidates' intervals are the only thresholds at which a
    verdict changes, and who fails another hard requirement is not chosen at any.

    Parameters
    ----------
    requirement : Requirement
        One of the field's, a stand-in, or a threshold of a panel.
    """
    findings = {spec: field.findings(field.entries[spec]) for spec in field.offered}
    findings = {
        spec: of_spec for spec, of_spec in findings.items() if _passes_others(of_spec, requirement)
    }
    entries = [field.entries[spec] for spec in findings]
    ends = {
        end: figure
        for entry in entries
        for figure in entry.measured[requirement.name].figures.values()
        for end in (figure.low, figure.high, figure.value)
        if end is not None and math.isfinite(end)
    }
    nudge = 1e-9 * abs(requirement.threshold)
    steps = [
        (end + side, figure)
        for end, figure in sorted(ends.items(), key=lambda pair: pair[0])
        for side in (-nudge, nudge)
    ]
    nearest = []
    current = None if chosen is None else chosen.candidate.spec
    passes_now = {
        spec for spec, of_spec in findings.items() if status_of(of_spec) not in {"out", "open"}
    }
    for step in (-1, 1):
        beyond = [
            (threshold, figure)
            for threshold, figure in steps[::step]
            if step * (threshold - requirement.threshold) > 0
            # better than the original counts as equal, and nobody asks for more
            and not (requirement.of == ORIGINAL and threshold >= 0)
        ]
        asked = [
            [own.moved(requirement.name, threshold) for own in field.requirements.requirements]
            for threshold, _ in beyond
        ]
        loosens = step != requirement.sign
        passing = {
            entry.spec: _where_it_passes(field, entry, findings[entry.spec], asked, loosens)
            for entry in entries
        }
        for index, (threshold, figure) in enumerate(beyond):
            passing_here = [entry for entry in entries if index in passing[entry.spec]]
            stands = current is not None and index in passing.get(current, ())
            if stands and passes_now.issuperset(entry.spec for entry in passing_here):
                continue  # nobody new: whoever is best, it is no change of verdicts
            other = best(
                field.ranked(entry.spec, _again(field, entry, findings[entry.spec], asked[index]))
                for entry in passing_here
            )
            spec = None if other is None else other.candidate.spec
            if spec != current and not (stands and spec in passes_now):
                nearest.append(Flip(threshold, spec, figure))
                break
    return tuple(nearest)


def _where_it_passes(
    field: Field,
    entry: Entry,
    findings: Sequence[Finding],
    asked: Sequence[Sequence[Requirement]],
    loosens: bool,
) -> range:
    """Return at which of the thresholds a spec passes, which go one way from the one asked.

    Who passes goes on passing where less is asked for, and who does not, where more is.
    """

    def passes(index: int) -> bool:
        return status_of(_again(field, entry, findings, asked[index])) not in {"out", "open"}

    every = range(len(asked))
    if loosens:
        return every[bisect_left(every, True, key=passes) :]
    return every[: bisect_left(every, True, key=lambda index: not passes(index))]


def _again(
    field: Field, entry: Entry, findings: Sequence[Finding], asked: Sequence[Requirement]
) -> tuple[Finding, ...]:
    """Judge again by the requirement that was moved; keep the findings on the others."""
    return tuple(
        finding if own is finding.requirement else field.finding(entry, own)
        for own, finding in zip(asked, findings, strict=True)
    )


def _passes_others(findings: tuple[Finding, ...], requirement: Requirement) -> bool:
    return all(
        finding.effective.verdict == "PASS"
        for finding in findings
        if finding.requirement.hard and requirement.name not in finding.asked_names
    )


def relaxation(candidates: list[Ranked]) -> Relaxation | None:
    """Return the smallest relaxation that makes a candidate pass; None if no threshold would."""
    relaxations = [
        (relaxed, ranked.preferences)
        for ranked in candidates
        if (relaxed := _relaxed(ranked.candidate)) is not None
    ]
    smallest = min(
        relaxations,
        key=lambda pair: (pair[0].largest_percent, len(pair[0].thresholds), pair[1]),
        default=None,
    )
    return None if smallest is None else smallest[0]


def _relaxed(candidate: Candidate) -> Relaxation | None:
    thresholds: dict[str, float] = {}
    largest = 0.0
    for outer in candidate.hard:
        finding = outer.effective
        if finding.verdict == "PASS":
            continue
        if finding.figure.of_few and not finding.figure.exact:  # what lacks is sources
            return None
        needs = _of_panel(outer.requirement, finding) if finding.panel else _own(finding)
        if needs is None:
            return None
        for asked, needed in needs:
            thresholds[asked.name] = needed
            largest = max(largest, 100 * _lacking(asked, needed))
    return Relaxation(candidate.spec, thresholds, largest) if thresholds else None


def _own(finding: Finding) -> list[tuple[Requirement, float]] | None:
    """Return the threshold at which it would pass; None if none would do it."""
    if finding.bound is not None or finding.needed is None:
        return None
    return [(finding.requirement, finding.needed)]


def _of_panel(asked: Requirement, finding: Finding) -> list[tuple[Requirement, float]] | None:
    """Return thresholds at which every voice of the panel would hold; None if none would do it."""
    members = {member.name: member for member in asked.members}
    by_name: dict[str, tuple[Requirement, float]] = {}
    for voice in finding.voices:
        if voice.silent or voice.verdict == "PASS" or voice.clip_class in finding.scarce:
            continue
        needs = []
        for said in voice.says:
            member = members[said.requirement]
            end = said.low if member.sign > 0 else said.high
            if said.verdict != "PASS" and end is not None:
                needs.append((member, end))
        if not needs:
            return None
        if not voice.house:  # the best of them speaks
            needs = [min(needs, key=lambda pair: _lacking(*pair))]
        for member, end in needs:
            _, other = by_name.get(member.name, (member, end))
            by_name[member.name] = member, min(end, other, key=lambda value: member.sign * value)
    return list(by_name.values()) or None


def _lacking(asked: Requirement, end: float) -> float:
    return asked.sign * (asked.threshold - end) / asked.scale
