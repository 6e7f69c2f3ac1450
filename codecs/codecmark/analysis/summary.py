"""Add up the rows of each codec: totals first, then ratios; quality for each class of clips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter

import numpy as np

from codecmark.analysis.aggregation import ALL, Columns, Quality, attempted, qualities
from codecmark.metrics import rate
from codecmark.metrics.table import QUALITY_FIELDS, TABLE
from codecmark.results import axes, same_clips
from codecmark.results.row import ResultRow

_figures = attrgetter(*QUALITY_FIELDS)


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

    @cached_property
    def ok(self) -> list[ResultRow]:
        """Rows of clips that were coded."""
        return [row for row in self.rows if row.status == "ok"]

    @cached_property
    def scored(self) -> int:
        """Clips with at least one quality figure, an infinite one included."""
        return sum(
            any(value is not None for value in _figures(row))
            or any(row.is_exact(name) for name in QUALITY_FIELDS)
            for row in self.ok
        )

    @cached_property
    def sized(self) -> list[ResultRow]:
        """Rows of clips whose stream was kept; no stream is empty, it has its frame."""
        return [row for row in self.ok if row.stream_bytes]

    @property
    def clips_sized(self) -> int:
        """Clips whose stream was kept."""
        return len(self.sized)

    @cached_property
    def bitrate_kbps(self) -> float | None:
        """Bits of all streams over seconds of all clips."""
        seconds = sum(row.clip_s or 0 for row in self.sized)
        return rate.bitrate_kbps(_total(self.sized, "stream_bytes"), seconds) if seconds else None

    @cached_property
    def compression_ratio(self) -> float | None:
        """16-bit PCM bytes of all clips over bytes of all streams."""
        if not self.sized:
            return None
        return rate.compression_ratio(
            _total(self.sized, "pcm16_bytes"), _total(self.sized, "stream_bytes")
        )

    def real_time_factor(self, phase: str) -> float | None:
        """Seconds spent on all clips over their seconds; `phase` is `encode` or `decode`."""
        return self._real_time_factors[phase]

    @cached_property
    def _real_time_factors(self) -> dict[str, float | None]:
        return {phase: self._real_time_factor(phase) for phase in ("encode", "decode")}

    def _real_time_factor(self, phase: str) -> float | None:
        timed = [row for row in self.ok if getattr(row, f"{phase}_s") is not None]
        seconds = sum(row.clip_s or 0 for row in timed)
        spent = sum(getattr(row, f"{phase}_s") for row in timed)
        return rate.real_time_factor(spent, seconds) if seconds else None

    def first(self, name: str) -> float | None:
        """Return a field that is the same in every row, or None."""
        return next((v for row in self.ok if (v := getattr(row, name)) is not None), None)


class SummedOnce(list[ResultRow]):
    """Rows that are summed up once, however many tables are made of them."""

    @cached_property
    def summaries(self) -> list[Summary]:
        """What `summarise` returns."""
        return _summaries(self)


class Summarised(list[ResultRow]):
    """Rows whose summaries were made elsewhere, see `summary_sql`."""

    def __init__(self, rows: Iterable[ResultRow], summaries: list[Summary]) -> None:
        super().__init__(rows)
        self.summaries = summaries


def summarise(rows: Iterable[ResultRow]) -> list[Summary]:
    """Return a summary for each condition and codec, in the order of the rows.

    Raises
    ------
    InputError
        If the rows are of several combinations of axes, or of two sounds under one clip's name.
    """
    if isinstance(rows, Summarised | SummedOnce):
        return rows.summaries
    return _summaries(list(rows))


def _summaries(rows: Sequence[ResultRow]) -> list[Summary]:
    axes.require_one(rows)
    same_clips.require(rows)
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
    tried = attempted(weights, _clips_by_class(group), _clips_by_class(members))
    quality = qualities(_columns(group, sorted(tried)), tried)
    return Summary(spec, condition, group, weights, sum(tried.values()), quality)


def _clips_by_class(rows: Sequence[ResultRow]) -> Counter[str]:
    """Count the clips of each class, those without a class under the empty name."""
    classes = {row.clip: row.clip_class or "" for row in rows if row.clip}
    return Counter(classes.values())


def _columns(rows: Sequence[ResultRow], class_names: Sequence[str]) -> Columns:
    of_clips = [row for row in rows if row.clip]
    sources = {name: index for index, name in enumerate(dict.fromkeys(map(_source, of_clips)))}
    classes = {name: index for index, name in enumerate(class_names)}
    figures = np.array([_figures(row) for row in of_clips], np.float64)
    figures = figures.reshape(-1, len(QUALITY_FIELDS))  # of no clips too
    exact: Counter[tuple[str, str]] = Counter()
    for row in rows:
        for name in (name for name in row.reasons if name in TABLE and row.is_exact(name)):
            exact.update({(ALL, name): 1, (row.clip_class or "", name): 1})
    return Columns(
        np.arange(len(of_clips)),
        np.array([sources[_source(row)] for row in of_clips], np.int64),
        np.array([classes.get(row.clip_class or "", -1) for row in of_clips], np.int64),
        dict(zip(QUALITY_FIELDS, figures.T, strict=True)),
        [row.clip or "" for row in of_clips],
        class_names,
        exact,
    )


def _source(row: ResultRow) -> str:
    return row.source or row.clip or ""


def _total(rows: Sequence[ResultRow], name: str) -> int:
    return sum(getattr(row, name) or 0 for row in rows)
