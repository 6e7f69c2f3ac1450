"""The tables in the terminal (rich), and the page written beside the rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from codecmark.errors import InputError
from codecmark.leaderboard.board import Board
from codecmark.leaderboard.cell import Column
from codecmark.leaderboard.markdown_page import markdown
from codecmark.leaderboard.plain_table import Table as PlainTable
from codecmark.leaderboard.sections import DEFAULT_SORT, Section, sections
from codecmark.results.row import ResultRow
from codecmark.review.in_force import judged_by_condition
from codecmark.review.judgement import Judged
from codecmark.system import whole_files

__all__ = ["WIDE", "markdown", "print_leaderboard", "write_markdown"]

WIDE = 180  # columns, where the output is not a terminal that could say its own
_STYLES = {
    "pass": "green",
    "fail": "red",
    "undecided": "yellow",
    "random": "dim",
    "unavailable": "dim",
    "failed": "red",
}


def print_leaderboard(
    rows: Sequence[ResultRow],
    console: Console,
    sort: str = DEFAULT_SORT,
    judged: Mapping[str, Judged] | None = None,
    board: Board | None = None,
) -> None:
    """Print every table and the notes below them.

    `sort` and `judged` as in `sections`; `board` is that of the same rows, if there is one.
    """
    judged = judged_by_condition(None, rows) if judged is None else judged
    board = board or Board(rows, judged)
    for section in (s for s in sections(rows, sort, judged) if not s.page_only):
        for table in _tables_that_fit(section, console):
            console.print(table)
    for plain in (t for t in board.curves if not t.page_only):
        console.print(_rich_table(plain))
    for note in board.notes:
        console.print(f"* {escape(note)}", highlight=False)


def _tables_that_fit(section: Section, console: Console) -> list[Table]:
    """Split the columns over as many tables as the width asks for, the codec first in each."""
    codec, *others = section.columns
    groups: list[list[Column]] = [[codec]]
    for column in others:
        wider = _table(section, [*groups[-1], column])
        needed = Measurement.get(console, console.options.update(max_width=10_000), wider).maximum
        if needed > console.width and len(groups[-1]) > 1:
            groups.append([codec])
        groups[-1].append(column)
    return [_table(section, group, first=group is groups[0]) for group in groups]


def _table(section: Section, columns: Sequence[Column], *, first: bool = True) -> Table:
    title = f"{section.title}, {section.order if first else 'continued'}"
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for column in columns:
        heading = column.heading.replace(" ", "\n", 1)
        table.add_column(heading, justify="left" if column.is_text else "right", no_wrap=True)
    for summary in section.summaries:
        table.add_row(*(_styled(column.cell(summary).text) for column in columns))
    return table


def write_markdown(
    rows: Sequence[ResultRow],
    results: Path,
    judged: Mapping[str, Judged] | None = None,
    board: Board | None = None,
) -> Path:
    """Write `results/leaderboard.md` in the default order and return its path.

    Without `judged`, targets are those of the requirements in `results/decisions`, if any;
    `board` as in `print_leaderboard`.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    path = results / "leaderboard.md"
    judged = judged or judged_by_condition(results, rows)
    page = markdown(rows, judged=judged, board=board)
    try:
        whole_files.write_inside(results, path.name, page)
    except OSError as error:
        raise InputError(whole_files.cannot_write(path, error)) from error
    return path


def _styled(text: str) -> str:
    style = _STYLES.get(re.split(r"\W", text, maxsplit=1)[0])
    return f"[{style}]{escape(text)}[/{style}]" if style else escape(text)


def _rich_table(plain: PlainTable) -> Table:
    table = Table(title=plain.title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for heading in plain.headings:
        table.add_column(heading, overflow="fold")
    for row in plain.rows:
        table.add_row(*map(_styled, row))
    return table
