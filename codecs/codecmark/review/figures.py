"""The rows of one condition, asked for one figure after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import msgspec

from codecmark.analysis.aggregation import ALL
from codecmark.analysis.listeners import RATINGS, rated
from codecmark.analysis.samples import Scored, collect, latest_rows
from codecmark.analysis.statistics import FEWEST_SOURCES, ratio_estimate
from codecmark.analysis.time_noise import time_noise
from codecmark.results.row import ResultRow
from codecmark.review.figure import NO_ROWS, UNTRAINED, Clips, Figure, Found, nothing, summed
from codecmark.review.licences import licence_of
from codecmark.review.threshold import COSTS, FACTS, LICENCE, ORIGINAL, TIMES, Statistic
from codecmark.system.counting import counted

TOTALS = {  # costs are totals first, then one division
    "bitrate_kbps": ("stream_bytes", "clip_s", 8 / 1000),
    "compression_ratio": ("pcm16_bytes", "stream_bytes", 1.0),
    "encode_rtf": ("encode_s", "clip_s", 1.0),
    "decode_rtf": ("decode_s", "clip_s", 1.0),
}


class Figures:
    """The rows of one condition and one combination of axes, asked for one figure after another.

    Parameters
    ----------
    rows : sequence of ResultRow
    impaired : mapping of str to Figures, optional
        Of other combinations of axes, by their text, see `impaired.figures_of`.
    """

    def __init__(
        self, rows: Sequence[ResultRow], impaired: Mapping[str, Figures] | None = None
    ) -> None:
        self._impaired = impaired or {}
        self.rows = latest_rows(rows)
        self.specs = tuple(dict.fromkeys(row.spec for row in self.rows))
        self.hosts = sorted({row.host for row in self.rows if row.host})
        self._by_spec: dict[str, list[ResultRow]] = {spec: [] for spec in self.specs}
        for row in self.rows:
            self._by_spec[row.spec].append(row)
        self._found: dict[tuple[str, ...], Found] = {}
        self._scored: dict[tuple[str, str], dict[str, Scored]] = {}
        self._rated = {m for m in RATINGS if any(getattr(r, m) is not None for r in self.rows)}
        self._clips = {row.clip: row.clip_class for row in self.rows if row.clip}

    def under(self, axes: str) -> Figures:
        """Return the figures of a combination of axes; those of the rows themselves for none."""
        return self._impaired[axes] if axes else self

    @property
    def every_spec(self) -> tuple[str, ...]:
        """The specs of the rows, then those that have rows of other combinations only."""
        others = (spec for figures in self._impaired.values() for spec in figures.specs)
        return tuple(dict.fromkeys((*self.specs, *others)))

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of clips, in the order of the rows."""
        return tuple(dict.fromkeys(name for name in self._clips.values() if name))

    @cached_property
    def time_noise(self) -> float:
        """The factor below which times do not differ by more than the run's noise; 1 if unknown."""
        return time_noise(self.rows) or 1.0

    def of(self, spec: str) -> list[ResultRow]:
        """Return the rows of one codec."""
        return self._by_spec.get(spec, [])

    @cached_property
    def source_counts(self) -> dict[str, int]:
        """How many sources each class of clips has."""
        sources: dict[str, set[str | None]] = {name: set() for name in self.classes}
        for row in self.rows:
            if row.clip_class in sources:
                sources[row.clip_class].add(row.source or row.clip)
        return {name: len(of_class) for name, of_class in sources.items()}

    @property
    def scarce(self) -> dict[str, int]:
        """The classes with too few sources for anything to pass, and how many each has."""
        return {name: n for name, n in self.source_counts.items() if n < FEWEST_SOURCES}

    def get(
        self,
        spec: str,
        metric: str,
        clip_class: str = ALL,
        statistic: Statistic = "mean",
        of: str = "",
    ) -> Figure:
        """Return a statistic of a metric, over one class of clips or all; `of` as `Threshold`."""
        if of not in {"", ORIGINAL}:
            return self._relative(spec, metric, clip_class, of)
        return self._get(spec, metric, clip_class, statistic, of)[0]

    def clips(self, spec: str, metric: str, clip_class: str = ALL, of: str = "") -> Clips:
        """Return what the figure was made of, clip by clip; empty where there is no figure."""
        return self._get(spec, metric, clip_class, "mean", of)[1]

    def _get(
        self, spec: str, metric: str, clip_class: str, statistic: Statistic, of: str = ""
    ) -> Found:
        key = (spec, metric, clip_class, statistic, of)
        if key not in self._found:
            reason = self._absent(spec, metric)
            if reason is not None:
                entry = nothing(spec, metric, clip_class, reason)
            elif metric in RATINGS:
                entry = self._rating(spec, metric, clip_class, statistic)
            elif metric == LICENCE:
                entry = self._licence(spec)
            elif metric in FACTS:
                entry = self._fact(spec, metric, clip_class)
            elif metric in COSTS:
                entry = self._cost(spec, metric, clip_class, statistic)
            elif of == ORIGINAL:
                entry = self._below_original(spec, metric, clip_class, statistic)
            else:
                entry = self._quality(spec, metric, clip_class, statistic)
            self._found[key] = entry
        return self._found[key]

    def _below_original(
        self, spec: str, metric: str, clip_class: str, statistic: Statistic
    ) -> Found:
        """Return how far a predictor puts a codec below the originals, in pairs of clips.

        Sounding better than what went in is no merit of a codec: it counts as equal.
        """
        figure, clips = self._quality(spec, metric, clip_class, statistic)
        rows = {row.clip: row for row in self.of(spec)}
        originals = {clip: getattr(rows[clip], f"{metric}_reference") for clip in clips.values}
        if not clips.values or None in originals.values():
            reason = figure.reason or "the originals have no such figure"
            return nothing(spec, metric, clip_class, reason, figure.run_ids)
        below = {clip: min(0.0, v - originals[clip]) for clip, v in clips.values.items()}
        empty = Figure(spec, metric, clip_class, run_ids=figure.run_ids, of=ORIGINAL)
        pairs = Clips(below, clips.sources)
        return summed(empty, statistic, pairs), pairs

    def _relative(self, spec: str, metric: str, clip_class: str, of: str) -> Figure:
        """Return a time as a multiple of another codec's; what is uncertain of both is in it."""
        if spec == of:
            return Figure(spec, metric, clip_class, value=1.0, low=1.0, high=1.0, of=of)
        ours, unit = (self.get(name, metric, clip_class) for name in (spec, of))
        if ours.value is None or not unit.value:
            why = ours.reason if ours.value is None else f"{of}: {unit.reason}"
            return Figure(spec, metric, clip_class, reason=why, run_ids=ours.run_ids, of=of)
        least, most = unit.low or unit.value, unit.high or unit.value
        return msgspec.structs.replace(
            ours,
            value=ours.value / unit.value,
            low=(ours.value if ours.low is None else ours.low) / most,
            high=(ours.value if ours.high is None else ours.high) / least,
            worst=None if ours.worst is None else ours.worst / unit.value,
            of=of,
            reason="",
        )

    def _fact(self, spec: str, metric: str, clip_class: str) -> Found:
        """Return what is the same for every clip, and by every statistic."""
        rows = self.of(spec)
        values = [value for row in rows if (value := getattr(row, metric)) is not None]
        if not values:
            reasons = (row.reasons[metric] for row in rows if metric in row.reasons)
            return nothing(spec, metric, clip_class, next(reasons, "not measured"))
        value = max(values) / (1e6 if metric == "parameters" else 1)
        runs = tuple(dict.fromkeys(row.run_id for row in rows))
        return Figure(spec, metric, clip_class, value, n=len(values), run_ids=runs), Clips()

    def _licence(self, spec: str) -> Found:
        text = licence_of(spec)
        if text is None:
            return nothing(spec, LICENCE, ALL, "nothing here knows its licence")
        return Figure(spec, LICENCE, ALL, text=text), Clips()

    def _absent(self, spec: str, metric: str) -> str | None:
        """Say why there can be no figure, whatever the class; None where there may be one."""
        if metric in RATINGS and not self.asked(metric):
            return "no listening test in these rows"
        rows = self.of(spec)
        if metric == LICENCE:
            return None
        if not rows:
            return NO_ROWS
        if rows[0].status == "unavailable":
            return "not available where this was run"
        if metric in TIMES and len(self.hosts) > 1:
            return f"times of {len(self.hosts)} machines must not be compared"
        return None

    def _quality(self, spec: str, metric: str, clip_class: str, statistic: Statistic) -> Found:
        key = (metric, clip_class)
        if clip_class not in {ALL, *self.classes}:
            return nothing(spec, metric, clip_class, f"no clip of {clip_class}")
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
        return summed(Figure(spec, metric, clip_class, run_ids=runs), statistic, clips), clips

    def asked(self, metric: str) -> bool:
        """Say whether listeners were asked for this kind of rating of any codec."""
        return metric in self._rated

    def _rating(self, spec: str, metric: str, clip_class: str, statistic: Statistic) -> Found:
        rows = [row for row in self.of(spec) if clip_class in {ALL, row.clip_class}]
        heard = rated(rows, metric)
        if heard is None:
            return nothing(spec, metric, clip_class, "not in the listening test")
        runs = tuple(dict.fromkeys(row.run_id for row in rows))
        clips = Clips(heard.values, heard.sources)
        figure = summed(Figure(spec, metric, clip_class, run_ids=runs), statistic, clips)
        if statistic == "mean":
            asked = counted(heard.listeners, "listener")
            lacking = f"no interval from {asked} and {counted(figure.n_sources, 'source')}"
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
            reason = f"measured on {len(measured)} of {counted(attempted, 'clip')}"
            return nothing(spec, metric, clip_class, reason)
        runs = tuple(dict.fromkeys(row.run_id for row in measured))
        parts = [(factor * getattr(r, above), float(getattr(r, below))) for r in measured]
        names = [row.clip or "" for row in measured]
        sources = {row.clip or "": row.source or row.clip or "" for row in measured}
        clips = Clips({name: a / b for name, (a, b) in zip(names, parts, strict=True)}, sources)
        totals = ratio_estimate([a for a, _ in parts], [b for _, b in parts], [*sources.values()])
        empty = Figure(spec, metric, clip_class, run_ids=runs)
        return summed(empty, statistic, clips, totals), clips
