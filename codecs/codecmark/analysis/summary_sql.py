"""Summaries of a Parquet run: DuckDB adds up sizes and times and hands over columns of quality.

What is made of the columns is in `aggregation`, for these and for rows in memory alike.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from codecmark.analysis import columns_sql
from codecmark.analysis.aggregation import ALL, attempted, qualities
from codecmark.analysis.columns_sql import Key
from codecmark.analysis.summary import Summarised, Summary
from codecmark.metrics.table import NOT_DEFINED, QUALITY_FIELDS
from codecmark.results import parquet, same_clips
from codecmark.results.axes import UNTOUCHED, Axes, condition_sql, nothing_of
from codecmark.results.row import AXES, ResultRow

_TOTALS = ("clip_s", "stream_bytes", "pcm16_bytes", "encode_s", "decode_s")
_GROUPED_BY = ("condition", "spec", "status", "reason", "weights", "clip_class", "host", "reasons")


@dataclass
class _TotalSummary(Summary):
    """A summary whose rows are totals of many."""

    groups: list[_Group] = dataclass_field(default_factory=list)

    @property
    def scored(self) -> int:
        """See `Summary`."""
        return sum(group.count for group in self.groups if group.is_scored)

    @property
    def clips_sized(self) -> int:
        """See `Summary`."""
        return sum(
            group.count
            for group in self.groups
            if group.sample.status == "ok" and group.sample.stream_bytes
        )


@dataclass(frozen=True)
class _Group:
    """Rows that agree in every field that tables and notes show."""

    count: int
    sample: ResultRow  # any of them
    total: ResultRow  # times and sizes added up
    lags: tuple[int, int] | None

    @property
    def lacks_a_figure(self) -> bool:
        """Whether a metric that is defined for these clips has none."""
        row = self.sample
        return any(
            getattr(row, name) is None
            and not row.is_exact(name)
            and not row.reasons.get(name, "").startswith(NOT_DEFINED)
            for name in QUALITY_FIELDS
        )

    @property
    def is_scored(self) -> bool:
        """Whether these clips have a quality figure, an infinite one included."""
        row = self.sample
        return row.status == "ok" and any(
            getattr(row, name) is not None or row.is_exact(name) for name in QUALITY_FIELDS
        )

    def notes(self) -> list[ResultRow]:
        """Rows that make the notes which these would make; failures are counted, not listed."""
        if self.sample.status != "ok":
            clips = self.sample.clip if self.count == 1 else f"{self.count} clips"
            return [replace(self.sample, clip=self.sample.clip and clips)]
        if self.lags is None:
            return [self.sample] * (self.count if self.lacks_a_figure else 1)
        low, high = (replace(self.sample, lag_samples=lag) for lag in self.lags)
        return [low] * (self.count - 1) + [high]


def read(path: Path, axes: Axes = UNTOUCHED) -> Summarised:
    """Return the summaries of a Parquet run, and rows for its notes.

    Only rows of one combination of axes count, see `results.axes`.

    Raises
    ------
    InputError
        If the run has no row of it, or rows of two sounds under one clip's name.
    UnavailableError
        If DuckDB is not installed.
    """
    connection = parquet.connect()
    source = parquet.source(path)
    connection.execute(f"CREATE VIEW run AS FROM {source} WHERE {condition_sql(axes)}")
    _require_same_clips(connection)
    summaries: dict[Key, _TotalSummary] = {}
    exact: dict[Key, Counter[tuple[str, str]]] = defaultdict(Counter)
    notes: list[ResultRow] = []
    for group in _groups(connection):
        row = group.sample
        key = row.condition, row.spec
        summaries.setdefault(key, _TotalSummary(row.spec, row.condition, [], row.weights, 0))
        summaries[key].groups.append(group)
        summaries[key].rows.append(group.total)
        infinite = [name for name in QUALITY_FIELDS if row.is_exact(name)]
        for name in infinite:
            for clip_class in (ALL, row.clip_class or ""):
                exact[key][clip_class, name] += group.count
        notes += group.notes()
    if not summaries:
        raise nothing_of(axes, _combinations(connection, source))
    clips = columns_sql.clips_by_class(connection)
    for key, columns in columns_sql.columns(connection, exact):
        summary = summaries[key]
        tried = attempted(summary.weights, clips.get(key, {}), clips[key[0], ""])
        summary.attempted, summary.quality = sum(tried.values()), qualities(columns, tried)
    return Summarised(notes, list(summaries.values()))


def _require_same_clips(connection: Any) -> None:
    """Raise as `same_clips.require`, of the view `run`."""
    told_apart = (
        "clip IS NOT NULL AND clip_sha256 <> '' AND status = 'ok' "
        "AND weights IS DISTINCT FROM 'random'"
    )
    mixed = connection.execute(f"""
        SELECT condition, clip FROM run WHERE {told_apart} GROUP BY ALL
        HAVING min(clip_sha256) <> max(clip_sha256) ORDER BY min(file_row_number)
    """).fetchall()  # noqa: S608 - names of our own
    if not mixed:
        return
    condition, clip = mixed[0]
    query = f"""
        SELECT clip_sha256, spec FROM run WHERE {told_apart} AND condition = ? AND clip = ?
        ORDER BY file_row_number
    """  # noqa: S608
    sounds: dict[str, list[str]] = {}
    for digest, spec in connection.execute(query, [condition, clip]).fetchall():
        sounds.setdefault(digest, []).append(spec)
    raise same_clips.mixed_error(
        clip, condition, list(sounds.values()), len({name for _, name in mixed}) - 1
    )


def _combinations(connection: Any, source: str) -> list[Axes]:
    query = f"SELECT {', '.join(AXES)} FROM {source} GROUP BY ALL ORDER BY ALL"  # noqa: S608
    return [
        {name: value for name, value in zip(AXES, values, strict=True) if value is not None}
        for values in connection.execute(query).fetchall()
    ]


def _groups(connection: Any) -> Iterator[_Group]:
    names = [
        name for name in ResultRow.__struct_fields__ if name not in (*_GROUPED_BY, "schema_version")
    ]
    optional = (*QUALITY_FIELDS, *_TOTALS)
    query = f"""
        SELECT {", ".join(_GROUPED_BY)},
            {", ".join(f"({name} IS NULL)" for name in optional)},
            lag_samples <> 0 AS is_late,
            count(*) AS n, min(lag_samples) AS low, max(lag_samples) AS high,
            {", ".join(f"sum({name}) AS total_{name}" for name in _TOTALS)},
            {", ".join(f"{_picked(name)}({name}) AS {name}" for name in names)}
        FROM run GROUP BY ALL ORDER BY min(file_row_number)
    """  # noqa: S608 - names of our own
    cursor = connection.execute(query)
    columns = [column[0] for column in cursor.description]
    for values in cursor.fetchall():
        record = dict(zip(columns, values, strict=True))
        fields = {name: record[name] for name in (*_GROUPED_BY, *names)}
        for name in parquet.TEXTS:
            fields[name] = json.loads(fields[name] or "{}")
        sample = ResultRow(**fields)
        sums: dict[str, Any] = {
            name: value if value is None or name.endswith("_s") else int(value)
            for name in _TOTALS
            for value in (record[f"total_{name}"],)
        }
        total: ResultRow = replace(sample, **sums)
        lags = (record["low"], record["high"]) if record["is_late"] else None
        yield _Group(record["n"], sample, total, lags)


def _picked(name: str) -> str:
    """Return what stands for a field of many rows: any, but the lowest agreement."""
    return "min" if name == "agreement_db" else "first"
