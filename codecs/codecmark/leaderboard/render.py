"""Tables in the terminal (rich) and in Markdown, from the same columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from codecmark.corpus.entry import CLASSES
from codecmark.errors import InputError
from codecmark.leaderboard.columns import COST, Column, by_class, overall
from codecmark.leaderboard.summary import ALL, Summary, summarise
from codecmark.result import ResultRow

DEFAULT_SORT = "snr_db"
WIDE = 180  # columns, where the output is not a terminal that could say its own
_STYLES = {
    "pass": "green",
    "fail": "red",
    "disputed": "yellow",
    "random": "dim",
    "unavailable": "dim",
    "failed": "red",
}


@dataclass(frozen=True)
class _Section:
    title: str
    columns: Sequence[Column]
    summaries: Sequence[Summary]


def sections(rows: Iterable[ResultRow], sort: str = DEFAULT_SORT) -> list[_Section]:
    """Return the tables of each condition, sorted by the column `sort` where a table has it.

    Raises
    ------
    InputError
        If no table has a column of that key; lists the keys.
    """
    by_condition: dict[str, list[Summary]] = {}
    for summary in summarise(rows):
        by_condition.setdefault(summary.condition, []).append(summary)
    found = []
    for condition, summaries in by_condition.items():
        present = {name for s in summaries for name in s.quality if name != ALL}
        classes = sorted(present, key=CLASSES.index)
        found.append(_Section(f"Leaderboard, {condition}", overall(classes), summaries))
        for name in classes:
            scored = [s for s in summaries if _has_quality(s, name)]
            if scored:
                title = f"Quality on {name}, {condition}"
                found.append(_Section(title, by_class(name), scored))
        coded = [s for s in summaries if s.ok]
        found.append(_Section(f"Cost, {condition}", COST, coded))
    keys = list(dict.fromkeys(c.key for s in found for c in s.columns))
    if sort not in keys:
        raise InputError(f"sort: no column {sort!r}; choose one of {', '.join(keys)}")
    return [_Section(s.title, s.columns, _sorted(s, sort)) for s in found]


def print_leaderboard(
    rows: Sequence[ResultRow], console: Console, sort: str = DEFAULT_SORT
) -> None:
    """Print every table and the notes below them."""
    for section in sections(rows, sort):
        for table in _tables_that_fit(section, console):
            console.print(table)
    for note in notes(rows):
        console.print(f"* {escape(note)}", highlight=False)


def _tables_that_fit(section: _Section, console: Console) -> list[Table]:
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


def _table(section: _Section, columns: Sequence[Column], *, first: bool = True) -> Table:
    title = section.title if first else f"{section.title}, continued"
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for column in columns:
        heading = column.heading.replace(" ", "\n", 1)
        table.add_column(heading, justify="left" if column.is_text else "right", no_wrap=True)
    for summary in section.summaries:
        table.add_row(*(_styled(column.cell(summary).text) for column in columns))
    return table


def markdown(rows: Sequence[ResultRow], sort: str = DEFAULT_SORT) -> str:
    """Return the leaderboard page; the same rows give the same text."""
    first = rows[0]
    parts = [
        "# Leaderboard",
        f"Run `{first.run_id}` on {first.host}; one row a codec, sorted by `{sort}`. "
        "`-` is not measured, `exact` is a lossless copy; the notes at the end say why. "
        "ViSQOL, PESQ and ESTOI predict what listeners would say; they are not listening tests.",
    ]
    for section in sections(rows, sort):
        parts += [f"## {section.title}", _markdown_table(section)]
    parts += ["## Notes", "\n".join(f"- {_cell(note)}" for note in notes(rows))]
    columns = [column for section in sections(rows, sort) for column in section.columns]
    meanings = {c.heading: c.meaning for c in columns if not c.is_text}
    shown = (f"- **{_cell(heading)}**: {_cell(what)}" for heading, what in meanings.items())
    parts += ["## Columns", "\n".join(shown)]
    return "\n\n".join(parts) + "\n"


def write_markdown(rows: Sequence[ResultRow], results: Path) -> Path:
    """Write `results/leaderboard.md` and return its path."""
    results.mkdir(parents=True, exist_ok=True)
    path = results / "leaderboard.md"
    path.write_text(markdown(rows), encoding="utf-8")
    return path


def notes(rows: Sequence[ResultRow]) -> list[str]:
    """Return what the tables cannot say: what failed, what was not measured, and why."""
    found: list[str] = []
    unavailable = [row for row in rows if row.status == "unavailable"]
    found += _grouped("not available here", [(r.spec, r.reason or "") for r in unavailable])
    failed = [row for row in rows if row.status == "failed"]
    found += _grouped("failed", [(f"{r.spec} on {r.clip}", r.reason or "") for r in failed])
    untrained = [row for row in rows if row.weights == "random" and row.status == "ok"]
    found += _grouped(
        "speed, memory and rate only, on one short clip",
        [(row.spec, row.reasons.get("snr_db", "")) for row in untrained],
    )
    moved = [row for row in rows if row.lag_samples]
    found += _grouped(
        "not where its declared delay puts it (scored after alignment)",
        [(row.spec, f"{row.lag_samples:+d} samples on {row.clip}") for row in moved],
    )
    hosts = sorted({row.host for row in rows if row.host})
    if len(hosts) > 1:
        found.append(f"speeds come from {len(hosts)} machines and must not be compared: {hosts}")
    return found


def _grouped(what: str, items: Sequence[tuple[str, str]]) -> list[str]:
    groups: dict[str, list[str]] = {}
    for name, reason in items:
        groups.setdefault(reason, []).append(name)
    return [
        f"{', '.join(dict.fromkeys(names))}: {what}: {reason}" for reason, names in groups.items()
    ]


def _has_quality(summary: Summary, clip_class: str) -> bool:
    quality = summary.quality.get(clip_class, {}).values()
    return any(q.estimate is not None or q.infinite for q in quality)


def _sorted(section: _Section, sort: str) -> list[Summary]:
    column = next((c for c in section.columns if c.key == sort), None)
    if column is None:  # by class: the same metric of that class
        column = next((c for c in section.columns if c.key.endswith(f".{sort}")), None)
    if column is None:
        return list(section.summaries)
    chosen = column

    def key(summary: Summary) -> tuple[bool, float, str]:
        cell = chosen.cell(summary)
        if chosen.is_text:
            return False, 0.0, cell.text
        if cell.rank is None:
            return True, 0.0, summary.spec
        return False, -cell.rank if chosen.higher_is_better else cell.rank, summary.spec

    return sorted(section.summaries, key=key)


def _styled(text: str) -> str:
    style = _STYLES.get(text.partition(":")[0])
    return f"[{style}]{escape(text)}[/{style}]" if style else escape(text)


def _markdown_table(section: _Section) -> str:
    lines = [
        "| " + " | ".join(_cell(c.heading) for c in section.columns) + " |",
        "| " + " | ".join("---" if c.is_text else "---:" for c in section.columns) + " |",
    ]
    for summary in section.summaries:
        cells = (_cell(column.cell(summary).text) for column in section.columns)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Escape what Markdown or the HTML it becomes would act on."""
    for plain, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "\\|")):
        text = text.replace(plain, safe)
    return text
