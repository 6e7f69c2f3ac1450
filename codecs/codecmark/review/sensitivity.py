"""What would change the choice: thresholds that flip it, and the smallest relaxation."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from codecmark.review.choice import Candidate, Ranked, best
from codecmark.review.field import Entry, Field
from codecmark.review.figures import Figure
from codecmark.review.requirements import Requirement
from codecmark.review.verdict import Finding


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

    The ends of the candidates' intervals are the only thresholds at which a verdict changes,
    and who fails another hard requirement is not chosen at any.

    Parameters
    ----------
    requirement : Requirement
        One of the field's, or a stand-in.
    """
    findings = {spec: field.findings(field.entries[spec]) for spec in field.offered}
    findings = {
        spec: found for spec, found in findings.items() if _passes_others(found, requirement)
    }
    entries = [field.entries[spec] for spec in findings]
    ends = {
        end: figure
        for entry in entries
        for figure in entry.measured[requirement].figures.values()
        for end in (figure.low, figure.high, figure.value)
        if end is not None and math.isfinite(end)
    }
    nudge = 1e-9 * abs(requirement.threshold)
    steps = [
        (end + side, figure)
        for end, figure in sorted(ends.items(), key=lambda pair: pair[0])
        for side in (-nudge, nudge)
    ]
    found = []
    current = None if chosen is None else chosen.candidate.spec
    for step in (-1, 1):
        for threshold, figure in steps[::step]:
            if step * (threshold - requirement.threshold) <= 0:
                continue
            moved = replace(requirement, threshold=threshold)
            other = best(
                field.ranked(entry.spec, _moved(field, entry, findings, requirement, moved))
                for entry in entries
            )
            spec = None if other is None else other.candidate.spec
            if spec != current:
                found.append(Flip(threshold, spec, figure))
                break
    return tuple(found)


def _moved(
    field: Field,
    entry: Entry,
    findings: Mapping[str, tuple[Finding, ...]],
    requirement: Requirement,
    moved: Requirement,
) -> tuple[Finding, ...]:
    """Judge again what the moved requirement, or stand-in, decides; keep the other findings."""
    return tuple(
        field.finding(entry, own, moved)
        if own == requirement
        else field.finding(entry, own, own, moved)
        if own.stand_in == requirement
        else kept
        for own, kept in zip(field.requirements.requirements, findings[entry.spec], strict=True)
    )


def _passes_others(findings: tuple[Finding, ...], requirement: Requirement) -> bool:
    return all(
        finding.effective.verdict == "PASS"
        for finding in findings
        if finding.requirement.hard
        and requirement not in (finding.requirement, finding.requirement.stand_in)
    )


def relaxation(candidates: list[Ranked]) -> Relaxation | None:
    """Return the smallest relaxation that makes a candidate pass; None if no threshold would."""
    found = [
        (relaxed, one.preferences)
        for one in candidates
        if (relaxed := _relaxed(one.candidate)) is not None
    ]
    smallest = min(
        found,
        key=lambda pair: (pair[0].largest_percent, len(pair[0].thresholds), pair[1]),
        default=None,
    )
    return None if smallest is None else smallest[0]


def _relaxed(candidate: Candidate) -> Relaxation | None:
    thresholds = {}
    largest = 0.0
    for finding in (finding.effective for finding in candidate.hard):
        if finding.verdict == "PASS":
            continue
        asked, needed = finding.requirement, finding.needed
        if needed is None or finding.disputed or finding.bound:
            return None
        thresholds[asked.name] = needed
        lacking = asked.sign * (asked.threshold - needed)
        largest = max(largest, 100 * lacking / abs(asked.threshold))
    return Relaxation(candidate.spec, thresholds, largest) if thresholds else None
