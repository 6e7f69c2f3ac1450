"""The verdict on one requirement: PASS, FAIL, UNDECIDED or NO EVIDENCE, with its margin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from codecmark.analysis.verdicts import DISPUTED_BEYOND
from codecmark.metrics.table import VISQOL_FIELD
from codecmark.review.figures import Figure, Figures
from codecmark.review.requirements import (
    COSTS,
    EACH,
    MOS,
    Bound,
    Requirement,
    evidence_of,
)

Verdict = Literal["PASS", "FAIL", "UNDECIDED", "NO EVIDENCE"]
WORST_FIRST: tuple[Verdict, ...] = ("FAIL", "NO EVIDENCE", "UNDECIDED", "PASS")
_STRENGTH = {"predicted": 0, "measured": 1, "subjective": 2}


@dataclass(frozen=True)
class Finding:
    """What is known of one codec and one requirement.

    Attributes
    ----------
    requirement : Requirement
    verdict : {"PASS", "FAIL", "UNDECIDED", "NO EVIDENCE"}
    figure : Figure
        What decided; where it has to hold in each class, the class with the smallest margin.
    safe : float or None
        The end of the interval that has to clear the threshold; the value where there is none.
    margin, safe_margin : float or None
        Value and `safe` beyond the threshold, in the metric's unit; negative where they miss it.
    reason : str
        Why it is UNDECIDED or has NO EVIDENCE; in a FAIL by a bound, why nothing can be better.
    bound : Bound or None
        Set where no row decided but a bound did.
    needed : float or None
        The threshold at which every class would pass; `safe` where there is one class.
    stand_in : Finding or None
        The finding on the requirement's stand-in, where it has one.
    disputed : bool
        PESQ puts the same speech far below ViSQOL.
    witness, n_witnesses : Figure or None, int
        Of a bound that is a number: the best of the measured settings that it has to hold for.
    """

    requirement: Requirement
    verdict: Verdict
    figure: Figure
    safe: float | None = None
    reason: str = ""
    bound: Bound | None = None
    needed: float | None = None
    stand_in: Finding | None = None
    disputed: bool = False
    witness: Figure | None = None
    n_witnesses: int = 0

    @property
    def margin(self) -> float | None:
        """How far the value is beyond the threshold."""
        return self._beyond(self.figure.value)

    @property
    def safe_margin(self) -> float | None:
        """How far the nearer end of the interval is beyond the threshold."""
        return self._beyond(self.safe)

    @property
    def effective(self) -> Finding:
        """The finding that decides: the stand-in's where this one has no evidence."""
        if self.verdict == "NO EVIDENCE" and self.stand_in is not None:
            return self.stand_in
        return self

    @property
    def provisional(self) -> bool:
        """Whether a stand-in decides."""
        return self.effective is not self

    def _beyond(self, value: float | None) -> float | None:
        if value is None:
            return None
        return self.requirement.sign * (value - self.requirement.threshold)


@dataclass(frozen=True)
class Measured:
    """The figures that one requirement looks at: one a class, and which of them PESQ disputes."""

    figures: tuple[Figure, ...]
    disputed_by: str = ""


def look_up(figures: Figures, spec: str, requirement: Requirement) -> Measured:
    """Fetch what `judge` needs, without judging."""
    name = requirement.clip_class
    classes = (figures.classes or ("all",)) if name == EACH else (name,)
    if requirement.metric == MOS:
        classes = ("all",)
    found = tuple(figures.get(spec, requirement, clip_class) for clip_class in classes)
    return Measured(found, disputed_by(figures, spec) if requirement.metric == VISQOL_FIELD else "")


def disputed_by(figures: Figures, spec: str) -> str:
    """Say by what PESQ contradicts ViSQOL on speech; empty where it does not."""
    if "speech" not in figures.classes:
        return ""
    visqol, pesq = (
        figures.get(spec, Requirement("", metric, ">", 1.0), "speech").value
        for metric in (VISQOL_FIELD, "pesq_wb")
    )
    if visqol is None or pesq is None or visqol - pesq <= DISPUTED_BEYOND:
        return ""
    return f"disputed: on speech PESQ-WB says {pesq:.2f} where ViSQOL says {visqol:.2f}"


def judge(measured: Measured, requirement: Requirement, stand_in: Finding | None = None) -> Finding:
    """Give the verdict; where it has to hold in each class, that of the worst class."""
    found = [_judge_one(figure, requirement) for figure in measured.figures]
    worst = min(found, key=_severity)
    if worst.verdict == "PASS" and measured.disputed_by:
        worst = replace(worst, verdict="UNDECIDED", reason=measured.disputed_by, disputed=True)
    ends = [one.safe for one in found if one.safe is not None]
    needed = None
    if len(ends) == len(found):
        needed = min(ends, key=lambda end: requirement.sign * end)
    return replace(worst, needed=needed, stand_in=stand_in)


def _judge_one(figure: Figure, requirement: Requirement) -> Finding:
    kind = evidence_of(requirement.metric)
    if figure.value is None:
        return Finding(requirement, "NO EVIDENCE", figure, reason=figure.reason)
    if _STRENGTH[kind] < _STRENGTH[requirement.evidence]:
        reason = f"{kind} only, where {requirement.evidence} is asked for"
        return Finding(requirement, "NO EVIDENCE", figure, reason=reason)
    value, sign = figure.value, requirement.sign
    low, high = figure.low, figure.high
    if low is None or high is None:
        # clips of one source vary in quality in ways that others would not; costs hardly do
        needs_interval = requirement.statistic in {"mean", "median"} and value != float("inf")
        if needs_interval and requirement.metric not in COSTS:
            return Finding(requirement, "UNDECIDED", figure, reason=figure.reason)
        verdict: Verdict = "PASS" if requirement.holds(value) else "FAIL"
        return Finding(requirement, verdict, figure, value)
    safe, other = (low, high) if sign > 0 else (high, low)
    if requirement.holds(safe):
        return Finding(requirement, "PASS", figure, safe)
    if not requirement.holds(other):
        return Finding(requirement, "FAIL", figure, safe)
    return Finding(requirement, "UNDECIDED", figure, safe, "the interval straddles the threshold")


def _severity(finding: Finding) -> tuple[int, float]:
    margin = finding.safe_margin
    return WORST_FIRST.index(finding.verdict), float("-inf") if margin is None else margin
