"""The verdict on one requirement: PASS, FAIL, UNDECIDED or NO EVIDENCE, with its margin.

Where rows say nothing, a mean that others state makes NO EVIDENCE into PUBLISHED ELSEWHERE.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from codecmark.analysis.aggregation import ALL
from codecmark.analysis.listeners import RATINGS
from codecmark.review.elsewhere import StatedFigure
from codecmark.review.figure import Figure
from codecmark.review.figures import Figures
from codecmark.review.finding import WORST_FIRST, Finding, Verdict
from codecmark.review.licences import is_among
from codecmark.review.requirement import Requirement
from codecmark.review.threshold import COSTS, EACH, TIMES, evidence_of
from codecmark.system.counting import counted

_STRENGTH = {"predicted": 0, "measured": 1, "subjective": 2}


def beyond(requirement: Requirement, value: float | None) -> float | None:
    """Return how far a value is beyond the threshold; None where there is none."""
    return None if value is None else requirement.sign * (value - requirement.threshold)


def look_up(figures: Figures, spec: str, requirement: Requirement) -> FiguresByClass:
    """Fetch what `judge` needs, without judging; a time with the noise of its run."""
    figures = figures.under(requirement.axes)
    name = requirement.clip_class
    classes = (figures.classes or (ALL,)) if name == EACH else (name,)
    if requirement.metric in RATINGS and not figures.asked(requirement.metric):
        classes = (ALL,)
    by_class = {
        clip_class: figures.get(
            spec, requirement.metric, clip_class, requirement.statistic, requirement.of
        )
        for clip_class in classes
    }
    if requirement.metric in TIMES and spec != requirement.of:
        by_class = {
            clip_class: with_noise(figure, figures.time_noise)
            for clip_class, figure in by_class.items()
        }
    return FiguresByClass(
        by_class,
        tuple(name for name in by_class if name in figures.scarce),
        {
            clip_class: _missing(figures, figure, requirement)
            for clip_class, figure in by_class.items()
            if figure.listeners
        },
    )


def with_noise(figure: Figure, noise: float) -> Figure:
    """Return a time with the interval in which the same calls may lie when they are timed again."""
    if figure.value is None or noise <= 1:
        return figure
    low, high = (figure.value if end is None else end for end in (figure.low, figure.high))
    return replace(figure, low=low / noise, high=high * noise)


def _missing(figures: Figures, figure: Figure, requirement: Requirement) -> str:
    """Say what would settle a rating whose interval straddles the threshold."""
    needed = figures.listeners_for(figure, abs(beyond(requirement, figure.value) or 0.0))
    if needed is None:
        return f"{counted(figure.listeners, 'listener')}; more clips would have to be heard"
    return f"{max(1, needed - figure.listeners)} more listeners than {figure.listeners} are needed"


class FiguresByClass(msgspec.Struct, frozen=True):
    """The figures that one requirement looks at, by class.

    With the classes of which the run has too few sources, and by class what more listeners could
    settle.
    """

    figures: Mapping[str, Figure]
    scarce: tuple[str, ...] = ()
    missing: Mapping[str, str] = {}


def judge(
    measured: FiguresByClass, requirement: Requirement, stand_in: Finding | None = None
) -> Finding:
    """Give the verdict; where it has to hold in each class, that of the worst class."""
    judged = {}
    for name, figure in measured.figures.items():
        finding, end = _judge_one(figure, requirement)
        if finding.verdict == "UNDECIDED" and name in measured.missing:
            finding = replace(finding, reason=f"{finding.reason}; {measured.missing[name]}")
        judged[name] = finding, end
    verdicts = {name: finding.verdict for name, (finding, _) in judged.items()}
    scarce = not_judged(verdicts, measured.scarce)
    worst = min((f for name, (f, _) in judged.items() if name not in scarce), key=_severity)
    counted = [end for name, (_, end) in judged.items() if name not in scarce]
    ends = [end for end in counted if end is not None]
    needed = None
    if len(ends) == len(counted):
        needed = min(ends, key=lambda end: requirement.sign * end)
    return replace(
        worst,
        needed=needed if needed is None or math.isfinite(needed) else None,
        stand_in=stand_in,
        classes=verdicts if requirement.clip_class == EACH or len(judged) > 1 else {},
        scarce=scarce,
    )


def not_judged(verdicts: Mapping[str, Verdict], scarce: Iterable[str]) -> tuple[str, ...]:
    """Return the classes that are left out of a verdict on several.

    Nothing can pass in a class of which the whole run has too few sources, so it says nothing of
    the codec that it is undecided there; what fails there still fails. Where no other class is left
    they all count.
    """
    left_out = tuple(name for name in scarce if verdicts.get(name) == "UNDECIDED")
    return left_out if len(left_out) < len(verdicts) else ()


def _judge_one(figure: Figure, requirement: Requirement) -> tuple[Finding, float | None]:
    """Return the finding on one figure, and the end of its interval that has to pass."""
    kind = evidence_of(requirement.metric)
    finding = Finding(requirement, "NO EVIDENCE", figure, kind, reason=figure.reason)
    value = figure.level
    if figure.text:
        fits = is_among(figure.text, requirement.among)
        return replace(finding, verdict="PASS" if fits else "FAIL", reason=""), None
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
        if figure.of_few and not figure.exact:
            return replace(finding, verdict="UNDECIDED", reason=figure.reason), safe
        return replace(finding, verdict="PASS"), safe
    if not requirement.holds(other):
        return replace(finding, verdict="FAIL"), safe
    reason = "the interval straddles the threshold"
    if requirement.metric in TIMES:
        reason = "within the noise of these times"
    elif figure.of_few:
        reason = figure.reason
    return replace(finding, verdict="UNDECIDED", reason=reason), safe


def elsewhere(finding: Finding, stated: Iterable[StatedFigure]) -> Finding:
    """Let what others state stand where nothing else is known; it passes and fails nothing."""
    if finding.verdict != "NO EVIDENCE":
        return finding
    for figure in stated:
        if figure.requirement == finding.name:
            return replace(finding, verdict="PUBLISHED ELSEWHERE", stated=figure)
    return finding


def _severity(finding: Finding) -> tuple[int, float]:
    return WORST_FIRST.index(finding.verdict), finding.reach
