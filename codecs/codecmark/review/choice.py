"""From verdicts to a choice: who is feasible, and who is best."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from codecmark.review.figure import Figure
from codecmark.review.finding import MOST_CERTAIN, Finding
from codecmark.review.requirements import MARGIN, SOFT

# best first: provisional is feasible but for what a stand-in says; open could still become so
Status = Literal["feasible", "provisional", "open", "out"]
_STATUSES: tuple[Status, ...] = ("feasible", "provisional", "open", "out")


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One spec, judged: a finding for each requirement, in their order.

    Attributes
    ----------
    spec : str
    status : {"feasible", "provisional", "open", "out"}
        It passes every hard requirement; does so by a stand-in; lacks evidence; fails one.
    findings : tuple of Finding
    rate : Figure
        Its bitrate.
    """

    spec: str
    status: Status
    findings: tuple[Finding, ...]
    rate: Figure

    @property
    def can_be_chosen(self) -> bool:
        """Whether nothing hard stands against it."""
        return self.status in {"feasible", "provisional"}

    @property
    def rests_on_published(self) -> bool:
        """Whether published sound decides anything: its clips were chosen by others."""
        return any(one.effective.figure.origin == "replayed" for one in self.findings)

    @property
    def is_measured(self) -> bool:
        """Whether these rows have something to say of each hard requirement."""
        unknown = {"NO EVIDENCE", "PUBLISHED ELSEWHERE"}
        verdicts = {one.effective.verdict for one in self.hard}
        return not self.rests_on_published and not verdicts & unknown

    @property
    def hard(self) -> tuple[Finding, ...]:
        """The findings on hard requirements."""
        return tuple(finding for finding in self.findings if finding.requirement.hard)

    def finding(self, name: str) -> Finding:
        """Return the finding on the requirement, the stand-in or the panel of that name."""
        stand_ins = (f.stand_in for f in self.findings if f.stand_in is not None)
        return next(f for f in (*self.findings, *stand_ins) if f.name == name)

    @property
    def narrowest(self) -> Finding:
        """The finding that has the smallest margin for its uncertainty, of the hard ones if any."""
        return min((f.effective for f in self.hard or self.findings), key=lambda f: f.certainty)


def status_of(findings: Sequence[Finding]) -> Status:
    """Say whether findings pass every hard requirement."""
    hard = [finding for finding in findings if finding.requirement.hard]
    verdicts = {finding.effective.verdict for finding in hard}
    if "FAIL" in verdicts:
        return "out"
    if verdicts - {"PASS"}:
        return "open"
    return "provisional" if any(finding.provisional for finding in hard) else "feasible"


@dataclass(frozen=True)
class Ranked:
    """A candidate and its places in the order `prefer`; smaller is better, infinite is unknown."""

    candidate: Candidate
    prefer: tuple[str, ...]
    preferences: tuple[float, ...]

    def could_displace(self, other: Ranked) -> bool:
        """Say whether it would be chosen over `other` if all that is open turned out well.

        What was measured keeps the margin that it has.
        """
        if self.candidate.status != "open":
            return False
        soft = [f for f in self.candidate.findings if not f.requirement.hard]
        fewest = sum(f.effective.verdict == "FAIL" for f in soft) - len(soft)
        best_case = {SOFT: float(fewest)}
        if not self.candidate.is_measured:
            best_case[MARGIN] = -MOST_CERTAIN
        hopes = [
            best_case.get(key, -value if value == math.inf else value)
            for key, value in zip(self.prefer, self.preferences, strict=True)
        ]
        return tuple(hopes) < other.preferences


def ordered(candidates: Iterable[Ranked]) -> list[Ranked]:
    """Sort best first: by status, then as `prefer` says, then by name.

    Those that are out are sorted by how little they lack, those that are open by how little
    evidence they lack.
    """
    return sorted(candidates, key=_place)


def best(candidates: Iterable[Ranked]) -> Ranked | None:
    """Return the one to recommend, or None if nobody passes."""
    passing = (one for one in candidates if one.candidate.can_be_chosen)
    return min(passing, key=_place, default=None)


def _place(ranked: Ranked) -> tuple[int, float, tuple[float, ...], float, str]:
    candidate = ranked.candidate
    rate = candidate.rate.value
    return (
        _STATUSES.index(candidate.status),
        _lacking(candidate),
        ranked.preferences,
        math.inf if rate is None else rate,
        candidate.spec,
    )


def _lacking(candidate: Candidate) -> float:
    if candidate.status == "out":
        return shortfall([finding.effective for finding in candidate.hard])
    if candidate.status != "open":
        return 0.0
    verdicts = [finding.effective.verdict for finding in candidate.hard]
    return verdicts.count("NO EVIDENCE") + verdicts.count("PUBLISHED ELSEWHERE") / 2


def smallest_margin(findings: Iterable[Finding]) -> float:
    """Return the smallest margin over the hard requirements, in units of its uncertainty.

    To a tenth: less is no reason to choose.
    """
    hard = [finding.effective for finding in findings if finding.requirement.hard]
    return round(min((finding.certainty for finding in hard), default=MOST_CERTAIN), 1)


def shortfall(findings: Iterable[Finding]) -> float:
    """Return what is lacking for the hard requirements: the largest, in per cent of a threshold.

    What a bound or the rows fail is counted; what has no evidence is not.
    """
    lacking = [
        100 * -finding.safe_margin / finding.requirement.scale
        for finding in findings
        if finding.verdict == "FAIL" and finding.safe_margin is not None
    ]
    return max(lacking, default=0.0)
