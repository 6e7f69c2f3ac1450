"""Summaries of a Parquet run by DuckDB: the figures of `summary`, without a million rows here."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from codecmark.analysis.statistics import Estimate, estimate_of_sources
from codecmark.analysis.summary import ALL, FIELDS_OVER_ALL, Quality, Summarised, Summary, Worst
from codecmark.metrics.table import NOT_DEFINED, QUALITY_FIELDS, TABLE
from codecmark.results import parquet
from codecmark.results.row import ResultRow

_TOTALS = ("clip_s", "stream_bytes", "pcm16_bytes", "encode_s", "decode_s")
_TOLD_APART = ("condition", "spec", "status", "reason", "weights", "clip_class", "host", "reasons")
_Key = tuple[str, str]  # condition, spec


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
            if group.one.status == "ok" and group.one.stream_bytes
        )


@dataclass(frozen=True)
class _Group:
    """Rows that are alike in all that tables and notes tell apart."""

    count: int
    one: ResultRow  # any of them
    total: ResultRow  # times and sizes added up
    lags: tuple[int, int] | None

    @property
    def lacks_a_figure(self) -> bool:
        """Whether a metric that is defined for these clips has none."""
        row = self.one
        return any(
            getattr(row, name) is None
            and not row.is_exact(name)
            and not row.reasons.get(name, "").startswith(NOT_DEFINED)
            for name in QUALITY_FIELDS
        )

    @property
    def is_scored(self) -> bool:
        """Whether these clips have a quality figure, an infinite one included."""
        row = self.one
        return row.status == "ok" and any(
            getattr(row, name) is not None or row.is_exact(name) for name in QUALITY_FIELDS
        )

    def notes(self) -> list[ResultRow]:
        """Rows that make the notes which these would make; failures are counted, not listed."""
        if self.one.status != "ok":
            clips = self.one.clip if self.count == 1 else f"{self.count} clips"
            return [replace(self.one, clip=self.one.clip and clips)]
        if self.lags is None:
            return [self.one] * (self.count if self.lacks_a_figure else 1)
        low, high = (replace(self.one, lag_samples=lag) for lag in self.lags)
        return [low] * (self.count - 1) + [high]


def read(path: Path) -> Summarised:
    """Return the summaries of a Parquet run, and rows for its notes.

    Raises
    ------
    UnavailableError
        If DuckDB is not installed.
    """
    connection = parquet.connect()
    connection.execute(f"CREATE VIEW run AS FROM {parquet.source(path)}")
    found: dict[_Key, _TotalSummary] = {}
    exact: dict[tuple[str, str, str, str], int] = defaultdict(int)
    notes: list[ResultRow] = []
    for group in _groups(connection):
        row = group.one
        key = row.condition, row.spec
        found.setdefault(key, _TotalSummary(row.spec, row.condition, [], row.weights, 0))
        found[key].groups.append(group)
        found[key].rows.append(group.total)
        infinite = [name for name in QUALITY_FIELDS if row.is_exact(name)]
        for name in infinite:
            for clip_class in (ALL, row.clip_class or ""):
                exact[*key, clip_class, name] += group.count
        notes += group.notes()
    attempted = _attempted(connection)
    measured = {**_measured(connection, by_class=False), **_measured(connection, by_class=True)}
    for key, summary in found.items():
        own = attempted.get(key, {})
        # as in `summary`: one that could not be built was tried on none
        classes = own if summary.weights == "random" or not own else attempted[key[0], ""]
        summary.attempted = sum(classes.values())
        for name, count in {ALL: summary.attempted, **classes}.items():
            summary.quality[name] = {
                field: Quality(
                    count, exact[*key, name, field], *measured.get((*key, name, field), ())
                )
                for field in (FIELDS_OVER_ALL if name == ALL else QUALITY_FIELDS)
            }
    return Summarised(notes, list(found.values()))


def _groups(connection: Any) -> Iterator[_Group]:
    names = [
        name for name in ResultRow.__struct_fields__ if name not in (*_TOLD_APART, "schema_version")
    ]
    optional = (*QUALITY_FIELDS, *_TOTALS)
    query = f"""
        SELECT {", ".join(_TOLD_APART)},
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
        fields = {name: record[name] for name in (*_TOLD_APART, *names)}
        for name in parquet.TEXTS:
            fields[name] = json.loads(fields[name] or "{}")
        one = ResultRow(**fields)
        sums: dict[str, Any] = {
            name: value if value is None or name.endswith("_s") else int(value)
            for name in _TOTALS
            for value in (record[f"total_{name}"],)
        }
        total: ResultRow = replace(one, **sums)
        lags = (record["low"], record["high"]) if record["is_late"] else None
        yield _Group(record["n"], one, total, lags)


def _picked(name: str) -> str:
    """Return what stands for a field of many rows: any, but the lowest agreement."""
    return "min" if name == "agreement_db" else "first"


def _attempted(connection: Any) -> dict[tuple[str, str], dict[str, int]]:
    """Clips of each class by condition and spec, and under the spec "" those of the condition."""
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for spec in ("spec", "''"):
        query = f"""
            SELECT condition, {spec}, clip_class, count(DISTINCT clip) FROM run
            WHERE clip IS NOT NULL AND clip_class IS NOT NULL GROUP BY ALL ORDER BY ALL
        """  # noqa: S608
        for condition, name, clip_class, count in connection.execute(query).fetchall():
            found[condition, name][clip_class] = count
    return found


def _measured(
    connection: Any, *, by_class: bool
) -> dict[tuple[str, str, str, str], tuple[Estimate, Worst]]:
    """Estimate and worst clip by condition, spec, class and field, where there is any figure."""
    clip_class = "clip_class" if by_class else f"'{ALL}'"
    keys = f"condition, spec, {clip_class} AS clip_class"
    means = _table(
        connection,
        f"""
        SELECT {keys}, {", ".join(f"count({f}), avg({f})" for f in QUALITY_FIELDS)}
        FROM run WHERE clip IS NOT NULL
        GROUP BY condition, spec, clip_class, coalesce(source, clip) ORDER BY 1, 2, 3
        """,  # noqa: S608
    )
    worst = ", ".join(
        f"{which}({f}), arg_{which}(clip, {f}), median({f})"
        for f in QUALITY_FIELDS
        for which in ("min" if TABLE[f].higher_is_better else "max",)
    )
    query = f"SELECT {keys}, {worst} FROM run WHERE clip IS NOT NULL GROUP BY 1, 2, 3 ORDER BY ALL"  # noqa: S608
    found = {}
    for condition, spec, name, *values in connection.execute(query).fetchall():
        inside = means.pop((condition, spec, name))
        for index, field in enumerate(QUALITY_FIELDS):
            counts, averages = inside[2 * index], inside[2 * index + 1]
            if counts.any():
                figure, clip, median = values[3 * index : 3 * index + 3]
                found[condition, spec, name, field] = (
                    estimate_of_sources(averages[counts > 0], int(counts.sum())),
                    Worst(figure, clip, median),
                )
    return found


def _table(connection: Any, query: str) -> dict[tuple[str, str, str], list[Any]]:
    """Columns of a query, cut where one of its first three, by which it is sorted, changes."""
    columns = [np.ma.getdata(c) for c in connection.execute(query).fetchnumpy().values()]
    keys = columns[:3]
    starts = [
        index
        for index in range(len(keys[0]))
        if index == 0 or any(key[index] != key[index - 1] for key in keys)
    ]
    ends = [*starts[1:], len(keys[0])]
    return {
        (keys[0][a], keys[1][a], keys[2][a]): [column[a:b] for column in columns[3:]]
        for a, b in zip(starts, ends, strict=True)
    }
