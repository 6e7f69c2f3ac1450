"""Tables in the terminal (rich) and in Markdown, from the same columns."""

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
from codecmark.leaderboard.cell import Column
from codecmark.leaderboard.curve_tables import Table as PlainTable
from codecmark.leaderboard.curve_tables import tables
from codecmark.leaderboard.notes import notes
from codecmark.leaderboard.sections import DEFAULT_SORT, Section, sections
from codecmark.results.row import ResultRow
from codecmark.review.in_force import judged_by_condition
from codecmark.review.judgement import Judged
from codecmark.system.markdown import escaped
from codecmark.system.markdown import table as markdown_table

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
) -> None:
    """Print every table and the notes below them; `sort` and `judged` as in `sections`."""
    judged = judged_by_condition(None, rows) if judged is None else judged
    for section in (s for s in sections(rows, sort, judged) if not s.page_only):
        for table in _tables_that_fit(section, console):
            console.print(table)
    for plain in (t for t in tables(rows, judged) if not t.page_only):
        console.print(_rich_table(plain))
    for note in notes(rows):
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


def markdown(
    rows: Sequence[ResultRow],
    sort: str = DEFAULT_SORT,
    judged: Mapping[str, Judged] | None = None,
) -> str:
    """Return the leaderboard page; the same rows give the same text.

    `sort` and `judged` as in `sections`.
    """
    judged = judged_by_condition(None, rows) if judged is None else judged
    first = rows[0]
    parts = [
        "# Leaderboard",
        f"Run `{first.run_id}` on {first.host}; one row a codec. `-` is not measured, `exact` is a "
        "lossless copy; the notes at the end say why. `15.0 (1/10)` has a figure for one clip of "
        "ten, `15.0 (9 exact)` is without nine lossless copies. "
        "ViSQOL, PESQ and ESTOI predict what listeners would say; they are not listening tests.",
    ]
    found = sections(rows, sort, judged)
    for section in found:
        order = f"{section.order[:1].upper()}{section.order[1:]}."
        parts += [f"## {section.title}", order, _markdown_table(section)]
    for plain in tables(rows, judged):
        parts += [f"## {plain.title}", escaped(plain.meaning), _plain_table(plain)]
        parts += [escaped(remark) for remark in plain.remarks]
    parts += ["## Notes", "\n".join(f"- {escaped(note)}" for note in notes(rows))]
    columns = [column for section in found for column in section.columns]
    meanings = {c.heading: c.meaning for c in columns if not c.is_text}
    shown = (f"- **{escaped(heading)}**: {escaped(what)}" for heading, what in meanings.items())
    parts += ["## Columns", "\n".join(shown)]
    return "\n\n".join(parts) + "\n"


def write_markdown(
    rows: Sequence[ResultRow], results: Path, judged: Mapping[str, Judged] | None = None
) -> Path:
    """Write `results/leaderboard.md` in the default order and return its path.

    Without `judged`, targets are those of the requirements in `results/decisions`, if any.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    path = results / "leaderboard.md"
    page = markdown(rows, judged=judged or judged_by_condition(results, rows))
    try:
        results.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
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


def _plain_table(plain: PlainTable) -> str:
    return markdown_table(
        [escaped(heading) for heading in plain.headings],
        [[escaped(cell) for cell in row] for row in plain.rows],
        numbers=len(plain.headings) - 1,
    )


def _markdown_table(section: Section) -> str:
    lines = [
        "| " + " | ".join(escaped(c.heading) for c in section.columns) + " |",
        "| " + " | ".join("---" if c.is_text else "---:" for c in section.columns) + " |",
    ]
    for summary in section.summaries:
        cells = (escaped(column.cell(summary).text) for column in section.columns)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
