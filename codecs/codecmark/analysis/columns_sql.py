"""The columns of `aggregation` from a Parquet run, a few codecs at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from codecmark.analysis.aggregation import Columns
from codecmark.metrics.table import QUALITY_FIELDS

ROWS_AT_ONCE = 250_000  # some 40 MB
Key = tuple[str, str]  # condition, spec


def clips_by_class(connection: Any) -> dict[Key, dict[str, int]]:
    """Count the clips of each class by condition and spec, and by condition and "" of any codec.

    `connection` has the run as the view `run`; clips without a class stand under the empty name.
    """
    counts: dict[Key, dict[str, int]] = defaultdict(dict)
    for spec in ("spec", "''"):
        query = f"""
            SELECT condition, {spec}, coalesce(clip_class, ''), count(DISTINCT clip) FROM run
            WHERE clip IS NOT NULL GROUP BY ALL ORDER BY ALL
        """  # noqa: S608 - names of our own
        for condition, name, clip_class, count in connection.execute(query).fetchall():
            counts[condition, name][clip_class] = count
    return counts


def columns(
    connection: Any, exact: Mapping[Key, Mapping[tuple[str, str], int]]
) -> Iterator[tuple[Key, Columns]]:
    """Yield the columns of every codec; `exact` are the counts of exact copies that go with them.

    `connection` has the run as the view `run`. Names come as numbers: a million texts would take
    more memory than all figures.
    """
    connection.execute("""
        CREATE TEMP TABLE codecs AS
            SELECT *, row_number() OVER (ORDER BY first_row) - 1 AS codec FROM (
                SELECT condition, spec, count(clip) AS clips, min(file_row_number) AS first_row
                FROM run GROUP BY ALL);
        CREATE TEMP TABLE names AS
            SELECT name, row_number() OVER () - 1 AS number FROM (
                SELECT clip AS name FROM run WHERE clip IS NOT NULL
                UNION SELECT source FROM run WHERE source IS NOT NULL);
    """)
    names = _texts(connection, "SELECT name FROM names ORDER BY number")
    classes = _texts(connection, "SELECT DISTINCT coalesce(clip_class, '') FROM run ORDER BY 1")
    codecs = connection.execute("SELECT condition, spec, clips FROM codecs ORDER BY codec")
    for first, batch in _batches(codecs.fetchall()):
        query = f"""
            SELECT codec, clips.number AS clip, sources.number AS source,
                list_position({classes}, coalesce(clip_class, '')) - 1 AS class,
                {", ".join(f"coalesce({f}, 'NaN'::DOUBLE) AS {f}" for f in QUALITY_FIELDS)}
            FROM run JOIN codecs USING (condition, spec)
                JOIN names AS clips ON clips.name = run.clip
                JOIN names AS sources ON sources.name = coalesce(run.source, run.clip)
            WHERE codec BETWEEN {first} AND {first + len(batch) - 1}
            ORDER BY codec, file_row_number
        """  # noqa: S608
        read = {k: np.ma.getdata(v) for k, v in connection.execute(query).fetchnumpy().items()}
        edges = np.searchsorted(read["codec"], np.arange(first, first + len(batch) + 1))
        for (condition, spec, _), start, end in zip(batch, edges, edges[1:], strict=False):
            part = {name: column[start:end] for name, column in read.items()}
            yield (condition, spec), Columns(
                part["clip"], part["source"], part["class"],
                {name: part[name] for name in QUALITY_FIELDS}, names, classes,
                exact.get((condition, spec), {}),
            )  # fmt: skip


def _batches(codecs: Sequence[tuple[str, str, int]]) -> Iterator[tuple[int, list[Any]]]:
    """Cut the codecs where enough rows have come together; yield the first's number and all."""
    first, batch, n_rows = 0, [], 0
    for number, codec in enumerate(codecs):
        batch.append(codec)
        n_rows += codec[2]
        if n_rows >= ROWS_AT_ONCE or number == len(codecs) - 1:
            yield first, batch
            first, batch, n_rows = number + 1, [], 0


def _texts(connection: Any, query: str) -> list[str]:
    return [text for (text,) in connection.execute(query).fetchall()]
