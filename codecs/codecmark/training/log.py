"""CSV logs of a run, which may gain columns, and are cut to the last checkpoint on resuming."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping
from pathlib import Path


def append(path: Path, row: Mapping[str, float]) -> None:
    """Append a line; new columns are empty in the earlier lines."""
    columns = _columns(path)
    if columns is None or not set(row) <= set(columns):
        columns = [*dict.fromkeys([*(columns or ()), *row])]
        _rewrite(path, columns)
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.DictWriter(file, columns).writerow({k: _short(v) for k, v in row.items()})


def forget_after(path: Path, step: int) -> None:
    """Drop the lines that a killed run wrote after its last checkpoint."""
    columns = _columns(path)
    if columns is not None:
        _rewrite(path, columns, lambda row: int(row["step"]) <= step)


def read(path: Path) -> list[dict[str, str]]:
    """Return a log's lines; none if there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _columns(path: Path) -> list[str] | None:
    if not path.is_file():
        return None
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file).fieldnames or ())


def _rewrite(
    path: Path, columns: list[str], keep: Callable[[dict[str, str]], bool] | None = None
) -> None:
    rows = [row for row in read(path) if keep is None or keep(row)]
    part = path.with_suffix(".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows(rows)
    os.replace(part, path)  # noqa: PTH105


def _short(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6g}"
