"""One figure of one codec: a statistic of a metric over the clips of a class, with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from codecmark.analysis.samples import Scored, collect, latest_rows
from codecmark.analysis.statistics import Estimate, estimate, median_estimate, ratio_estimate
from codecmark.metrics.table import TABLE
from codecmark.results.row import ResultRow
from codecmark.review.requirements import COSTS, MOS, TIMES, Requirement, Statistic

_TOTALS = {  # costs are totals first, then one division
    "bitrate_kbps": ("stream_bytes", "clip_s", 8 / 1000),
    "compression_ratio": ("pcm16_bytes", "stream_bytes", 1.0),
    "encode_rtf": ("encode_s", "clip_s", 1.0),
    "decode_rtf": ("decode_s", "clip_s", 1.0),
}
UNTRAINED = "untrained network: no quality until its published weights are here"
NO_ROWS = "no rows yet"


@dataclass(frozen=True)
class Figure:
    """What the rows say, or why they say nothing.

    Attributes
    ----------
    spec, metric, clip_class : str
        With the run, the filter that finds the rows.
    value : float or None
        Infinite where every clip came back exactly.
    low, high : float or None
        95 % interval; None for a statement about these clips only, or where it cannot be had.
    n, n_sources : int
    worst, worst_clip : float or None, str
        The clip that is worst by the metric's direction.
    reason : str
        Why there is no value, or no interval where one is needed.
    run_ids : tuple of str
        Runs of the rows.
    per_clip, sources : dict
        Values by clip, and the clips' sources.
    """

    spec: str
    metric: str
    clip_class: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    n_sources: int = 0
    worst: float | None = None
    worst_clip: str = ""
    reason: str = ""
    run_ids: tuple[str, ...] = ()
    per_clip: Mapping[str, float] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


class Figures:
    """The rows of one condition, asked for one figure after another."""

    def __init__(self, rows: Sequence[ResultRow]) -> None:
        self.rows = latest_rows(rows)
        self.specs = tuple(dict.fromkeys(row.spec for row in self.rows))
        self.hosts = sorted({row.host for row in self.rows if row.host})
        self._by_spec: dict[str, list[ResultRow]] = {spec: [] for spec in self.specs}
        for row in self.rows:
            self._by_spec[row.spec].append(row)
        self._found: dict[tuple[str, str, str, str], Figure] = {}
        self._scored: dict[tuple[str, str], dict[str, Scored]] = {}
        self._clips = {row.clip: row.clip_class for row in self.rows if row.clip}

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of clips, in the order of the rows."""
        return tuple(dict.fromkeys(name for name in self._clips.values() if name))

    def of(self, spec: str) -> list[ResultRow]:
        """Return the rows of one codec."""
        return self._by_spec.get(spec, [])

    def get(self, spec: str, requirement: Requirement, clip_class: str) -> Figure:
        """Return the figure that `requirement` asks for, over one class or `all`."""
        key = (spec, requirement.metric, requirement.statistic, clip_class)
        if key not in self._found:
            self._found[key] = self._look_up(spec, requirement, clip_class)
        return self._found[key]

    def _look_up(self, spec: str, requirement: Requirement, clip_class: str) -> Figure:
        metric = requirement.metric
        if metric == MOS:
            return Figure(spec, metric, clip_class, reason="no listening test in these rows")
        rows = self.of(spec)
        if not rows:
            return Figure(spec, metric, clip_class, reason=NO_ROWS)
        if rows[0].status == "unavailable":
            return Figure(spec, metric, clip_class, reason="not available where this was run")
        if metric in TIMES and len(self.hosts) > 1:
            reason = f"times of {len(self.hosts)} machines must not be compared"
            return Figure(spec, metric, clip_class, reason=reason)
        if metric in COSTS:
            return self._cost(spec, metric, clip_class, requirement.statistic)
        return self._quality(spec, metric, clip_class, requirement.statistic)

    def _quality(self, spec: str, metric: str, clip_class: str, statistic: Statistic) -> Figure:
        key = (metric, clip_class)
        if key not in self._scored:
            chosen = None if clip_class == "all" else clip_class
            self._scored[key] = collect(self.rows, metric, chosen)
        one = self._scored[key].get(spec)
        rows = self.of(spec)
        if rows[0].weights == "random":
            return Figure(spec, metric, clip_class, reason=UNTRAINED)
        if one is None:
            return Figure(spec, metric, clip_class, reason=f"not run on {clip_class}")
        runs = tuple(dict.fromkeys(row.run_id for row in rows))
        if one.exact:
            n = len(one.infinite)
            return Figure(spec, metric, clip_class, float("inf"), n=n, run_ids=runs)
        if one.gap is not None:
            return Figure(spec, metric, clip_class, reason=one.gap, run_ids=runs)
        return _summed(spec, metric, clip_class, statistic, one.values, one.sources, runs)

    def _cost(self, spec: str, metric: str, clip_class: str, statistic: Statistic) -> Figure:
        above, below, factor = _TOTALS[metric]
        rows = [row for row in self.of(spec) if clip_class in {"all", row.clip_class}]
        found = [r for r in rows if getattr(r, above) is not None and getattr(r, below)]
        attempted = sum(clip_class in {"all", name} for name in self._clips.values())
        untrained = any(row.weights == "random" for row in rows)
        if not found or (len(found) < attempted and not untrained):
            reason = f"measured on {len(found)} of {attempted} clips"
            return Figure(spec, metric, clip_class, reason=reason)
        runs = tuple(dict.fromkeys(row.run_id for row in found))
        parts = [(factor * getattr(r, above), float(getattr(r, below))) for r in found]
        clips = [row.clip or "" for row in found]
        sources = {row.clip or "": row.source or row.clip or "" for row in found}
        values = {clip: a / b for clip, (a, b) in zip(clips, parts, strict=True)}
        totals = ratio_estimate([a for a, _ in parts], [b for _, b in parts], [*sources.values()])
        return _summed(spec, metric, clip_class, statistic, values, sources, runs, totals)


def _summed(
    spec: str,
    metric: str,
    clip_class: str,
    statistic: Statistic,
    values: Mapping[str, float],
    sources: Mapping[str, str],
    runs: tuple[str, ...],
    totals: Estimate | None = None,
) -> Figure:
    names = [sources[clip] for clip in values]
    lower = not TABLE[metric].higher_is_better
    worst_clip = (max if lower else min)(values, key=lambda clip: (values[clip], clip))
    low: float | None = None
    high: float | None = None
    if statistic in {"mean", "median"}:
        found = totals if statistic == "mean" else median_estimate(list(values.values()), names)
        found = found or estimate(list(values.values()), names)
        value, low, high = found.mean, found.low, found.high
    elif statistic == "p95":
        value = float(np.percentile(list(values.values()), 95 if lower else 5))
    else:
        value = values[worst_clip]
    n_sources = len(set(names))
    reason = ""
    if statistic in {"mean", "median"} and low is None:
        reason = f"no interval from {n_sources} source{'s' if n_sources > 1 else ''}"
    return Figure(
        spec, metric, clip_class, value, low, high, len(values), n_sources,
        values[worst_clip], worst_clip, reason, runs, values, sources,
    )  # fmt: skip
