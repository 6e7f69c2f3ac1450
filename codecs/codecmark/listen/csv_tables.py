"""Tables as CSV: read in bounded size, and written so that no spreadsheet computes a name."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from pathlib import Path

from codecmark.errors import InputError

_LARGEST_BYTES = 64 * 2**20
_MOST_LINES = 1_000_000
_MOST_COLUMNS = 200
_LONGEST_NUMBER = 64
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_FORMULA = re.compile("'*[=+\\-@\uff1d\uff0b\uff0d\uff20]")  # how one begins in spreadsheets


def read_csv(
    path: Path, columns: Sequence[str], optional: Sequence[str] = ()
) -> list[dict[str, str]]:
    """Read some columns of a CSV table; every cell is text without outer blanks.

    Raises
    ------
    InputError
        If it cannot be read, lacks one of `columns`, has one of all twice or too many columns, a
        line has too many or too few cells, or there are too many lines.
    """
    try:
        text = bounded_bytes(path).decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        names = [name.strip() for name in next(reader, ())]
        if len(names) > _MOST_COLUMNS:
            raise InputError(f"{path}: {len(names)} columns, more than {_MOST_COLUMNS}")
        kept = (*columns, *optional)
        if twice := [name for name in kept if names.count(name) > 1]:
            raise InputError(f"{path}: column {twice[0]!r:.40} is there twice; leave one out")
        if lacking := [name for name in columns if name not in names]:
            has = ", ".join(names)
            raise InputError(f"{path}: no column {lacking[0]!r}; it has {has:.400}")
        at = {name: names.index(name) for name in kept if name in names}
        lines: list[dict[str, str]] = []
        for cells in reader:
            if not cells:  # an empty line
                continue
            if len(cells) != len(names):
                raise InputError(f"{path} line {reader.line_num}: {len(names)} cells are needed")
            if len(lines) == _MOST_LINES:
                raise InputError(f"{path}: more than {_MOST_LINES} lines; split the table")
            lines.append({name: cells[place].strip() for name, place in at.items()})
    except (csv.Error, UnicodeError) as error:
        raise InputError(f"{path}: cannot be read as CSV ({error})") from error
    return lines


def number(text: str, where: str) -> float:
    """Return a cell as a finite number, or raise `InputError`."""
    is_number = len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text)
    value = float(text) if is_number else math.nan
    if not math.isfinite(value):
        raise InputError(f"{where}: {text!r:.40} is no number")
    return value


def shielded(name: str) -> str:
    """Return a name as a cell that no spreadsheet takes for a formula."""
    return f"'{name}" if _FORMULA.match(name) else name


def unshielded(cell: str) -> str:
    """Return the name that such a cell holds."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def written(columns: Sequence[str], lines: Sequence[tuple[Sequence[str], Sequence[str]]]) -> str:
    """Return a table whose lines begin with names, whatever they hold, and end with figures."""
    text = io.StringIO()
    # many spreadsheets take a semicolon or a tab for the end of a cell that is not quoted
    ends = any(mark in name for names, _ in lines for name in names for mark in ";\t")
    dialect = "unix" if ends else "excel"  # the former quotes every cell
    writer = csv.writer(text, dialect, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([*map(shielded, names), *figures] for names, figures in lines)
    return text.getvalue()


def bounded_bytes(path: Path, most_bytes: int = _LARGEST_BYTES) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    InputError
        If it is larger, or cannot be read.
    """
    try:
        if path.stat().st_size > most_bytes:
            raise InputError(f"{path}: larger than {most_bytes >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
