"""What pytest-benchmark stores beside the times of a codec's benchmarks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from codecmark.analysis.aggregation import ALL
from codecmark.analysis.summary import Summary, summarise
from codecmark.metrics.table import TABLE
from codecmark.results.row import ResultRow

MEANS = ("snr_db", "pesq_wb")


def described(rows: Sequence[ResultRow]) -> dict[str, str | float | None]:
    """Return what a codec's benchmarks say of it, under the names of the rows' fields.

    `bitrate_kbps` is the rate of all streams, the quality is the mean over sources. A figure that
    there is not is None; the rows hold the reason.
    """
    if not rows:
        return {}
    summary = summarise(rows)[0]
    means = {name: _mean(summary, name, TABLE[name].classes) for name in MEANS}
    return {
        "spec": summary.spec,
        "condition": summary.condition,
        "weights": summary.weights,
        "run_id": rows[0].run_id,
        "bitrate_kbps": summary.bitrate_kbps,
        **means,
    }


def _mean(summary: Summary, name: str, classes: Iterable[str]) -> float | None:
    """Return the mean over all clips, or over the one class that a metric is for."""
    for clip_class in (ALL, *classes):
        quality = summary.quality.get(clip_class, {}).get(name)
        if quality is not None and quality.estimate is not None:
            return quality.estimate.mean
    return None
