"""The tables of a run: which there are, which codecs are in them, and in what order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from codecmark.analysis.aggregation import ALL
from codecmark.analysis.listeners import RATINGS
from codecmark.analysis.summary import Summary, summarise
from codecmark.corpus.condition import named
from codecmark.corpus.entry import CLASSES
from codecmark.errors import InputError
from codecmark.leaderboard.cell import Column
from codecmark.leaderboard.columns import COST, by_class, of_channels, overall, rating_column, worst
from codecmark.leaderboard.columns import published as columns_of_published
from codecmark.leaderboard.targets import target_columns
from codecmark.results.row import ResultRow
from codecmark.review.in_force import judged_by_condition
from codecmark.review.judgement import Judged

DEFAULT_SORT = "snr_db"


@dataclass(frozen=True)
class Section:
    """One table.

    Attributes
    ----------
    order : str
        How its codecs are sorted.
    page_only : bool
        Kept from terminals.
    kind, condition, clip_class : str
        What it shows: `overall`, `quality`, `worst`, `cost`, or `published` for audio that others
        decoded; of which condition; and for `quality` of which class of clips.
    """

    title: str
    columns: Sequence[Column]
    summaries: Sequence[Summary]
    order: str = ""
    page_only: bool = False
    kind: str = ""
    condition: str = ""
    clip_class: str = ALL


def sections(
    rows: Sequence[ResultRow],
    sort: str = DEFAULT_SORT,
    judged: Mapping[str, Judged] | None = None,
) -> list[Section]:
    """Return the tables of each condition, each sorted by the column `sort` where it has one.

    Parameters
    ----------
    sort : str
        Key of a column, or its end after a dot: `pesq_wb` is `speech.pesq_wb` in the table of
        speech.
    judged : mapping, optional
        By condition, what the review says; without it, what it says by the requirements that come
        with the package.

    Raises
    ------
    InputError
        If no table has a column of that key; lists the keys.
    """
    if judged is None:
        judged = judged_by_condition(None, rows)
    by_condition: dict[str, list[Summary]] = {}
    for summary in summarise(rows):
        by_condition.setdefault(summary.condition, []).append(summary)
    found = [
        section
        for condition, summaries in by_condition.items()
        for section in _of_condition(condition, summaries, sort, judged.get(condition))
    ]
    keys = list(dict.fromkeys(c.key for s in found if not s.page_only for c in s.columns))
    if not any(_matches(key, sort) for key in keys):
        raise InputError(f"sort: no column {sort!r}; choose one of {', '.join(keys)}")
    return found


def _of_condition(
    condition: str, summaries: Sequence[Summary], sort: str, judged: Judged | None
) -> list[Section]:
    """Return the tables of one condition.

    Published audio has clips of its own: where other codecs ran too it has a table of its own.
    """
    ran = [s for s in summaries if s.weights != "replayed"]
    published = [s for s in summaries if s.weights == "replayed"]
    found = _tables(condition, ran or published, sort, judged)
    if ran and published:
        columns = columns_of_published(_classes(published), target_columns(judged))
        title = f"Published audio, {condition}"
        section = Section(title, columns, published, kind="published", condition=condition)
        section = _sorted(section, sort)
        order = f"{section.order}; each has clips of its own, so no figure compares with another"
        found.append(replace(section, order=order))
    return found


def _tables(
    condition: str, summaries: Sequence[Summary], sort: str, judged: Judged | None
) -> list[Section]:
    classes = _classes(summaries)
    channels = channels_of(condition)
    ratings = [
        rating_column(field)
        for field in RATINGS
        if any(getattr(row, field) is not None for s in summaries for row in s.rows)
    ]
    columns = of_channels(overall(classes, target_columns(judged), ratings), channels)
    first = Section(
        f"Leaderboard, {condition}", columns, summaries, kind="overall", condition=condition
    )
    first = _sorted(first, sort)
    found = [first]
    for name in classes:
        scored = [s for s in summaries if _has_quality(s, name)]
        if scored:
            section = Section(
                f"Quality on {name}, {condition}", of_channels(by_class(name, scored), channels),
                scored, kind="quality", condition=condition, clip_class=name,
            )  # fmt: skip
            found.append(_sorted(section, sort))
    scored = [s for s in first.summaries if any(_has_quality(s, name) for name in classes)]
    if scored:
        order = "the worst figure, its clip, the median over clips; in the order of the first table"
        found.append(
            Section(
                f"Worst clips, {condition}", worst(classes), scored, order, page_only=True,
                kind="worst", condition=condition,
            )
        )  # fmt: skip
    coded = [s for s in summaries if s.ok]
    costs = of_channels(COST, channels)
    cost = Section(f"Cost, {condition}", costs, coded, kind="cost", condition=condition)
    found.append(_sorted(cost, sort))
    return found


def _classes(summaries: Sequence[Summary]) -> list[str]:
    """Return the classes of clips that some codecs were given."""
    present = {name for s in summaries for name in s.quality if name != ALL}
    return sorted(present, key=CLASSES.index)


def channels_of(condition: str) -> int:
    """Return how many channels the clips of a condition have; 1 for one that is not known here."""
    try:
        return named(condition).channels
    except InputError:
        return 1


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
    return replace(section, summaries=summaries, order=order)


def _rank(column: Column, summary: Summary) -> tuple[bool, float, str]:
    """Best first, what was not measured last."""
    cell = column.cell(summary)
    if column.is_text:
        return False, 0.0, cell.text
    if cell.rank is None:
        return True, 0.0, summary.spec
    rank = round(cell.rank, 9)  # sums in another order differ in their last bits: no rank
    return False, -rank if column.higher_is_better else rank, summary.spec
