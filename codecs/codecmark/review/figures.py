"""One figure of one codec: a statistic of a metric over the clips of a class, with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from codecmark.analysis.aggregation import ALL
from codecmark.analysis.listeners import RATINGS, rated
from codecmark.analysis.samples import Scored, collect, latest_rows
from codecmark.analysis.statistics import Estimate, estimate, median_estimate, ratio_estimate
from codecmark.results.row import ResultRow
from codecmark.review.elsewhere import Origin
from codecmark.review.requirements import COSTS, FACTS, TIMES, Statistic, higher_is_better

TOTALS = {  # costs are totals first, then one division
    "bitrate_kbps": ("stream_bytes", "clip_s", 8 / 1000),
    "compression_ratio": ("pcm16_bytes", "stream_bytes", 1.0),
    "encode_rtf": ("encode_s", "clip_s", 1.0),
    "decode_rtf": ("decode_s", "clip_s", 1.0),
}
UNTRAINED = "untrained network: no quality until its published weights are here"
NO_ROWS = "no rows yet"


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
        95 % interval; None for a statement about these clips only, or where it cannot be had.
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
    """

    spec: str
    metric: str
    clip_class: str
    value: float | None = None
    exact: bool = False
    low: float | None = None
    high: float | None = None
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

    @property
    def level(self) -> float | None:
        """The value to compare with: infinite for an exact copy, None where there is none."""
        return math.inf if self.exact else self.value


@dataclass(frozen=True)
class Clips:
    """What a figure was made of: values by clip, and the clips' sources."""

    values: Mapping[str, float] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


Found = tuple[Figure, Clips]


class Figures:
    """The rows of one condition, asked for one figure after another."""

    def __init__(self, rows: Sequence[ResultRow]) -> None:
        self.rows = latest_rows(rows)
        self.specs = tuple(dict.fromkeys(row.spec for row in self.rows))
        self.hosts = sorted({row.host for row in self.rows if row.host})
        self._by_spec: dict[str, list[ResultRow]] = {spec: [] for spec in self.specs}
        for row in self.rows:
            self._by_spec[row.spec].append(row)
        self._found: dict[tuple[str, str, str, str], Found] = {}
        self._scored: dict[tuple[str, str], dict[str, Scored]] = {}
        self._clips = {row.clip: row.clip_class for row in self.rows if row.clip}

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of clips, in the order of the rows."""
        return tuple(dict.fromkeys(name for name in self._clips.values() if name))

    def of(self, spec: str) -> list[ResultRow]:
        """Return the rows of one codec."""
        return self._by_spec.get(spec, [])

    def get(
        self, spec: str, metric: str, clip_class: str = ALL, statistic: Statistic = "mean"
    ) -> Figure:
        """Return a statistic of a metric, over one class of clips or all."""
        return self._get(spec, metric, clip_class, statistic)[0]

    def clips(self, spec: str, metric: str, clip_class: str = ALL) -> Clips:
        """Return what the figure was made of, clip by clip; empty where there is no figure."""
        return self._get(spec, metric, clip_class, "mean")[1]

    def _get(self, spec: str, metric: str, clip_class: str, statistic: Statistic) -> Found:
        key = (spec, metric, clip_class, statistic)
        if key not in self._found:
            reason = self._absent(spec, metric)
            look_up = self._quality
            if metric in RATINGS:
                look_up = self._rating
            elif metric in COSTS:
                look_up = self._fact if metric in FACTS else self._cost
            self._found[key] = (
                look_up(spec, metric, clip_class, statistic)
                if reason is None
                else nothing(spec, metric, clip_class, reason)
            )
        return self._found[key]

    def _fact(self, spec: str, metric: str, clip_class: str, statistic: Statistic) -> Found:
        """Return what is the same for every clip, and by every statistic."""
        del statistic
        rows = self.of(spec)
        values = [value for row in rows if (value := getattr(row, metric)) is not None]
        if not values:
            reasons = (row.reasons[metric] for row in rows if metric in row.reasons)
            return nothing(spec, metric, clip_class, next(reasons, "not measured"))
        value = max(values) / (1e6 if metric == "parameters" else 1)
        runs = tuple(dict.fromkeys(row.run_id for row in rows))
        return Figure(spec, metric, clip_class, value, n=len(values), run_ids=runs), Clips()

    def _absent(self, spec: str, metric: str) -> str | None:
        """Say why there can be no figure, whatever the class; None where there may be one."""
        if metric in RATINGS and not self.asked(metric):
            return "no listening test in these rows"
        rows = self.of(spec)
        if not rows:
            return NO_ROWS
        if rows[0].status == "unavailable":
            return "not available where this was run"
        if metric in TIMES and len(self.hosts) > 1:
            return f"times of {len(self.hosts)} machines must not be compared"
        return None

    def _quality(self, spec: str, metric: str, clip_class: str, statistic: Statistic) -> Found:
        key = (metric, clip_class)
        if key not in self._scored:
            chosen = None if clip_class == ALL else clip_class
            self._scored[key] = collect(self.rows, metric, chosen)
        scored = self._scored[key].get(spec)
        rows = self.of(spec)
        if rows[0].weights == "random":
            return nothing(spec, metric, clip_class, UNTRAINED)
        if scored is None:
            return nothing(spec, metric, clip_class, f"not run on {clip_class}")
        runs = tuple(dict.fromkeys(row.run_id for row in rows))
        if scored.exact:
            n = len(scored.infinite)
            return Figure(spec, metric, clip_class, exact=True, n=n, run_ids=runs), Clips()
        if scored.gap is not None:
            return nothing(spec, metric, clip_class, scored.gap, runs)
        clips = Clips(scored.values, scored.sources)
        return _summed(Figure(spec, metric, clip_class, run_ids=runs), statistic, clips), clips

    def asked(self, metric: str) -> bool:
        """Say whether listeners were asked for this kind of rating of any codec."""
        return any(getattr(row, metric) is not None for row in self.rows)

    def _rating(self, spec: str, metric: str, clip_class: str, statistic: Statistic) -> Found:
        rows = [row for row in self.of(spec) if clip_class in {ALL, row.clip_class}]
        heard = rated(rows, metric)
        if heard is None:
            return nothing(spec, metric, clip_class, "not in the listening test")
        runs = tuple(dict.fromkeys(row.run_id for row in rows))
        clips = Clips(heard.values, heard.sources)
        figure = _summed(Figure(spec, metric, clip_class, run_ids=runs), statistic, clips)
        if statistic == "mean":
            lacking = f"no interval from {heard.listeners} listeners and {figure.n_sources} sources"
            figure = msgspec.structs.replace(
                figure, low=heard.low, high=heard.high, reason="" if heard.low else lacking
            )
        return msgspec.structs.replace(figure, listeners=heard.listeners), clips

    def listeners_for(self, figure: Figure, margin: float) -> int | None:
        """Return how many listeners would settle a margin; None where no number would."""
        rows = [r for r in self.of(figure.spec) if figure.clip_class in {ALL, r.clip_class}]
        heard = rated(rows, figure.metric)
        return None if heard is None else heard.listeners_for(margin)

    def _cost(self, spec: str, metric: str, clip_class: str, statistic: Statistic) -> Found:
        above, below, factor = TOTALS[metric]
        rows = [row for row in self.of(spec) if clip_class in {ALL, row.clip_class}]
        measured = [r for r in rows if getattr(r, above) is not None and getattr(r, below)]
        attempted = sum(clip_class in {ALL, name} for name in self._clips.values())
        untrained = any(row.weights == "random" for row in rows)
        if not measured or (len(measured) < attempted and not untrained):
            reason = f"measured on {len(measured)} of {attempted} clips"
            return nothing(spec, metric, clip_class, reason)
        runs = tuple(dict.fromkeys(row.run_id for row in measured))
        parts = [(factor * getattr(r, above), float(getattr(r, below))) for r in measured]
        names = [row.clip or "" for row in measured]
        sources = {row.clip or "": row.source or row.clip or "" for row in measured}
        clips = Clips({name: a / b for name, (a, b) in zip(names, parts, strict=True)}, sources)
        totals = ratio_estimate([a for a, _ in parts], [b for _, b in parts], [*sources.values()])
        empty = Figure(spec, metric, clip_class, run_ids=runs)
        return _summed(empty, statistic, clips, totals), clips


def nothing(
    spec: str, metric: str, clip_class: str, reason: str, runs: tuple[str, ...] = ()
) -> Found:
    """Return the figure that there is none, and why."""
    return Figure(spec, metric, clip_class, reason=reason, run_ids=runs), Clips()


def _summed(
    empty: Figure, statistic: Statistic, clips: Clips, totals: Estimate | None = None
) -> Figure:
    """Fill in the statistic of some clips; `totals` is what stands for their mean."""
    values = clips.values
    names = [clips.sources[clip] for clip in values]
    higher = higher_is_better(empty.metric)
    worst_clip = (min if higher else max)(values, key=lambda clip: (values[clip], clip))
    low: float | None = None
    high: float | None = None
    if statistic in {"mean", "median"}:
        found = totals if statistic == "mean" else median_estimate(list(values.values()), names)
        found = found or estimate(list(values.values()), names)
        value, low, high = found.mean, found.low, found.high
    elif statistic == "p95":
        value = float(np.percentile(list(values.values()), 5 if higher else 95))
    else:
        value = values[worst_clip]
    n_sources = len(set(names))
    reason = ""
    if statistic in {"mean", "median"} and low is None:
        reason = f"no interval from {n_sources} source{'s' if n_sources > 1 else ''}"
    return msgspec.structs.replace(
        empty, value=value, low=low, high=high, n=len(values), n_sources=n_sources,
        worst=values[worst_clip], worst_clip=worst_clip, reason=reason,
    )  # fmt: skip
