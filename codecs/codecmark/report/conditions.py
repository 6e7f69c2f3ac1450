"""Everything the page shows of one condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from codecmark.analysis.aggregation import ALL
from codecmark.corpus.entry import CLASSES
from codecmark.errors import InputError
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.report import svg
from codecmark.report.charts import (
    Chart,
    palette,
    rate_distortion,
    three_axes,
    time_quality,
)
from codecmark.report.clips import ClipTable, per_clip
from codecmark.report.deltas import DeltaTable, delta_tables
from codecmark.report.tables import Table, tables
from codecmark.results.row import ResultRow
from codecmark.review.judgement import Judged


@dataclass(frozen=True)
class FrontSummary:
    """Who is on the front over rate, decoding time and a quality, of how many."""

    quality: str
    members: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class ConditionPart:
    """One condition; `boards` are the main table and one for each class of clips."""

    name: str
    boards: tuple[Table, ...]
    worst: tuple[Table, ...]
    cost: tuple[Table, ...]
    evidence: tuple[str, ...]
    legend: tuple[tuple[str, int], ...]
    charts: tuple[tuple[Chart, str], ...]
    front: FrontSummary | None
    deltas: tuple[DeltaTable, ...]
    clips: ClipTable


def condition_parts(
    rows: Sequence[ResultRow],
    judged: Mapping[str, Judged],
    option: str | None,
    advance: Callable[[str], None],
) -> list[ConditionPart]:
    """Return a part for each condition of the rows.

    Parameters
    ----------
    judged : mapping
        By condition, what the review says.
    option : str or None
        The codec that the plots single out.
    advance : callable
        Told what is being drawn.

    Raises
    ------
    UnavailableError
        If matplotlib is not installed.
    """
    found = tables(rows, judged)
    names = dict.fromkeys(row.condition for row in rows)
    return [
        _part(
            name,
            [row for row in rows if row.condition == name],
            found,
            judged.get(name),
            option,
            advance,
        )
        for name in names
    ]


def _part(
    name: str, rows: Sequence[ResultRow], found: Sequence[Table], judged: Judged | None,
    option: str | None, advance: Callable[[str], None],
) -> ConditionPart:  # fmt: skip
    ours = [table for table in found if table.condition == name]
    boards = tuple(table for table in ours if table.kind in {"overall", "quality"})
    classes = sorted({row.clip_class for row in rows if row.clip_class}, key=CLASSES.index)
    targets: dict[str, dict[str, float]] = {}
    if judged is not None:
        targets = {each: judged.requirements.thresholds(each) for each in (ALL, *classes)}
    charts = [
        *rate_distortion(rows, classes, option, targets),
        *time_quality(rows, classes, option, targets),
    ]
    drawings = []
    for chart in charts:
        advance(chart.title)
        drawings.append((chart, svg.draw(chart)))
    return ConditionPart(
        name,
        boards,
        tuple(table for table in ours if table.kind == "worst"),
        tuple(table for table in ours if table.kind == "cost"),
        tuple(dict.fromkeys(line.evidence for line in boards[0].lines)),
        _legend(rows),
        tuple(drawings),
        _front(rows, classes),
        tuple(delta_tables(rows, classes)),
        per_clip(rows),
    )


def _legend(rows: Sequence[ResultRow]) -> tuple[tuple[str, int], ...]:
    """Return the families, those that share a colour under one entry."""
    names: dict[int, list[str]] = {}
    for family, colour in palette(rows).items():
        names.setdefault(colour, []).append(family)
    return tuple((", ".join(families), colour) for colour, families in names.items())


def _front(rows: Sequence[ResultRow], classes: Sequence[str]) -> FrontSummary | None:
    clip_class = classes[0] if classes else None
    try:
        found = three_axes(rows, clip_class, VISQOL_FIELD)
    except InputError:  # times of several hosts, or nothing scored
        return None
    if not found.values:
        return None
    return FrontSummary(
        f"{TABLE[VISQOL_FIELD].label} on {clip_class}", found.members, len(found.values)
    )
