"""Rows on disk: one JSON Lines file per run, appended row by row; `lines` says what is in one.

A file can be extended by a later session and joined with another by `cat`.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from filelock import FileLock, Timeout
from msgspec.structs import replace

from codecmark.errors import InputError, ResultSchemaError
from codecmark.results import parquet
from codecmark.results.lines import REMEDY, LineReader, LineWriter, is_torn, row_digest, unsealed
from codecmark.results.row import ResultRow, parse_line
from codecmark.system import whole_files

ROWS = "rows"
SHARDS = "shards"
_LOCKS = ".locks"


def prepare(results: Path) -> None:
    """Create `results/rows` and try to write there: before hours of measuring, not after.

    Raises
    ------
    InputError
        If it is not a folder that can be written to, or lies behind a link.
    """
    folder = results / ROWS
    try:
        whole_files.make_folder(folder, results)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise InputError(whole_files.cannot_write(folder, error)) from error
        raise InputError(
            f"cannot write to {folder} ({error.strerror}); name a folder that can be written to"
        ) from error


class Writer:
    """Appends rows to one run's file; see `writing`."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._writer = LineWriter()

    def add(self, rows: Sequence[ResultRow]) -> None:
        """Append rows, on disk when this returns, all of them or none.

        Raises
        ------
        InputError
            If they cannot be written, as on a full disk; what was there before stays.
        """
        end = self._file.seek(0, os.SEEK_END)
        lines = memoryview(self._writer.lines(rows))
        try:
            while lines:
                lines = lines[self._file.write(lines) or 0 :]
            os.fsync(self._file.fileno())
        except OSError as error:
            self._writer = LineWriter()  # its headings may be among what was not written
            with suppress(OSError):
                self._file.truncate(end)
            raise InputError(
                f"{self._file.name}: cannot be written ({error.strerror}); the rows before are "
                "stored, and the same command goes on"
            ) from error


@contextmanager
def writing(results: Path, run_id: str) -> Iterator[Writer]:
    """Open `results/rows/<run id>.jsonl` for appending, for one writer at a time.

    A last line that an interruption cut off is removed first; one that only lost its end gets it.

    Raises
    ------
    InputError
        If another process is writing to it, or it is a link or lies behind one.
    ResultSchemaError
        If the last line lost its end and is damaged; nothing is changed then.
    """
    with locked(results, run_id), _opened(results, run_id) as file:
        try:
            yield Writer(file)
        finally:
            if not os.fstat(file.fileno()).st_size:  # an empty file would hide a Parquet one
                (results / ROWS / f"{run_id}.jsonl").unlink(missing_ok=True)


@contextmanager
def _opened(results: Path, run_id: str) -> Iterator[FileIO]:
    """Open the file of a run that is locked, and mend its end."""
    path = results / ROWS / f"{run_id}.jsonl"
    try:
        file = whole_files.open_inside(path, results)
    except OSError as error:
        raise InputError(whole_files.cannot_write(path, error)) from error
    with file:
        _mend_end(file)
        yield file


@contextmanager
def locked(results: Path, run_id: str) -> Iterator[None]:
    """Keep other processes from writing to a run.

    Raises
    ------
    InputError
        If one is writing to it, or its file is a link or lies behind one: in a folder that somebody
        else made, it may lead to anything.
    """
    lock = results / _LOCKS / f"{run_id}.lock"
    path = results / ROWS / f"{run_id}.jsonl"
    try:
        for file in (path, lock):
            whole_files.make_folder(file.parent, results)
            whole_files.refuse_link(file)
    except OSError as error:
        raise InputError(whole_files.cannot_write(path, error)) from error
    try:
        with FileLock(lock, blocking=False):
            yield
    except Timeout as error:
        raise InputError(
            f"{path}: another run is writing to it; wait for its end, or name another --out"
        ) from error


def _mend_end(file: FileIO) -> None:
    """Cut off a torn last line, or end a whole one; what is neither is not this function's."""
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
    if start == end:
        return
    file.seek(start)
    line = file.read(end - start)
    if is_torn(line):
        file.truncate(start)
        return
    try:
        parse_line(unsealed(line)[0])
    except ResultSchemaError as error:
        raise ResultSchemaError(f"{file.name}, its last line: {error}; {REMEDY}") from error
    file.write(b"\n")


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
    """Return the Parquet file that holds all of a run, by default the newest; None without one."""
    stored = run_ids(results)
    path = results / ROWS / f"{run_id or (stored[-1] if stored else '')}.parquet"
    return path if path.is_file() and not path.with_suffix(".jsonl").exists() else None


def compact(results: Path, run_id: str) -> int:
    """Turn a run's lines into Parquet, see `results.parquet`; return how many rows it has.

    The lines are removed only once the new file is on disk and was read back, and holds every
    current row as it was.

    Raises
    ------
    InputError
        If another process is writing to the run, its file is a link or lies behind one, or it holds
        no whole row.
    ResultSchemaError
        If a line is damaged, or a row would not stay what it is; nothing is changed then.
    """
    target = results / ROWS / f"{run_id}.parquet"
    lines = target.with_suffix(".jsonl")
    with locked(results, run_id):
        expected = _digests(rows_of(results, run_id))  # before anything is cut off
        if not expected:
            raise InputError(f"{lines}: holds no whole row; nothing was changed")
        with _opened(results, run_id):
            pass
        count = parquet.compact(lines, target, lambda part: _require_same(part, expected))
        lines.unlink()
    return count


def _digests(rows: Iterable[ResultRow]) -> dict[tuple[object, ...], str]:
    """Return the digest of each current row of a run, see `latest`, by what it is of."""
    digests: dict[int, str] = {}
    marks = []
    for number, row in enumerate(rows):
        digests[number] = row_digest(row)
        marks.append(replace(row, run_id=str(number), versions={}, reasons={}, notes={}))
    return {mark.identity: digests[int(mark.run_id)] for mark in latest(marks)}


def _require_same(part: Path, expected: dict[tuple[object, ...], str]) -> None:
    """Raise `ResultSchemaError` unless a Parquet file holds these rows and no others."""
    found = {row.identity: row_digest(row) for row in parquet.rows(part)}
    if found != expected:
        raise ResultSchemaError(
            f"{part.name}: {len(expected)} rows would not stay what they are, so nothing was "
            "changed; please report this"
        )


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
    """Return the current rows of one run, given all in the order in which they were made.

    The last row of each codec, clip, condition and axes; of a codec whose weights have come or
    gone, only rows with those of its last row; that a codec could not be built, only where it has
    no other row.
    """
    last: dict[tuple[object, ...], ResultRow] = {}
    weights: dict[tuple[str, str], tuple[str | None, str | None]] = {}
    for row in rows:
        identity = row.identity
        last.pop(identity, None)
        last[identity] = row
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
    """Yield every whole row of a run in the order in which they were made; raises as `read`."""
    path = results / ROWS / f"{run_id}.jsonl"
    compacted = path.with_suffix(".parquet")
    if compacted.is_file():
        yield from parquet.rows(compacted)
        if not path.exists():
            return
    yield from LineReader().rows(path)
