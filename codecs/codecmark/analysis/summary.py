"""Add up the rows of each codec: totals first, then ratios; quality for each class of clips."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from codecmark.analysis.statistics import Estimate, estimate
from codecmark.metrics import rate
from codecmark.metrics.table import QUALITY_FIELDS, TABLE
from codecmark.results.row import ResultRow

ALL = "all"
FIELDS_OVER_ALL = tuple(name for name in QUALITY_FIELDS if TABLE[name].one_scale)


@dataclass(frozen=True)
class Worst:
    """The clip with the worst figure, and the median of all that have one."""

    value: float
    clip: str
    median: float


@dataclass(frozen=True)
class Quality:
    """One metric over some clips.

    `estimate` and `worst` are of the clips with a figure; `exact` counts those that have none
    because the output equals the input, `attempted` all that the codec should have coded.
    """

    attempted: int = 0
    exact: int = 0
    estimate: Estimate | None = None
    worst: Worst | None = None

    @property
    def scored(self) -> int:
        """Clips with a figure, an infinite one included."""
        return self.exact + (self.estimate.n if self.estimate else 0)


@dataclass
class Summary:
    """One codec under one condition.

    `quality` is keyed by clip class (`all` for those over every class), then by row field.
    `attempted` are the clips of the run; of an untrained network those that it was tried on.
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
            any(getattr(row, name) is not None or row.is_exact(name) for name in QUALITY_FIELDS)
            for row in self.ok
        )

    @property
    def sized(self) -> list[ResultRow]:
        """Rows of clips whose stream was kept; no stream is empty, it has its frame."""
        return [row for row in self.ok if row.stream_bytes]

    @property
    def clips_sized(self) -> int:
        """Clips whose stream was kept."""
        return len(self.sized)

    @property
    def bitrate_kbps(self) -> float | None:
        """Bits of all streams over seconds of all clips."""
        seconds = sum(row.clip_s or 0 for row in self.sized)
        return rate.bitrate_kbps(_total(self.sized, "stream_bytes"), seconds) if seconds else None

    @property
    def compression_ratio(self) -> float | None:
        """16-bit PCM bytes of all clips over bytes of all streams."""
        if not self.sized:
            return None
        return rate.compression_ratio(
            _total(self.sized, "pcm16_bytes"), _total(self.sized, "stream_bytes")
        )

    def real_time_factor(self, phase: str) -> float | None:
        """Seconds spent on all clips over their seconds; `phase` is `encode` or `decode`."""
        timed = [row for row in self.ok if getattr(row, f"{phase}_s") is not None]
        seconds = sum(row.clip_s or 0 for row in timed)
        spent = sum(getattr(row, f"{phase}_s") for row in timed)
        return rate.real_time_factor(spent, seconds) if seconds else None

    def first(self, name: str) -> float | None:
        """Return a field that is the same in every row, or None."""
        return next((v for row in self.ok if (v := getattr(row, name)) is not None), None)


class Summarised(list[ResultRow]):
    """Rows whose summaries were made elsewhere, see `leaderboard.large`."""

    def __init__(self, rows: Iterable[ResultRow], summaries: list[Summary]) -> None:
        super().__init__(rows)
        self.summaries = summaries


def summarise(rows: Iterable[ResultRow]) -> list[Summary]:
    """Return a summary for each condition and codec, in the order of the rows."""
    if isinstance(rows, Summarised):
        return rows.summaries
    groups: dict[tuple[str, str], list[ResultRow]] = {}
    for row in rows:
        groups.setdefault((row.condition, row.spec), []).append(row)
    members: dict[str, list[ResultRow]] = {}
    for (condition, _), group in groups.items():
        members.setdefault(condition, []).extend(group)
    return [
        _summary(spec, condition, group, members[condition])
        for (condition, spec), group in groups.items()
    ]


def _summary(
    spec: str, condition: str, group: list[ResultRow], members: Sequence[ResultRow]
) -> Summary:
    """Sum up one codec; `members` are the rows of every codec under its condition."""
    weights = group[0].weights
    coded = [row for row in group if row.clip]
    # a codec that lacks rows of some clips has not passed on them; one that is not available
    # was tried on none, one without trained weights on purpose on one
    tried = coded if weights == "random" or not coded else members
    clips = {row.clip: row.clip_class for row in tried if row.clip}
    summary = Summary(spec, condition, group, weights, attempted=len(clips))
    summary.quality[ALL] = {f: _quality(group, f, len(clips)) for f in FIELDS_OVER_ALL}
    for name in sorted({clip_class for clip_class in clips.values() if clip_class}):
        of_class = [row for row in group if row.clip_class == name]
        attempted = sum(clip_class == name for clip_class in clips.values())
        summary.quality[name] = {f: _quality(of_class, f, attempted) for f in QUALITY_FIELDS}
    return summary


def _quality(rows: Sequence[ResultRow], name: str, attempted: int) -> Quality:
    exact = sum(row.is_exact(name) for row in rows)
    measured = [row for row in rows if getattr(row, name) is not None]
    if not measured:
        return Quality(attempted, exact)
    values = [float(getattr(row, name)) for row in measured]
    found = estimate(values, [row.source or row.clip or "" for row in measured])
    value = min(values) if TABLE[name].higher_is_better else max(values)
    clip = measured[values.index(value)].clip or ""
    return Quality(attempted, exact, found, Worst(value, clip, statistics.median(values)))


def _total(rows: Sequence[ResultRow], name: str) -> int:
    return sum(getattr(row, name) or 0 for row in rows)
