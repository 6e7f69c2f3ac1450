"""Add up the rows of each codec: totals first, then ratios; quality for each class of clips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from codecmark.metrics import rate
from codecmark.metrics.table import QUALITY_FIELDS
from codecmark.result import ResultRow
from codecmark.scored import INFINITE
from codecmark.statistics import Estimate, estimate

ALL = "all"
# two ViSQOL modes are two scales, and PESQ and ESTOI are for speech: no figure over all classes
FIELDS_OVER_ALL = tuple(
    name for name in QUALITY_FIELDS if name not in {"visqol_mos_lqo", "pesq_wb", "estoi"}
)


@dataclass(frozen=True)
class Quality:
    """One metric over some clips: an estimate, infinite throughout, or absent with a reason."""

    estimate: Estimate | None = None
    infinite: bool = False
    reason: str = ""
    worst: float | None = None


@dataclass
class Summary:
    """One codec under one condition.

    `quality` is keyed by clip class (`all` for those over every class), then by row field.
    """

    spec: str
    condition: str
    rows: list[ResultRow]
    weights: str | None
    attempted: int
    quality: dict[str, dict[str, Quality]] = field(default_factory=dict)

    @property
    def ok(self) -> list[ResultRow]:
        """Rows of clips that were coded."""
        return [row for row in self.rows if row.status == "ok"]

    @property
    def scored(self) -> int:
        """Clips with at least one quality figure, an infinite one included."""
        return sum(
            row.snr_db is not None or row.reasons.get("snr_db", "").startswith(INFINITE)
            for row in self.ok
        )

    @property
    def bitrate_kbps(self) -> float | None:
        """Bits of all streams over seconds of all clips."""
        sized = [row for row in self.ok if row.stream_bytes is not None]
        seconds = sum(row.clip_s or 0 for row in sized)
        return rate.bitrate_kbps(_total(sized, "stream_bytes"), seconds) if seconds else None

    @property
    def compression_ratio(self) -> float | None:
        """16-bit PCM bytes of all clips over bytes of all streams."""
        sized = [row for row in self.ok if row.stream_bytes]
        if not sized:
            return None
        return rate.compression_ratio(_total(sized, "pcm16_bytes"), _total(sized, "stream_bytes"))

    def real_time_factor(self, phase: str) -> float | None:
        """Seconds spent on all clips over their seconds; `phase` is `encode` or `decode`."""
        timed = [row for row in self.ok if getattr(row, f"{phase}_s") is not None]
        if not timed:
            return None
        spent = sum(getattr(row, f"{phase}_s") for row in timed)
        return rate.real_time_factor(spent, sum(row.clip_s or 0 for row in timed))

    def first(self, name: str) -> float | None:
        """Return a field that is the same in every row, or None."""
        return next((v for row in self.ok if (v := getattr(row, name)) is not None), None)


def summarise(rows: Iterable[ResultRow]) -> list[Summary]:
    """Return a summary for each condition and codec, in the order of the rows."""
    groups: dict[tuple[str, str], list[ResultRow]] = {}
    for row in rows:
        groups.setdefault((row.condition, row.spec), []).append(row)
    clips: dict[str, set[str | None]] = {}
    for (condition, _), group in groups.items():
        clips.setdefault(condition, set()).update(row.clip for row in group if row.clip)
    summaries = []
    for (condition, spec), group in groups.items():
        summary = Summary(spec, condition, group, group[0].weights, attempted=len(clips[condition]))
        classes = sorted({row.clip_class for row in group if row.clip_class})
        summary.quality[ALL] = {f: _quality(group, f) for f in FIELDS_OVER_ALL}
        for name in classes:
            members = [row for row in group if row.clip_class == name]
            summary.quality[name] = {f: _quality(members, f) for f in QUALITY_FIELDS}
        summaries.append(summary)
    return summaries


def _quality(rows: Sequence[ResultRow], name: str) -> Quality:
    measured = [row for row in rows if getattr(row, name) is not None]
    infinite = [row for row in rows if row.reasons.get(name, "").startswith(INFINITE)]
    if measured:
        values = [float(getattr(row, name)) for row in measured]
        found = estimate(values, [row.source or row.clip or "" for row in measured])
        return Quality(found, worst=min(values))
    if infinite:
        return Quality(infinite=True, reason=infinite[0].reasons[name])
    reasons = [row.reasons.get(name) or row.reason or "" for row in rows]
    return Quality(reason=next(filter(None, reasons), "not measured"))


def _total(rows: Sequence[ResultRow], name: str) -> int:
    return sum(getattr(row, name) or 0 for row in rows)
