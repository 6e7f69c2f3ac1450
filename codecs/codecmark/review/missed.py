"""Single clips that miss what is asked of the mean: the mean says nothing of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codecmark.metrics.table import QUALITY_FIELDS
from codecmark.review.choice import Candidate
from codecmark.review.figures import Figures
from codecmark.review.requirement import Requirement
from codecmark.review.threshold import EACH, ORIGINAL


@dataclass(frozen=True)
class ByClip:
    """What one requirement has on every clip: values by clip, by class of clips."""

    asked: Requirement
    by_class: Mapping[str, Mapping[str, float]]

    @property
    def values(self) -> dict[str, float]:
        """The values of all clips."""
        return {clip: value for of in self.by_class.values() for clip, value in of.items()}

    @property
    def below(self) -> list[str]:
        """The clips that miss the threshold."""
        return [clip for clip, value in self.values.items() if not self.asked.holds(value)]


def by_clip(figures: Figures, spec: str, asked: Requirement, classes: Sequence[str]) -> ByClip:
    """Return what the clips of some classes have of a requirement that is not on single clips.

    Nothing of one that is on the worst clip already, or relative to another codec.
    """
    if asked.statistic == "worst" or asked.of not in {"", ORIGINAL}:
        return ByClip(asked, {})
    figures = figures.under(asked.axes)
    return ByClip(
        asked,
        {name: figures.clips(spec, asked.metric, name, asked.of).values for name in classes},
    )


def missed(figures: Figures, candidate: Candidate) -> dict[str, tuple[int, int]]:
    """Return how many clips miss each hard requirement on sound, and of how many, by its name.

    Of what a panel judges nothing: its thresholds are of means.
    """
    found = {}
    for finding in candidate.hard:
        asked = finding.requirement
        if asked.metric not in QUALITY_FIELDS:
            continue
        own = figures.under(asked.axes).classes
        classes = own if asked.clip_class == EACH else (asked.clip_class,)
        clips = by_clip(figures, candidate.spec, asked, classes)
        if clips.values:
            found[asked.name] = len(clips.below), len(clips.values)
    return found
