"""One figure of one codec: a statistic of a metric over the clips of a class, with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from codecmark.analysis.statistics import FEWEST_SOURCES, Estimate, estimate, median_estimate
from codecmark.metrics.table import TABLE
from codecmark.review.elsewhere import Origin
from codecmark.review.threshold import ORIGINAL, Statistic
from codecmark.system.counting import counted

UNTRAINED = "untrained network: no quality until its published weights are here"
NO_ROWS = "no rows yet"
_OF_SOUND = frozenset({"waveform", "distance", "predictor"})  # not what listeners said, nor a cost


class Figure(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the rows say, or why they say nothing.

    Attributes
    ----------
    spec, metric, clip_class : str
        With the run, the filter that finds the rows.
    value : float or None
        In the metric's unit; None where there is none, see `reason`, and for an exact copy.
    exact : bool
        Every clip came back exactly: better than any number.
    low, high : float or None
        95 % interval, within the metric's range; None for a statement about these clips only, or
        where it cannot be had.
    lowest, highest : float or None
        Means of the extreme sources, where there are too few for an interval to be shown.
    n, n_sources : int
    worst, worst_clip : float or None, str
        The clip that is worst by the metric's direction.
    reason : str
        Why there is no value, or no interval where one is needed.
    run_ids : tuple of str
        Runs of the rows.
    origin : {"measured", "replayed"}
    results : str
        The folder of the rows within the results; empty for that folder itself.
    at_most : bool
        The quality itself is not known, only that it is no better than this.
    listeners : int
        Who was asked, for a rating.
    of : str
        What it is relative to: `original`, the spec whose time is the unit, or empty.
    text : str
        What is known and is no number: a licence.
    axes : str
        What its clips went through beside the codec, see `Requirement.axes`.
    """

    spec: str
    metric: str
    clip_class: str
    value: float | None = None
    exact: bool = False
    low: float | None = None
    high: float | None = None
    lowest: float | None = None
    highest: float | None = None
    n: int = 0
    n_sources: int = 0
    worst: float | None = None
    worst_clip: str = ""
    reason: str = ""
    run_ids: tuple[str, ...] = ()
    origin: Origin = "measured"
    results: str = ""
    at_most: bool = False
    listeners: int = 0
    of: str = ""
    text: str = ""
    axes: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there is something to judge."""
        return self.level is not None or bool(self.text)

    @property
    def level(self) -> float | None:
        """The value to compare with: infinite for an exact copy, None where there is none."""
        return math.inf if self.exact else self.value

    @property
    def of_few(self) -> bool:
        """Whether it is a mean of quality over too few sources to pass anything."""
        return self.lowest is not None


@dataclass(frozen=True)
class Clips:
    """What a figure was made of: values by clip, and the clips' sources."""

    values: Mapping[str, float] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


Found = tuple[Figure, Clips]


def nothing(
    spec: str, metric: str, clip_class: str, reason: str, runs: tuple[str, ...] = ()
) -> Found:
    """Return the figure that there is none, and why."""
    return Figure(spec, metric, clip_class, reason=reason, run_ids=runs), Clips()


def with_mean(empty: Figure, found: Estimate) -> Figure:
    """Fill in a mean with its interval, and why it passes nothing where sources are few."""
    lowest = highest = None
    reason = ""
    if found.low is None:
        reason = f"no interval from {counted(found.n_sources, 'source')}"
    if found.n_sources < FEWEST_SOURCES and TABLE[empty.metric].kind in _OF_SOUND:
        lowest, highest = found.lowest, found.highest
        reason = f"{found.n_sources} of the {FEWEST_SOURCES} sources that a pass takes"
    return msgspec.structs.replace(
        empty, value=found.mean, low=found.low, high=found.high, lowest=lowest, highest=highest,
        n=found.n, n_sources=found.n_sources, reason=reason,
    )  # fmt: skip


def summed(
    empty: Figure, statistic: Statistic, clips: Clips, totals: Estimate | None = None
) -> Figure:
    """Fill in the statistic of some clips; `totals` is what stands for their mean."""
    about = TABLE[empty.metric]
    least, most = about.range
    limits = (least - most, 0.0) if empty.of == ORIGINAL else about.range
    values = list(clips.values.values())
    sources = [clips.sources[clip] for clip in clips.values]
    worst_clip = min(clips.values, key=lambda clip: (about.sign * clips.values[clip], clip))
    if statistic == "mean":
        filled = with_mean(empty, totals or estimate(values, sources, limits))
    else:
        filled = _with_statistic(empty, statistic, values, sources)
    return msgspec.structs.replace(filled, worst=clips.values[worst_clip], worst_clip=worst_clip)


def _with_statistic(
    empty: Figure, statistic: Statistic, values: Sequence[float], sources: Sequence[str]
) -> Figure:
    """Fill in a median with its interval, or a statement about these clips only."""
    sign, n_sources = TABLE[empty.metric].sign, len(set(sources))
    count = {"n": len(values), "n_sources": n_sources}
    if statistic == "median":
        found = median_estimate(values, sources)
        reason = "" if found.low is not None else f"no interval from {counted(n_sources, 'source')}"
        return msgspec.structs.replace(
            empty, value=found.mean, low=found.low, high=found.high, reason=reason, **count
        )
    if statistic == "p95":
        value = float(np.percentile(values, 5 if sign > 0 else 95))
    else:
        value = min(values, key=lambda each: sign * each)
    return msgspec.structs.replace(empty, value=value, **count)
