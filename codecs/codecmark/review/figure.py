"""One figure of one codec: a statistic of a metric over the clips of a class, with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np

from codecmark.analysis.statistics import FEWEST_SOURCES, Estimate, estimate, median_estimate
from codecmark.metrics.table import TABLE
from codecmark.review.elsewhere import Origin
from codecmark.review.threshold import ORIGINAL, Statistic

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


def summed(
    empty: Figure, statistic: Statistic, clips: Clips, totals: Estimate | None = None
) -> Figure:
    """Fill in the statistic of some clips; `totals` is what stands for their mean."""
    about = TABLE[empty.metric]
    least, most = about.range
    limits = (least - most, 0.0) if empty.of == ORIGINAL else about.range
    values = clips.values
    names = [clips.sources[clip] for clip in values]
    higher = about.higher_is_better
    worst_clip = (min if higher else max)(values, key=lambda clip: (values[clip], clip))
    low: float | None = None
    high: float | None = None
    found: Estimate | None = None
    if statistic in {"mean", "median"}:
        found = totals if statistic == "mean" else median_estimate(list(values.values()), names)
        found = found or estimate(list(values.values()), names, limits)
        value, low, high = found.mean, found.low, found.high
    elif statistic == "p95":
        value = float(np.percentile(list(values.values()), 5 if higher else 95))
    else:
        value = values[worst_clip]
    n_sources = len(set(names))
    lowest = highest = None
    reason = ""
    if statistic in {"mean", "median"} and low is None:
        reason = f"no interval from {n_sources} source{'s' if n_sources > 1 else ''}"
    if found and statistic == "mean" and n_sources < FEWEST_SOURCES and about.kind in _OF_SOUND:
        lowest, highest = found.lowest, found.highest
        reason = f"{n_sources} of the {FEWEST_SOURCES} sources that a pass takes"
    return msgspec.structs.replace(
        empty, value=value, low=low, high=high, lowest=lowest, highest=highest, n=len(values),
        n_sources=n_sources, worst=values[worst_clip], worst_clip=worst_clip, reason=reason,
    )  # fmt: skip
