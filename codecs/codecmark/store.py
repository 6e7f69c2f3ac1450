"""Rows on disk: one JSON Lines file a run, appended as each codec finishes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from codecmark.errors import InputError, ResultSchemaError
from codecmark.result import ResultRow

ROWS = "rows"


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


def append(results: Path, rows: Sequence[ResultRow]) -> None:
    """Append rows to `results/rows/<run id>.jsonl`, on disk when this returns.

    Absent values without a reason get theirs first, see `ResultRow.explain`.
    """
    folder = results / ROWS
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        row.explain()
    for run_id in dict.fromkeys(row.run_id for row in rows):
        lines = "".join(row.to_json() + "\n" for row in rows if row.run_id == run_id)
        with (folder / f"{run_id}.jsonl").open("a", encoding="utf-8") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())


def run_ids(results: Path) -> list[str]:
    """Return the runs that are stored, oldest first (run ids begin with their UTC time)."""
    return sorted(path.stem for path in (results / ROWS).glob("*.jsonl"))


def read(results: Path, runs: Iterable[str] | None = None) -> list[ResultRow]:
    """Return the rows of `runs`, by default of the newest run.

    A last line without its end was cut off by an interruption and is left out.

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
        raise InputError(f"results: no rows below {results / ROWS}; run `codecmark run` first")
    rows = []
    for run_id in chosen:
        path = results / ROWS / f"{run_id}.jsonl"
        if run_id not in stored:
            raise InputError(f"run: no {run_id!r} in {results / ROWS}")
        try:
            lines = path.read_bytes().split(b"\n")
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        for number, line in enumerate(lines[:-1], start=1):
            try:
                rows.append(ResultRow.from_json(line.decode("utf-8")))
            except (ResultSchemaError, UnicodeDecodeError) as error:
                raise ResultSchemaError(f"{path} line {number}: {error}") from error
    if not rows:
        raise InputError(f"results: {results / ROWS} holds no whole row")
    return rows
