"""The tables of a run: which there are, which codecs are in them, and in what order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codecmark.corpus.entry import CLASSES
from codecmark.errors import InputError
from codecmark.leaderboard.cell import Column
from codecmark.leaderboard.columns import COST, by_class, overall, worst
from codecmark.leaderboard.summary import ALL, Summary, summarise
from codecmark.result import ResultRow

DEFAULT_SORT = "snr_db"


@dataclass(frozen=True)
class Section:
    """One table; `order` says how its codecs are sorted, `page_only` keeps it from terminals."""

    title: str
    columns: Sequence[Column]
    summaries: Sequence[Summary]
    order: str = ""
    page_only: bool = False


def sections(rows: Iterable[ResultRow], sort: str = DEFAULT_SORT) -> list[Section]:
    """Return the tables of each condition, each sorted by the column `sort` where it has one.

    Parameters
    ----------
    sort : str
        Key of a column, or its end after a dot: `pesq_wb` is `speech.pesq_wb` in the table of
        speech.

    Raises
    ------
    InputError
        If no table has a column of that key; lists the keys.
    """
    by_condition: dict[str, list[Summary]] = {}
    for summary in summarise(rows):
        by_condition.setdefault(summary.condition, []).append(summary)
    found = [
        section
        for condition, summaries in by_condition.items()
        for section in _of_condition(condition, summaries, sort)
    ]
    keys = list(dict.fromkeys(c.key for s in found if not s.page_only for c in s.columns))
    if not any(_matches(key, sort) for key in keys):
        raise InputError(f"sort: no column {sort!r}; choose one of {', '.join(keys)}")
    return found


def _of_condition(condition: str, summaries: Sequence[Summary], sort: str) -> list[Section]:
    present = {name for s in summaries for name in s.quality if name != ALL}
    classes = sorted(present, key=CLASSES.index)
    first = _sorted(Section(f"Leaderboard, {condition}", overall(classes), summaries), sort)
    found = [first]
    for name in classes:
        scored = [s for s in summaries if _has_quality(s, name)]
        if scored:
            title = f"Quality on {name}, {condition}"
            found.append(_sorted(Section(title, by_class(name), scored), sort))
    scored = [s for s in first.summaries if any(_has_quality(s, name) for name in classes)]
    if scored:
        order = "the worst figure, its clip, the median over clips; in the order of the first table"
        found.append(
            Section(f"Worst clips, {condition}", worst(classes), scored, order, page_only=True)
        )
    coded = [s for s in summaries if s.ok]
    found.append(_sorted(Section(f"Cost, {condition}", COST, coded), sort))
    return found


def _has_quality(summary: Summary, clip_class: str) -> bool:
    return any(quality.scored for quality in summary.quality.get(clip_class, {}).values())


def _matches(key: str, sort: str) -> bool:
    return key == sort or key.endswith(f".{sort}")


def _sorted(section: Section, sort: str) -> Section:
    column = next((c for c in section.columns if _matches(c.key, sort)), None)
    if column is None:
        order, summaries = "in the order of the run", list(section.summaries)
    else:
        order = f"sorted by {column.key}"
        summaries = sorted(section.summaries, key=lambda summary: _rank(column, summary))
    return Section(section.title, section.columns, summaries, order)


def _rank(column: Column, summary: Summary) -> tuple[bool, float, str]:
    """Best first, what was not measured last."""
    cell = column.cell(summary)
    if column.is_text:
        return False, 0.0, cell.text
    if cell.rank is None:
        return True, 0.0, summary.spec
    return False, -cell.rank if column.higher_is_better else cell.rank, summary.spec
