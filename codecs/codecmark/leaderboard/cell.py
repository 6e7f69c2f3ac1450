"""What every table is made of: a cell, a column, and how figures are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from codecmark.analysis.summary import Summary
from codecmark.metrics.table import TABLE, two_digits

NOTHING = "-"


@dataclass(frozen=True)
class Cell:
    """What is shown, and by what it sorts (None last)."""

    text: str
    rank: float | None = None


@dataclass(frozen=True)
class Column:
    """One column of a table; `is_verdict` where its cells say whether a target is met."""

    key: str
    heading: str
    meaning: str
    cell: Callable[[Summary], Cell]
    higher_is_better: bool = True
    is_text: bool = False
    is_verdict: bool = False


def figure(value: float | None, field: str) -> Cell:
    """Return a figure of a row field as the table of metrics says it is written."""
    metric = TABLE[field]
    if value is None or metric.spans_decades:
        return significant(value)
    return Cell(f"{value:,.{metric.decimals}f}", value)


def significant(value: float | None) -> Cell:
    """Two significant digits or so: real-time factors span six decades."""
    return Cell(NOTHING) if value is None else Cell(two_digits(value), value)
