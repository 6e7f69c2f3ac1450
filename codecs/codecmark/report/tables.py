"""The leaderboard's tables as data for the page: text, what it sorts by, tone and reason."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from codecmark.analysis.aggregation import ALL
from codecmark.analysis.summary import Summary
from codecmark.analysis.verdicts import TARGETS
from codecmark.leaderboard.cell import Cell, Column
from codecmark.leaderboard.sections import Section, sections
from codecmark.results.row import ResultRow

_TARGET_KEYS = frozenset(column.key for column in TARGETS)
_TONES = ("pass", "fail", "disputed")


@dataclass(frozen=True)
class Heading:
    """A column's heading; `meaning` explains it, `sorted` says that the table is in its order."""

    text: str
    meaning: str
    is_text: bool
    higher_is_better: bool
    sorted: bool


@dataclass(frozen=True)
class Entry:
    """One cell; `sort` is None where nothing was measured, `tone` is a verdict or empty."""

    text: str
    sort: float | str | None
    tone: str = ""


@dataclass(frozen=True)
class Line:
    """One codec of a table.

    Attributes
    ----------
    evidence : str
        As the leaderboard writes it.
    reason : str
        Why it has no quality figure, or which of its clips failed; empty otherwise.
    unmeasured : bool
        Greyed.
    meets_all : bool
        Passes every target.
    """

    spec: str
    evidence: str
    reason: str
    unmeasured: bool
    meets_all: bool
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Table:
    """One table; `view` names what it shows in the page's menus."""

    kind: str
    condition: str
    clip_class: str
    view: str
    order: str
    headings: tuple[Heading, ...]
    lines: tuple[Line, ...]


def tables(rows: Sequence[ResultRow]) -> list[Table]:
    """Return every table of the leaderboard, in its order."""
    return [_table(section) for section in sections(rows)]


def _table(section: Section) -> Table:
    columns = _in_order(section)
    headings = tuple(
        Heading(
            c.heading, c.meaning, c.is_text, c.higher_is_better, section.order.endswith(f" {c.key}")
        )
        for c in columns
    )
    view = "all clips" if section.clip_class == ALL else section.clip_class
    lines = tuple(_line(columns, summary) for summary in section.summaries)
    return Table(
        section.kind, section.condition, section.clip_class, view, section.order, headings, lines
    )


def _in_order(section: Section) -> list[Column]:
    """Return the columns, the codec first and verdicts next: a phone shows four or five."""
    first, *others = section.columns
    return [first, *sorted(others, key=lambda column: column.key not in _TARGET_KEYS)]


def _line(columns: Sequence[Column], summary: Summary) -> Line:
    entries = tuple(
        _entry(column.cell(summary), is_text=column.is_text, judged=column.key in _TARGET_KEYS)
        for column in columns
    )
    return Line(
        summary.spec,
        evidence(summary),
        reason(summary),
        unmeasured=not summary.scored,
        meets_all=all(column.cell(summary).text == "pass" for column in TARGETS),
        entries=entries,
    )


def _entry(cell: Cell, *, is_text: bool, judged: bool) -> Entry:
    tone = ""
    if judged:
        first = cell.text.partition(":")[0]
        tone = first if first in _TONES else "some" if cell.rank is not None else ""
    if is_text:
        return Entry(cell.text, cell.text, tone)
    # an exact copy ranks above every number; JSON and the page have no infinity
    sort = 1e308 if cell.rank is not None and math.isinf(cell.rank) else cell.rank
    return Entry(cell.text, sort, tone)


def evidence(summary: Summary) -> str:
    """Return where the learned part comes from, or the status of a codec that did not run."""
    if not summary.ok:
        return summary.rows[0].status
    return summary.weights or ""


def reason(summary: Summary) -> str:
    """Say why a codec lacks figures, with the remedy; empty for one that lacks none."""
    broken = [row for row in summary.rows if row.status != "ok"]
    if broken:
        where = f" on {len(broken)} of {summary.attempted} clips" if broken[0].clip else ""
        return f"{broken[0].status}{where}: {broken[0].reason or 'no reason was stored'}"
    if summary.scored:
        return ""
    return next((row.reasons["snr_db"] for row in summary.rows if "snr_db" in row.reasons), "")
