"""Figures of a run that was summed up elsewhere: means and totals, without its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from msgspec.structs import replace

from codecmark.analysis.aggregation import ALL, Quality
from codecmark.analysis.summary import Summary
from codecmark.metrics.table import NOT_DEFINED
from codecmark.review.figure import UNTRAINED, Clips, Figure, Found, nothing, with_mean
from codecmark.review.figures import TOTALS, Figures
from codecmark.review.threshold import Statistic
from codecmark.system.counting import counted

_MEANS_ONLY = "only means are known of a run that was summed up"


class SummedFigures(Figures):
    """See `Figures`; of summaries of one condition.

    A total has no interval here: what sources add to it is not kept.
    """

    def __init__(
        self, summaries: Sequence[Summary], impaired: Mapping[str, Figures] | None = None
    ) -> None:
        super().__init__([], impaired)
        self._summaries = {one.spec: one for one in summaries}
        self.specs = tuple(self._summaries)
        self.hosts = sorted({r.host for one in summaries for r in one.rows if r.host})
        self._by_spec = {spec: one.rows for spec, one in self._summaries.items()}
        self._classes = dict.fromkeys(n for one in summaries for n in one.quality if n != ALL)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of clips."""
        return tuple(self._classes)

    @cached_property
    def source_counts(self) -> dict[str, int]:
        """How many sources each class of clips has."""
        counts = {}
        for name in self._classes:
            qualities = (each.quality.get(name, {}) for each in self._summaries.values())
            estimates = (q.estimate for quality in qualities for q in quality.values())
            counts[name] = max((each.n_sources for each in estimates if each), default=0)
        return counts

    def _quality(self, spec: str, metric: str, clip_class: str, statistic: Statistic) -> Found:
        summary = self._summaries[spec]
        if summary.weights == "random":
            return nothing(spec, metric, clip_class, UNTRAINED)
        quality = summary.quality.get(clip_class, {}).get(metric, Quality())
        empty = Figure(spec, metric, clip_class, run_ids=self._runs(spec))
        n = quality.attempted
        if not n:
            return nothing(spec, metric, clip_class, f"not run on {clip_class}")
        if quality.exact == n:
            return replace(empty, exact=True, n=n), Clips()
        if quality.scored < n or quality.estimate is None:
            reason = f"scored {quality.scored} of {counted(n, 'clip')}"
            if not quality.scored:
                reason = _not_defined(summary, metric, clip_class) or reason
            return nothing(spec, metric, clip_class, reason)
        if quality.exact:
            reason = f"infinite on {quality.exact} of {counted(n, 'clip')}: no mean exists"
            return nothing(spec, metric, clip_class, reason)
        if statistic != "mean":
            return nothing(spec, metric, clip_class, _MEANS_ONLY)
        figure, worst = with_mean(empty, quality.estimate), quality.worst
        if worst is not None:
            figure = replace(figure, worst=worst.value, worst_clip=worst.clip)
        return figure, Clips()

    def _below_original(
        self, spec: str, metric: str, clip_class: str, statistic: Statistic
    ) -> Found:
        figure, _ = self._quality(spec, metric, clip_class, statistic)
        return nothing(spec, metric, clip_class, figure.reason or _MEANS_ONLY)

    def _cost(self, spec: str, metric: str, clip_class: str, statistic: Statistic) -> Found:
        summary = self._summaries[spec]
        above, below, factor = TOTALS[metric]
        rows = [row for row in summary.rows if clip_class in {ALL, row.clip_class}]
        parts = [(getattr(row, above), getattr(row, below)) for row in rows]
        if statistic != "mean":
            return nothing(spec, metric, clip_class, _MEANS_ONLY)
        if not parts or summary.clips_sized < summary.attempted or not all(map(all, parts)):
            return nothing(spec, metric, clip_class, "not measured on every clip")
        value = factor * sum(a for a, _ in parts) / sum(b for _, b in parts)
        figure = Figure(
            spec, metric, clip_class, value, n=summary.attempted, run_ids=self._runs(spec)
        )
        return figure, Clips()

    def _runs(self, spec: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.run_id for row in self._summaries[spec].rows))


def _not_defined(summary: Summary, metric: str, clip_class: str) -> str:
    """Return why no clip of the class can have the metric; empty where one could."""
    reasons = {
        row.reasons.get(metric, "") for row in summary.rows if clip_class in {ALL, row.clip_class}
    }
    defined = [reason for reason in reasons if not reason.startswith(NOT_DEFINED)]
    return "" if defined or not reasons else min(reasons)
