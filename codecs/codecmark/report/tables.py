"""The leaderboard's tables as data for the page: text, what it sorts by, tone and reason."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codecmark import catalog
from codecmark.analysis.aggregation import ALL
from codecmark.analysis.summary import Summary
from codecmark.leaderboard.cell import Cell, Column
from codecmark.leaderboard.columns import EVIDENCE
from codecmark.leaderboard.sections import Section, sections
from codecmark.leaderboard.targets import passes_all
from codecmark.results.row import ResultRow
from codecmark.review.judgement import Judged
from codecmark.system.counting import counted

_TONES = ("pass", "fail", "undecided")


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
        Passes every hard requirement.
    is_sentinel : bool
        Only checks the scales; stays behind the codecs.
    """

    spec: str
    evidence: str
    reason: str
    unmeasured: bool
    meets_all: bool
    is_sentinel: bool
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


def tables(rows: Sequence[ResultRow], judged: Mapping[str, Judged]) -> list[Table]:
    """Return every table of the leaderboard; `judged` is by condition.

    Codecs stand in the order of the review, the recommended one first and sentinels last.
    """
    return [
        _table(section, judged.get(section.condition)) for section in sections(rows, judged=judged)
    ]


def _table(section: Section, judged: Judged | None) -> Table:
    columns = _in_order(section)
    headings = tuple(
        Heading(
            c.heading, c.meaning, c.is_text, c.higher_is_better,
            judged is None and section.order.endswith(f" {c.key}"),
        )
        for c in columns
    )  # fmt: skip
    view = {"published": "published audio"}.get(section.kind, section.clip_class)
    lines = [_line(columns, summary, judged) for summary in section.summaries]
    place: dict[str, int] = {}
    if judged is not None:
        ranked = [judged.recommended or "", *judged.candidates]
        place = {spec: n for n, spec in enumerate(dict.fromkeys(ranked))}
    lines.sort(
        key=lambda line: (line.is_sentinel, line.unmeasured, place.get(line.spec, len(place)))
    )
    return Table(
        section.kind, section.condition, section.clip_class,
        "all clips" if view == ALL else view, section.order, headings, tuple(lines),
    )  # fmt: skip


def _in_order(section: Section) -> list[Column]:
    """Return the columns, the codec first and verdicts next: a phone shows four or five."""
    first, *others = section.columns
    return [first, *sorted(others, key=lambda column: not column.is_verdict)]


def _line(columns: Sequence[Column], summary: Summary, judged: Judged | None) -> Line:
    entries = tuple(
        _entry(column.cell(summary), is_text=column.is_text, is_verdict=column.is_verdict)
        for column in columns
    )
    return Line(
        summary.spec,
        evidence(summary),
        reason(summary),
        unmeasured=not summary.scored,
        meets_all=passes_all(judged, summary.spec),
        is_sentinel=catalog.is_sentinel(summary.rows[0].family),
        entries=entries,
    )


def _entry(cell: Cell, *, is_text: bool, is_verdict: bool) -> Entry:
    first = re.split(r"\W", cell.text, maxsplit=1)[0]
    tone = first if is_verdict and first in _TONES else ""
    if is_text:
        return Entry(cell.text, cell.text, tone)
    # an exact copy ranks above every number; JSON and the page have no infinity
    sort = 1e308 if cell.rank is not None and math.isinf(cell.rank) else cell.rank
    return Entry(cell.text, sort, tone)


def evidence(summary: Summary) -> str:
    """Return what kind of evidence a codec is, as the leaderboard writes it."""
    return EVIDENCE.cell(summary).text


def reason(summary: Summary) -> str:
    """Say why a codec lacks figures, with the remedy; empty for one that lacks none."""
    broken = [row for row in summary.rows if row.status != "ok"]
    if broken:
        where = (
            f" on {len(broken)} of {counted(summary.attempted, 'clip')}" if broken[0].clip else ""
        )
        return f"{broken[0].status}{where}: {broken[0].reason or 'no reason was stored'}"
    if summary.scored:
        return ""
    return next((row.reasons["snr_db"] for row in summary.rows if "snr_db" in row.reasons), "")
