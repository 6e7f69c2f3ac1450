"""What every table is made of: a cell, a column, and how figures are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from codecmark.analysis.summary import Summary
from codecmark.metrics.table import TABLE

NOTHING = "-"


@dataclass(frozen=True)
class Cell:
    """What is shown, and by what it sorts (None last)."""

    text: str
    rank: float | None = None


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    key: str
    heading: str
    meaning: str
    cell: Callable[[Summary], Cell]
    higher_is_better: bool = True
    is_text: bool = False


def figure(value: float | None, field: str) -> Cell:
    """Return a figure of a row field as the table of metrics says it is written."""
    metric = TABLE[field]
    if value is None or metric.spans_decades:
        return significant(value)
    return Cell(f"{value:,.{metric.decimals}f}", value)


def significant(value: float | None) -> Cell:
    """Two significant digits or so: real-time factors span six decades."""
    if value is None:
        return Cell(NOTHING)
    if value < 0.0001:
        return Cell(f"{value:.0e}", value)
    digits = 4 if value < 0.01 else 3 if value < 0.1 else 2
    return Cell(f"{value:.{digits}f}", value)
