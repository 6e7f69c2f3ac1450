"""Rows on disk: one JSON Lines file a run, appended row by row.

A line is a row, or a heading `{"schema_version", "versions_id", "versions"}` that the rows below it
name in their `versions`, since thousands of them share the same. A file can be extended by a
later session and joined with another by `cat`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from codecmark.errors import InputError, ResultSchemaError
from codecmark.results import parquet
from codecmark.results.row import SCHEMA_VERSION, ResultRow, parse_line

ROWS = "rows"
SHARDS = "shards"
_HEADING = "versions_id"


def prepare(results: Path) -> None:
    """Create `results/rows` and try to write there: before hours of measuring, not after.

    Raises
    ------
    InputError
        If it is not a folder that can be written to.
    """
    folder = results / ROWS
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"cannot write to {folder} ({error.strerror}); name a folder that can be written to"
        ) from error


class Writer:
    """Appends rows to one run's file; see `writing`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._headings: set[str] = set()

    def add(self, rows: Sequence[ResultRow]) -> None:
        """Append rows, on disk when this returns."""
        lines = []
        for row in rows:
            text = json.dumps(row.versions, sort_keys=True)
            name = hashlib.sha256(text.encode()).hexdigest()[:12]
            if name not in self._headings:
                self._headings.add(name)
                heading = {_HEADING: name, "versions": row.versions}
                lines.append(json.dumps({"schema_version": SCHEMA_VERSION, **heading}))
            lines.append(row.to_json(versions=name))
        self._file.write("".join(line + "\n" for line in lines).encode())
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def writing(results: Path, run_id: str) -> Iterator[Writer]:
    """Open `results/rows/<run id>.jsonl` for appending, for one writer at a time.

    A last line that an interruption cut off is removed first.

    Raises
    ------
    InputError
        If another process is writing to it.
    """
    path = results / ROWS / f"{run_id}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(
                f"{path}: another run is writing to it; wait for its end, or name another --out"
            ) from error
        _cut_torn_end(file)
        yield Writer(file)


def _cut_torn_end(file: IO[bytes]) -> None:
    end = file.seek(0, os.SEEK_END)
    start = end
    while start > 0:
        length = min(start, 1 << 16)
        file.seek(start - length)
        newline = file.read(length).rfind(b"\n")
        if newline >= 0:
            start += newline + 1 - length
            break
        start -= length
    if start < end:
        file.truncate(start)


def append(results: Path, rows: Sequence[ResultRow]) -> None:
    """Append rows to the files of their runs, on disk when this returns."""
    for run_id in dict.fromkeys(row.run_id for row in rows):
        with writing(results, run_id) as writer:
            writer.add([row for row in rows if row.run_id == run_id])


def run_ids(results: Path) -> list[str]:
    """Return the runs that are stored, oldest first (run ids begin with their UTC time)."""
    stored = {path.stem for ending in ("jsonl", "parquet") for path in
              (results / ROWS).glob(f"*.{ending}")}  # fmt: skip
    return sorted(stored)


def compacted(results: Path, run_id: str | None = None) -> Path | None:
    """Return the Parquet file that is all of a run, by default of the newest; None if none is."""
    stored = run_ids(results)
    path = results / ROWS / f"{run_id or (stored[-1] if stored else '')}.parquet"
    return path if path.is_file() and not path.with_suffix(".jsonl").exists() else None


def compact(results: Path, run_id: str) -> int:
    """Turn a run's lines into Parquet, see `results.parquet`; return how many rows it has."""
    target = results / ROWS / f"{run_id}.parquet"
    lines = target.with_suffix(".jsonl")
    with writing(results, run_id):
        count = parquet.compact(lines, target)
        lines.unlink()
    return count


def read(results: Path, runs: Iterable[str] | None = None) -> list[ResultRow]:
    """Return the rows of `runs`, by default of the newest run.

    Of a row and a later one of the same run that replaces it, only the later: see `latest`. A
    last line without its end was cut off by an interruption and is left out.

    Raises
    ------
    InputError
        If there are no rows, or a file cannot be read.
    ResultSchemaError
        If a row is damaged or of a newer schema; names file and line.
    """
    stored = run_ids(results)
    chosen = stored[-1:] if runs is None else list(runs)
    if not chosen:
        raise InputError(
            f"results: no rows below {results / ROWS}; run `codecmark run` first, or "
            "name the folder that has some"
        )
    rows = []
    for run_id in chosen:
        if run_id not in stored:
            raise InputError(f"run: no {run_id!r} in {results / ROWS}")
        rows += latest(rows_of(results, run_id))
    if not rows:
        raise InputError(f"results: {results / ROWS} holds no whole row")
    return rows


def latest(rows: Iterable[ResultRow]) -> list[ResultRow]:
    """Return what counts of one run's rows, which is in the order of their making.

    The last row of each codec, clip, condition and axes; of a codec whose weights have come or
    gone, only rows with those of its last row; that a codec could not be built, only where it has
    no other row.
    """
    last: dict[tuple[object, ...], ResultRow] = {}
    weights: dict[tuple[str, str], tuple[str | None, str | None]] = {}
    for row in rows:
        last.pop(row.identity, None)
        last[row.identity] = row
        if row.clip is not None and row.weights is not None:
            weights[row.spec, row.condition] = row.weights, row.weights_sha256
    return [
        row
        for row in last.values()
        if (row.clip is not None and row.weights is None)  # it broke off before that was known
        or (row.weights, row.weights_sha256)
        == weights.get((row.spec, row.condition), (row.weights, row.weights_sha256))
    ]


def rows_of(results: Path, run_id: str) -> Iterator[ResultRow]:
    """Yield every whole row of a run in the order of their making; raises as `read`."""
    path = results / ROWS / f"{run_id}.jsonl"
    compacted = path.with_suffix(".parquet")
    if compacted.is_file():
        yield from parquet.rows(compacted)
        if not path.exists():
            return
    headings: dict[str, Any] = {}
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n"):  # else an interruption cut it off
                    try:
                        yield from _row(line, headings)
                    except ResultSchemaError as error:
                        raise ResultSchemaError(f"{path} line {number}: {error}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def _row(line: bytes, headings: dict[str, Any]) -> Iterator[ResultRow]:
    """Yield the row of a line, or keep a heading."""
    record = parse_line(line)
    if _HEADING in record:
        headings[record[_HEADING]] = record.get("versions")
        return
    named = record.get("versions")
    if isinstance(named, str):
        if named not in headings:
            raise ResultSchemaError(f"versions: {named!r} is named by no line above")
        record["versions"] = headings[named]
    yield ResultRow.from_record(record)
