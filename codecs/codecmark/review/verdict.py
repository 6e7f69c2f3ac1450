"""The verdict on one requirement: PASS, FAIL, UNDECIDED or NO EVIDENCE, with its margin.

Where rows say nothing, a mean that others state makes NO EVIDENCE into PUBLISHED ELSEWHERE.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec
from msgspec.structs import replace

from codecmark.analysis.aggregation import ALL
from codecmark.analysis.listeners import RATINGS
from codecmark.metrics.table import VISQOL_FIELD
from codecmark.review.elsewhere import StatedFigure
from codecmark.review.figures import Figure, Figures
from codecmark.review.requirements import (
    COSTS,
    EACH,
    Bound,
    Evidence,
    Requirement,
    evidence_of,
)

Verdict = Literal["PASS", "FAIL", "UNDECIDED", "PUBLISHED ELSEWHERE", "NO EVIDENCE"]
WORST_FIRST: tuple[Verdict, ...] = (
    "FAIL", "NO EVIDENCE", "PUBLISHED ELSEWHERE", "UNDECIDED", "PASS",
)  # fmt: skip
DISPUTED_BEYOND = 1.5  # points of MOS-LQO between two predictors on the same speech
_STRENGTH = {"predicted": 0, "measured": 1, "subjective": 2}


class Finding(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is known of one codec and one requirement.

    Attributes
    ----------
    requirement : Requirement
        What was asked.
    verdict : {"PASS", "FAIL", "UNDECIDED", "PUBLISHED ELSEWHERE", "NO EVIDENCE"}
    figure : Figure
        What decided; where it has to hold in each class, the class with the smallest margin.
    evidence : {"measured", "predicted", "subjective"}
        What kind of figure it is.
    margin, safe_margin : float or None
        Value, and the end of the interval that has to clear the threshold, beyond the threshold,
        in the metric's unit; negative where they miss it. None for an exact copy, and where there
        is no value.
    classes : dict
        Where it was judged in each class of clips: the verdict on each.
    reason : str
        Why it is UNDECIDED or has NO EVIDENCE; in a FAIL by a bound, why nothing can be better.
    bound : Bound or None
        Set where no row decided but a bound did.
    needed : float or None
        The threshold at which every class would pass; None where no finite one is known.
    stand_in : Finding or None
        The finding on the requirement's stand-in, where it has one.
    disputed : bool
        PESQ puts the same speech far below ViSQOL.
    witness, n_witnesses : Figure or None, int
        Of a bound that is a number: the best of the measured settings that it has to hold for.
    stated : StatedFigure or None
        Where the verdict is PUBLISHED ELSEWHERE: what was stated.
    """

    requirement: Requirement
    verdict: Verdict
    figure: Figure
    evidence: Evidence
    margin: float | None = None
    safe_margin: float | None = None
    classes: dict[str, Verdict] = {}
    reason: str = ""
    bound: Bound | None = None
    needed: float | None = None
    stand_in: Finding | None = None
    disputed: bool = False
    witness: Figure | None = None
    n_witnesses: int = 0
    stated: StatedFigure | None = None

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

    @property
    def reach(self) -> float:
        """`safe_margin` to sort by: infinite for an exact copy, minus infinity without one."""
        if self.safe_margin is not None:
            return self.safe_margin
        return math.inf if self.figure.exact else -math.inf


def beyond(requirement: Requirement, value: float | None) -> float | None:
    """Return how far a value is beyond the threshold; None where there is none."""
    return None if value is None else requirement.sign * (value - requirement.threshold)


def look_up(figures: Figures, spec: str, requirement: Requirement) -> FiguresByClass:
    """Fetch what `judge` needs, without judging."""
    name = requirement.clip_class
    classes = (figures.classes or (ALL,)) if name == EACH else (name,)
    if requirement.metric in RATINGS and not figures.asked(requirement.metric):
        classes = (ALL,)
    found = {
        clip_class: figures.get(spec, requirement.metric, clip_class, requirement.statistic)
        for clip_class in classes
    }
    speech = requirement.metric == VISQOL_FIELD and "speech" in found
    return FiguresByClass(
        found,
        disputed_by(figures, spec) if speech else "",
        {
            clip_class: _missing(figures, figure, requirement)
            for clip_class, figure in found.items()
            if figure.listeners
        },
    )


def _missing(figures: Figures, figure: Figure, requirement: Requirement) -> str:
    """Say what would settle a rating whose interval straddles the threshold."""
    needed = figures.listeners_for(figure, abs(beyond(requirement, figure.value) or 0.0))
    if needed is None:
        return f"{figure.listeners} listeners; more clips would have to be heard"
    return f"{max(1, needed - figure.listeners)} more listeners than {figure.listeners} are needed"


class FiguresByClass(msgspec.Struct, frozen=True):
    """The figures that one requirement looks at, by class.

    By what PESQ disputes that of speech; and by class what more listeners could settle.
    """

    figures: Mapping[str, Figure]
    disputed_by: str = ""
    missing: Mapping[str, str] = {}


def disputed_by(figures: Figures, spec: str) -> str:
    """Say by what PESQ contradicts ViSQOL on speech; empty where it does not."""
    if "speech" not in figures.classes:
        return ""
    return dispute(*(figures.get(spec, name, "speech").value for name in (VISQOL_FIELD, "pesq_wb")))


def dispute(visqol: float | None, pesq: float | None) -> str:
    """Say by what PESQ contradicts ViSQOL on the same speech; empty where it does not."""
    if visqol is None or pesq is None or visqol - pesq <= DISPUTED_BEYOND:
        return ""
    return f"disputed: on speech PESQ-WB says {pesq:.2f} where ViSQOL says {visqol:.2f}"


def judge(
    measured: FiguresByClass, requirement: Requirement, stand_in: Finding | None = None
) -> Finding:
    """Give the verdict; where it has to hold in each class, that of the worst class."""
    found = {}
    for name, figure in measured.figures.items():
        finding, end = _judge_one(figure, requirement)
        if name == "speech" and finding.verdict == "PASS" and measured.disputed_by:
            finding = replace(
                finding, verdict="UNDECIDED", reason=measured.disputed_by, disputed=True
            )
        if finding.verdict == "UNDECIDED" and name in measured.missing:
            finding = replace(finding, reason=f"{finding.reason}; {measured.missing[name]}")
        found[name] = finding, end
    worst = min((finding for finding, _ in found.values()), key=_severity)
    ends = [end for _, end in found.values() if end is not None]
    needed = None
    if len(ends) == len(found):
        needed = min(ends, key=lambda end: requirement.sign * end)
    return replace(
        worst,
        needed=needed if needed is None or math.isfinite(needed) else None,
        stand_in=stand_in,
        classes={name: finding.verdict for name, (finding, _) in found.items()}
        if requirement.clip_class == EACH or len(found) > 1
        else {},
    )


def _judge_one(figure: Figure, requirement: Requirement) -> tuple[Finding, float | None]:
    """Return the finding on one figure, and the end of its interval that has to pass."""
    kind = evidence_of(requirement.metric)
    finding = Finding(requirement, "NO EVIDENCE", figure, kind, reason=figure.reason)
    value = figure.level
    if value is None:
        return finding, None
    if _STRENGTH[kind] < _STRENGTH[requirement.evidence]:
        reason = f"{kind} only, where {requirement.evidence} is asked for"
        margin = beyond(requirement, figure.value)
        return replace(finding, reason=reason, margin=margin), None
    low, high = figure.low, figure.high
    margin = beyond(requirement, figure.value)
    if figure.at_most:
        fails = high is not None and not requirement.holds(high)
        finding = replace(finding, verdict="FAIL" if fails else "UNDECIDED", margin=margin)
        return replace(finding, safe_margin=beyond(requirement, high)), None
    if low is None or high is None:
        # clips of one source vary in quality in ways that others would not; costs hardly do
        needs_interval = requirement.statistic in {"mean", "median"} and not figure.exact
        if needs_interval and requirement.metric not in COSTS:
            return replace(finding, verdict="UNDECIDED", margin=margin), None
        verdict: Verdict = "PASS" if requirement.holds(value) else "FAIL"
        return replace(
            finding, verdict=verdict, reason="", margin=margin, safe_margin=margin
        ), value
    safe, other = (low, high) if requirement.sign > 0 else (high, low)
    finding = replace(finding, reason="", margin=margin, safe_margin=beyond(requirement, safe))
    if requirement.holds(safe):
        return replace(finding, verdict="PASS"), safe
    if not requirement.holds(other):
        return replace(finding, verdict="FAIL"), safe
    reason = "the interval straddles the threshold"
    return replace(finding, verdict="UNDECIDED", reason=reason), safe


def elsewhere(finding: Finding, stated: Iterable[StatedFigure]) -> Finding:
    """Let what others state stand where nothing else is known; it passes and fails nothing."""
    if finding.verdict != "NO EVIDENCE":
        return finding
    asked = finding.requirement
    for one in stated:
        if one.requirement == asked.name:
            return replace(finding, verdict="PUBLISHED ELSEWHERE", stated=one)
    return finding


def _severity(finding: Finding) -> tuple[int, float]:
    return WORST_FIRST.index(finding.verdict), finding.reach
