"""What could prove a recommendation wrong, found in the rows and never left to the author."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from codecmark.review import panel_text, wording
from codecmark.review.choice import Candidate
from codecmark.review.field import Field
from codecmark.review.figure import Figure
from codecmark.review.finding import MOST_CERTAIN, Finding
from codecmark.review.missed import by_clip
from codecmark.review.panel import Panel
from codecmark.review.threshold import EACH
from codecmark.review.unasked import asks_for_quality
from codecmark.system.counting import counted


class Risk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence, and the figure that it rests on."""

    text: str
    figure: Figure


def risks(recommended: Candidate | None, field: Field) -> tuple[Risk, ...]:
    """Return what could prove the recommendation wrong, the largest first.

    First quality that is only wished for and not had, then what rests on a stand-in, then clips
    that miss what the mean passes, the furthest first, then the margins, the narrowest for its
    uncertainty first.
    """
    if recommended is None:
        return ()
    hard = recommended.hard
    of_quality = [f for f in recommended.findings if asks_for_quality(f.requirement)]
    is_asked = any(f.requirement.hard for f in of_quality)
    unasked = [] if is_asked else [f.effective for f in of_quality]
    by_margin = sorted((f.effective for f in hard), key=_spare)
    return (
        *(Risk(_not_asked(f), f.figure) for f in unasked if f.verdict != "PASS"),
        *(Risk(_not_heard(f), f.effective.figure) for f in hard if f.provisional),
        *_missed_on_clips([f.effective for f in hard], field),
        *(Risk(_margin(f), f.figure) for f in by_margin if f.safe_margin is not None),
    )


def _not_asked(finding: Finding) -> str:
    """Say of quality that no hard requirement asks for what is known of it."""
    who = f": {panel_text.in_short(finding)}" if finding.panel and finding.voices else ""
    return f"no hard requirement asks how it sounds, and {finding.name} is {finding.verdict}{who}"


def _not_heard(finding: Finding) -> str:
    asked, stand_in = finding.requirement, finding.effective
    who = (
        panel_text.in_short(stand_in)
        if stand_in.panel
        else wording.label(stand_in.requirement.metric)
    )
    text = f"{asked.name} is predicted, not heard: no listening test stands behind it, only {who}"
    if stand_in.safe_margin is not None:
        what = Panel.label_of(stand_in.requirement.name) if stand_in.panel else "its interval"
        text += (
            f"; {what} clears {wording.threshold(stand_in.requirement)} by "
            f"{wording.amount(stand_in.safe_margin, stand_in.requirement)} at the near end on "
            f"{stand_in.figure.clip_class} ({_sample(stand_in)})"
        )
    return text


def _missed_on_clips(findings: Sequence[Finding], field: Field) -> list[Risk]:
    by_lack = [pair for f in findings if (pair := _missing_clips(f, field)) is not None]
    return [risk for _, risk in sorted(by_lack, key=lambda pair: -pair[0])]


def _missing_clips(finding: Finding, field: Field) -> tuple[float, Risk] | None:
    """Say which clips miss what the mean passes, and by what part of the threshold the worst."""
    asked = finding.requirement
    spec = finding.figure.spec
    figures = field.figures.under(asked.axes)
    classes = figures.classes if asked.clip_class == EACH else (asked.clip_class,)
    if finding.panel:
        classes = (finding.figure.clip_class,)
    clips = by_clip(field.figures, spec, asked, classes)
    values, below = clips.values, clips.below
    if not below:
        return None
    worst = min(below, key=lambda clip: (asked.sign * values[clip], clip))
    lacking = abs(values[worst] - asked.threshold) / asked.scale
    text = (
        f"{asked.name} holds for the {asked.statistic}, not for every clip: "
        f"{len(below)} of {len(values)} miss it, the worst with "
        f"{wording.amount(values[worst], asked)} ({worst})"
    )
    owner = next(name for name, of_class in clips.by_class.items() if worst in of_class)
    return lacking, Risk(text, figures.get(spec, asked.metric, owner, asked.statistic, asked.of))


def _margin(finding: Finding) -> str:
    asked = finding.requirement
    return (
        f"{_what(finding)} clears "
        f"{wording.threshold(asked)} by {wording.amount(finding.margin or 0.0, asked)}, "
        f"{_half_intervals(finding)}"
    )


def _what(finding: Finding) -> str:
    label = Panel.label_of(finding.requirement.name) if finding.panel else finding.name
    in_classes = finding.requirement.clip_class == EACH or finding.classes
    return f"{label} on {finding.figure.clip_class}" if in_classes else label


def _half_intervals(finding: Finding) -> str:
    """Say how much that is for what is uncertain of it, as the picks are ordered."""
    spare = _spare(finding)
    if math.isinf(spare):
        return "without an interval"
    if spare > MOST_CERTAIN:
        return f"more than {MOST_CERTAIN:g} half intervals"
    return f"{spare:.2f} half intervals"


def _spare(finding: Finding) -> float:
    """Return the margin in half intervals, beyond where the order of the picks stops to count."""
    margin, safe = finding.margin, finding.safe_margin
    if margin is None or safe is None or margin == safe:
        return math.inf
    return margin / (margin - safe)


def _sample(finding: Finding) -> str:
    n, n_sources = finding.figure.n, finding.figure.n_sources
    return f"{counted(n, 'clip')} of {counted(n_sources, 'source')}"
