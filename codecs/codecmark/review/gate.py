"""The same requirements as a gate: does what was settled on still pass?"""

from __future__ import annotations

from dataclasses import dataclass

from codecmark.errors import InputError
from codecmark.review import panel_text, wording
from codecmark.review.choice import Candidate
from codecmark.review.decision import Decision
from codecmark.review.panel import Panel

_DECIDED = ("PASS", "FAIL")


@dataclass(frozen=True)
class Gate:
    """Whether it is passed, and a line for each requirement."""

    passed: bool
    lines: tuple[str, ...]


def gate(decision: Decision) -> Gate:
    """Check the accepted spec, or without one whatever these rows recommend.

    Closed unless shown otherwise: UNDECIDED and NO EVIDENCE on a hard requirement do not pass.

    Raises
    ------
    InputError
        If the accepted spec is neither in the rows nor in an option.
    """
    accepted = decision.requirements.accepted
    watched = decision.chosen
    if accepted is not None:
        watched = decision.candidates.get(accepted)
        if watched is None:
            raise InputError(f"accepted: no rows of {accepted!r}, and no option names it")
    if watched is None:
        return Gate(False, ("no option passes every hard requirement", *_nearest(decision)))
    verdict = "passed" if watched.can_be_chosen else "failed"
    return Gate(watched.can_be_chosen, (f"{watched.spec}: {verdict}", *_lines(watched)))


def _nearest(decision: Decision) -> list[str]:
    """Return what keeps the setting from passing that fails the fewest hard requirements.

    One that nothing is known of is near to nothing, unless nothing is known of any.
    """
    offered = [one for outcome in decision.outcomes for one in outcome.candidates]
    if not offered:
        return []
    nearest = min(offered, key=_missed)
    return [f"nearest is {nearest.spec}:", *_lines(nearest)]


def _missed(candidate: Candidate) -> tuple[bool, int, int]:
    """Return whether nothing is known, how many hard requirements fail, how many do not pass."""
    verdicts = [
        finding.effective.verdict
        for finding in candidate.findings
        if finding.requirement.hard and finding.effective.verdict != "PASS"
    ]
    known = any(finding.effective.figure.is_known for finding in candidate.hard)
    return not known, verdicts.count("FAIL"), len(verdicts)


def _lines(candidate: Candidate) -> list[str]:
    lines = []
    for finding in candidate.findings:
        shown = finding.effective
        asked = shown.requirement
        name = finding.requirement.name
        if finding.provisional:
            name += f" by {shown.name}"
        margin = wording.margin(shown.margin, asked.metric)
        label = f"{Panel.label_of(asked.name)} " if shown.panel else ""
        if not shown.figure.is_known:
            detail = shown.reason
        else:
            detail = f"{label}{wording.figure(shown.figure)} asked {wording.threshold(asked)}"
            detail += "" if shown.figure.text else f", margin {margin}"
        if shown.reason and shown.figure.level is not None and shown.verdict not in _DECIDED:
            detail += f"; {shown.reason}"
        if shown.panel and shown.voices:
            detail += f" ({panel_text.in_short(shown)})"
        kind = "hard" if finding.requirement.hard else "soft"
        lines.append(f"  {shown.verdict}: {name} ({kind}): {detail}")
    return lines
