"""Files of earlier schemas become files of this one, in place."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from codecmark.errors import ResultSchemaError
from codecmark.results import parquet, store
from codecmark.results.lines import LineReader, LineWriter
from codecmark.results.row import SCHEMA_VERSION, ResultRow


@dataclass(frozen=True)
class Migrated:
    """A file of rows.

    Attributes
    ----------
    rows : int
        How many it has.
    changes : str
        What was done to it; empty for one that was left alone.
    """

    path: Path
    rows: int
    changes: str


def migrate(results: Path) -> Iterator[Migrated]:
    """Bring every run below `results` to this schema, one after the other.

    A file is written beside the old one, read back and compared row by row, and only then takes
    its place: an interruption leaves the one or the other. To do so again changes nothing.

    Raises
    ------
    InputError
        If a run is being written to.
    ResultSchemaError
        If a line is damaged: names file and line; that file stays as it is.
    """
    for run_id in store.run_ids(results):
        path = results / store.ROWS / f"{run_id}.jsonl"
        with store.locked(results, run_id):
            if path.with_suffix(".parquet").is_file():
                yield _parquet(path.with_suffix(".parquet"))
            if path.is_file():
                yield _lines(path)


def _lines(path: Path) -> Migrated:
    reader = LineReader()
    rows = list(reader.rows(path))
    earlier = sorted(reader.schemas - {SCHEMA_VERSION})
    if not earlier:
        return Migrated(path, len(rows), "")
    part = path.with_suffix(".jsonl.part")
    _write(part, rows)
    _compare(path, rows, LineReader().rows(part))
    part.replace(path)
    return Migrated(path, len(rows), _upgraded(earlier))


def _parquet(path: Path) -> Migrated:
    count, schemas, has_digest = parquet.state(path)
    earlier = sorted({*schemas} - {SCHEMA_VERSION})
    if not earlier:
        if not has_digest:
            parquet.write_digest(path)
        return Migrated(path, count, "" if has_digest else "its digest was put beside it")
    lines, part = path.with_suffix(".lines.part"), path.with_suffix(".new.part")
    _write(lines, parquet.rows(path))
    part.unlink(missing_ok=True)
    parquet.compact(lines, part)
    _compare(path, parquet.rows(path), parquet.rows(part))
    parquet.put_in_place(part, path)
    lines.unlink()
    return Migrated(path, count, _upgraded(earlier))


def _write(part: Path, rows: Iterable[ResultRow]) -> None:
    writer = LineWriter()
    part.unlink(missing_ok=True)  # of an interruption, or a link
    with part.open("xb") as file:
        for row in rows:
            file.write(writer.lines([row]))
        file.flush()
        os.fsync(file.fileno())


def _compare(path: Path, rows: Iterable[ResultRow], others: Iterable[ResultRow]) -> None:
    for row, other in zip_longest(rows, others):
        if row != other:
            raise ResultSchemaError(
                f"{path}: {'a row' if row is None else row.spec} would not stay what it is, so "
                "nothing was changed; please report this"
            )


def _upgraded(earlier: Iterable[int]) -> str:
    return f"from schema {' and '.join(map(str, earlier))} to {SCHEMA_VERSION}"
