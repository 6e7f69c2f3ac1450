"""From verdicts to a choice: who is feasible, who is best, what would flip it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from codecmark.analysis.summary import ALL, FIELDS_OVER_ALL
from codecmark.review.bounds import by_bound, matching
from codecmark.review.figures import Figure, Figures
from codecmark.review.requirements import (
    COSTS,
    SOFT,
    SPEECH_FIELDS,
    Option,
    Requirement,
    Requirements,
    higher_is_better,
)
from codecmark.review.verdict import Finding, Measured, judge, look_up

# best first: provisional is feasible but for what a stand-in says; open could still become so
Status = Literal["feasible", "provisional", "open", "out"]
_STATUSES: tuple[Status, ...] = ("feasible", "provisional", "open", "out")


@dataclass(frozen=True)
class Candidate:
    """One setting of one option, with a finding for each requirement.

    `preferences` are its places in the order `prefer`, smaller is better; infinite is unknown.
    """

    option: Option
    spec: str
    findings: tuple[Finding, ...]
    prefer: tuple[str, ...]
    preferences: tuple[float, ...]
    rate: Figure

    @property
    def status(self) -> Status:
        """Whether it passes every hard requirement."""
        hard = [f for f in self.findings if f.requirement.hard]
        verdicts = {f.effective.verdict for f in hard}
        if "FAIL" in verdicts:
            return "out"
        if verdicts - {"PASS"}:
            return "open"
        return "provisional" if any(f.provisional for f in hard) else "feasible"

    @property
    def can_be_chosen(self) -> bool:
        """Whether nothing hard stands against it."""
        return self.status in {"feasible", "provisional"}

    def could_displace(self, other: Candidate) -> bool:
        """Say whether it would be chosen over `other` if all that is open turned out well."""
        if self.status != "open":
            return False
        failed = sum(f.effective.verdict == "FAIL" for f in self.findings if not f.requirement.hard)
        most = failed - sum(not f.requirement.hard for f in self.findings)
        hopes = [
            float(most) if key == SOFT else -value if value == float("inf") else value
            for key, value in zip(self.prefer, self.preferences, strict=True)
        ]
        return tuple(hopes) < other.preferences

    def finding(self, name: str) -> Finding:
        """Return the finding on the requirement of that name."""
        return next(f for f in self.findings if f.requirement.name == name)


@dataclass(frozen=True)
class Flip:
    """The nearest threshold to one side at which another candidate is chosen, or none at all.

    `figure` is the one whose value or interval ends there.
    """

    requirement: Requirement
    threshold: float
    chosen: Candidate | None
    figure: Figure


@dataclass(frozen=True)
class Relaxation:
    """The smallest change of thresholds that lets one candidate pass."""

    candidate: Candidate
    thresholds: Mapping[str, float]
    largest_percent: float


@dataclass(frozen=True)
class _Entry:
    """A candidate before it is judged."""

    option: Option
    spec: str
    measured: Mapping[Requirement, Measured]
    values: Mapping[str, float]


class Field:
    """Every candidate with its figures, so that thresholds can be moved without new look-ups."""

    def __init__(self, requirements: Requirements, figures: Figures) -> None:
        self.requirements = requirements
        self.figures = figures
        self._entries: list[_Entry] = []
        wanted = [*requirements.requirements]
        wanted += [r.stand_in for r in requirements.requirements if r.stand_in is not None]
        for option in requirements.options:
            for spec in matching(option.specs, figures.specs):
                measured = {one: look_up(figures, spec, one) for one in wanted}
                values = {key: self._preference(spec, key) for key in requirements.prefer}
                self._entries.append(_Entry(option, spec, measured, values))

    def candidates(self) -> list[Candidate]:
        """Judge everyone."""
        return [self._judged(entry) for entry in self._entries]

    def flips(self, requirement: Requirement, chosen: Candidate | None) -> tuple[Flip, ...]:
        """Return the nearest lower and the nearest higher threshold that change the choice.

        The ends of the candidates' intervals are the only thresholds at which a verdict changes,
        and who fails another hard requirement is not chosen at any.
        """
        entries = [one for one in self._entries if self._passes_all_but(one, requirement)]
        ends = {
            end: figure
            for entry in entries
            for figure in entry.measured[requirement].figures
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
        for step in (-1, 1):
            for threshold, figure in steps[::step]:
                if step * (threshold - requirement.threshold) <= 0:
                    continue
                moved = {requirement: replace(requirement, threshold=threshold)}
                other = best(self._judged(entry, moved) for entry in entries)
                if (other and other.spec) != (chosen and chosen.spec):
                    found.append(Flip(requirement, threshold, other, figure))
                    break
        return tuple(found)

    def _judged(
        self, entry: _Entry, moved: Mapping[Requirement, Requirement] | None = None
    ) -> Candidate:
        """Judge one; `moved` puts other requirements in the place of some."""
        moved = moved or {}
        findings = []
        for one in self.requirements.requirements:
            stand_in = None
            if one.stand_in is not None:
                standing = moved.get(one.stand_in, one.stand_in)
                stand_in = judge(entry.measured[one.stand_in], standing)
            finding = judge(entry.measured[one], moved.get(one, one), stand_in)
            findings.append(by_bound(finding, entry.option, self.figures))
        passed = sum(f.effective.verdict == "PASS" for f in findings if not f.requirement.hard)
        order = tuple(-passed if key == SOFT else entry.values[key] for key in entry.values)
        rate = self.total(entry.spec, "bitrate_kbps")
        prefer = self.requirements.prefer
        return Candidate(entry.option, entry.spec, tuple(findings), prefer, order, rate)

    def _passes_all_but(self, entry: _Entry, requirement: Requirement) -> bool:
        return all(
            finding.effective.verdict == "PASS"
            for finding in self._judged(entry).findings
            if finding.requirement.hard
            and requirement not in {finding.requirement, finding.requirement.stand_in}
        )

    def _preference(self, spec: str, key: str) -> float:
        if key == SOFT:
            return 0.0
        values = [self._of_class(spec, key, name).value for name in self._classes(key)]
        known = [value for value in values if value is not None]
        if not known or len(known) < len(values):
            return float("inf")
        if key == "bitrate_kbps":  # to one per cent: less is no reason to choose
            return float(round(100 * math.log(known[0]))) if known[0] > 0 else -math.inf
        return -min(known) if higher_is_better(key) else max(known)

    def _classes(self, metric: str) -> tuple[str, ...]:
        """Return the classes of clips whose worst figure counts."""
        if metric in (*COSTS, *FIELDS_OVER_ALL):
            return (ALL,)
        return ("speech",) if metric in SPEECH_FIELDS else self.figures.classes

    def total(self, spec: str, metric: str) -> Figure:
        """Return a metric's mean or total over all clips."""
        return self._of_class(spec, metric, ALL)

    def _of_class(self, spec: str, metric: str, clip_class: str) -> Figure:
        return self.figures.get(spec, Requirement("", metric, ">", 1.0), clip_class)


def ordered(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Sort best first: by status, then as `prefer` says, then by name.

    Those that are out are sorted by how little they lack.
    """
    return sorted(
        candidates,
        key=lambda c: (
            _STATUSES.index(c.status),
            shortfall(c) if c.status == "out" else 0.0,
            c.preferences,
            math.inf if c.rate.value is None else c.rate.value,
            c.spec,
        ),
    )


def best(candidates: Iterable[Candidate]) -> Candidate | None:
    """Return the one to recommend, or None if nobody passes."""
    return next((c for c in ordered(candidates) if c.can_be_chosen), None)


def shortfall(candidate: Candidate) -> float:
    """Return what is lacking for the hard requirements: the largest, in per cent of a threshold.

    What a bound or the rows fail is counted; what has no evidence is not.
    """
    hard = (f.effective for f in candidate.findings if f.requirement.hard)
    lacking = [
        100 * -f.safe_margin / abs(f.requirement.threshold)
        for f in hard
        if f.verdict == "FAIL" and f.safe_margin is not None
    ]
    return max(lacking, default=0.0)


def relaxation(candidates: Sequence[Candidate]) -> Relaxation | None:
    """Return the smallest relaxation that makes a candidate pass; None if no threshold would."""
    found = [one for c in candidates if (one := _relaxed(c)) is not None]
    return min(
        found,
        key=lambda one: (one.largest_percent, len(one.thresholds), one.candidate.preferences),
        default=None,
    )


def _relaxed(candidate: Candidate) -> Relaxation | None:
    thresholds = {}
    largest = 0.0
    for finding in (f.effective for f in candidate.findings if f.requirement.hard):
        if finding.verdict == "PASS":
            continue
        asked, needed = finding.requirement, finding.needed
        if needed is None or finding.disputed or finding.bound:
            return None
        thresholds[asked.name] = needed
        lacking = asked.sign * (asked.threshold - needed)
        largest = max(largest, 100 * lacking / abs(asked.threshold))
    return Relaxation(candidate, thresholds, largest) if thresholds else None
