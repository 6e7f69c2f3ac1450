"""Everything the page shows of one condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from codecmark.analysis.aggregation import ALL
from codecmark.corpus.entry import CLASSES
from codecmark.errors import InputError
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.report import svg
from codecmark.report.box import Box
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

_BOARDS = {"overall", "quality", "published"}


@dataclass(frozen=True)
class FrontSummary:
    """Who is on the front over rate, decoding time and a quality, of how many."""

    quality: str
    members: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class ConditionPart:
    """One condition.

    Attributes
    ----------
    box : Box or None
        What was decided under it; None where no codec has coded a clip.
    n_codecs, n_clips : int
        Settings and clips of its rows.
    boards : tuple of Table
        The main table, one for each class of clips, and that of published audio.
    """

    name: str
    box: Box | None
    n_codecs: int
    n_clips: int
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
    boxes: Mapping[str, Box],
    advance: Callable[[str], None],
) -> list[ConditionPart]:
    """Return a part for each condition of the rows.

    Parameters
    ----------
    judged : mapping
        By condition, what the review says.
    boxes : mapping
        By condition, what was decided; the plots single out the codec that it is about.
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
            boxes.get(name),
            advance,
        )
        for name in names
    ]


def _part(
    name: str, rows: Sequence[ResultRow], found: Sequence[Table], judged: Judged | None,
    box: Box | None, advance: Callable[[str], None],
) -> ConditionPart:  # fmt: skip
    option = None if box is None else box.subject
    ours = [table for table in found if table.condition == name]
    boards = tuple(table for table in ours if table.kind in _BOARDS)
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
        box,
        len({row.spec for row in rows}),
        len({row.clip for row in rows if row.clip}),
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
