"""Damaged row files: which lines are damaged, and keeping all the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from msgspec.structs import replace

from codecmark.errors import InputError, ResultSchemaError
from codecmark.results import consistency, lines, parquet, store
from codecmark.results.lines import LineReader, LineWriter
from codecmark.results.row import ResultRow
from codecmark.system import whole_files

ASIDE = ".damaged"  # added to the name of a row file, for the lines that were taken out of it


@dataclass(frozen=True)
class Damage:
    """A line that is not what was written, or a whole Parquet file.

    Attributes
    ----------
    path : Path
    line : int or None
        From 1; None for a file.
    problem : str
    """

    path: Path
    line: int | None
    problem: str

    def __str__(self) -> str:
        where = "" if self.line is None else f" line {self.line}"
        return f"{self.path}{where}: {self.problem}"


@dataclass(frozen=True)
class _Line:
    """A line, what it holds and what is wrong with it."""

    number: int
    content: bytes
    row: ResultRow | None = None
    problem: str = ""
    lacks_versions: bool = False


def damages(results: Path, run_id: str) -> list[Damage]:
    """Return what is damaged in a run; every line of it is read as a row.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    path = _path(results, run_id)
    found: list[Damage] = []
    compacted = path.with_suffix(".parquet")
    if compacted.is_file():
        try:
            for row in parquet.rows(compacted):
                if problem := consistency.problem(row):
                    where = f"{row.spec} on {row.clip}: {problem}"
                    found.append(Damage(compacted, None, where))
        except ResultSchemaError as error:
            found.append(Damage(compacted, None, str(error)))
        if not parquet.has_digest(compacted):
            problem = "no digest beside it, so nothing says that it is what was written"
            found.append(Damage(compacted, None, f"{problem}; `codecmark migrate` writes one"))
    if path.exists():
        found += [Damage(path, line.number, line.problem) for line in _read(path) if line.problem]
    return found


def unsealed(results: Path, run_id: str) -> int:
    """Return how many lines of a run have no checksum, as those of schema 1 and 2: nothing says
    whether they are what was written.
    """
    path = _path(results, run_id)
    if not path.exists():
        return 0
    return sum(not lines.is_sealed(line) for _, line in _numbered(path))


def salvage(results: Path, run_id: str) -> tuple[int, Path]:
    """Take the damaged lines out of a run's file; every row of another line stays.

    The lines that are taken out are appended to a file beside it before it is replaced. Rows whose
    table of versions was on a damaged line stay without them, and say so.

    Returns
    -------
    removed : int
        Lines that were taken out.
    aside : Path
        Where they are.

    Raises
    ------
    InputError
        If another process is writing to the run, or a file is a link or cannot be written.
    ResultSchemaError
        If a line is of a newer schema, which is no damage.
    """
    path = _path(results, run_id)
    aside = path.with_name(path.name + ASIDE)
    with store.locked(results, run_id):
        read = list(_read(path)) if path.exists() else []
        newer = [line for line in read if "update codecmark" in line.problem]
        if newer:
            raise ResultSchemaError(f"{path} line {newer[0].number}: {newer[0].problem}")
        removed = [line for line in read if line.problem and not line.lacks_versions]
        if any(line.problem for line in read):
            try:
                whole_files.refuse_link(aside)  # what it leads to would be copied into the folder
                earlier = aside.read_bytes() if aside.exists() else b""
                kept_aside = b"".join(line.content for line in removed)
                whole_files.write_inside(path.parent, aside.name, earlier + kept_aside)
                whole_files.write_inside(path.parent, path.name, b"".join(_kept(read)))
            except OSError as error:
                raise InputError(whole_files.cannot_write(path, error)) from error
    return len(removed), aside


def _path(results: Path, run_id: str) -> Path:
    return results / store.ROWS / f"{run_id}.jsonl"


def _read(path: Path) -> Iterator[_Line]:
    """Yield every line but one that an interruption cut off, and what it holds."""
    reader = LineReader()
    for number, line in _numbered(path):
        whole = line if line.endswith(b"\n") else line + b"\n"
        try:
            row = reader.row(line)
            problem = "" if row is None else consistency.problem(row)
            yield _Line(number, whole, None if problem else row, problem)
        except ResultSchemaError as error:
            row = reader.row_without_versions(line)
            yield _Line(number, whole, row, str(error), lacks_versions=row is not None)


def _numbered(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield every line but one that an interruption cut off, numbered from 1."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    for number, line in enumerate(BytesIO(content), start=1):
        if not lines.is_torn(line):
            yield number, line


def _kept(read: list[_Line]) -> Iterator[bytes]:
    writer = LineWriter()
    for line in read:
        if not line.problem:
            yield line.content
        elif line.row is not None:
            note = {"versions": "they were on a line that was damaged"}
            yield writer.lines([replace(line.row, notes={**line.row.notes, **note})])
