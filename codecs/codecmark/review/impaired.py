"""Rows of clips that went through more than the codec, for the requirements that name such axes.

A requirement with `axes` is judged by the rows of its combination, every other one by the rows of
the table. No figure is made of two combinations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from codecmark.analysis.aggregation import ALL
from codecmark.errors import CodecmarkError
from codecmark.measure.impairments import naming
from codecmark.measure.impairments.treatment import Treatment
from codecmark.results import axes, store
from codecmark.results.row import AXES, ResultRow
from codecmark.review.figure import NO_ROWS, Figure
from codecmark.review.figures import Figures
from codecmark.review.requirements import Requirements
from codecmark.review.threshold import Statistic


def rows_of(
    requirements: Requirements, results: Path, rows: Iterable[ResultRow]
) -> list[ResultRow]:
    """Return what the runs of some rows have of the combinations that the requirements name.

    Raises
    ------
    ResultSchemaError
        If stored rows are damaged.
    """
    if not requirements.axes:
        return []
    ours = {row.run_id for row in rows}
    run_ids = [run_id for run_id in store.run_ids(results) if run_id in ours]
    return among(store.read(results, run_ids), requirements) if run_ids else []


def among(rows: Iterable[ResultRow], requirements: Requirements) -> list[ResultRow]:
    """Return the rows of the requirements' condition and of the combinations that they name."""
    named = _by_values(requirements)
    condition = requirements.judged_under
    return [row for row in rows if row.condition == condition and row.axes in named]


def figures_of(
    requirements: Requirements, rows: Iterable[ResultRow], beside: Iterable[ResultRow] = ()
) -> Mapping[str, Figures]:
    """Return the figures of each combination that the requirements name, by its text.

    Parameters
    ----------
    rows : iterable of ResultRow
        Those of other combinations are left out.
    beside : iterable of ResultRow
        The rows of the table: a codec without a clip there was not available for any combination.
    """
    named = _by_values(requirements)
    unavailable = [row for row in beside if row.clip is None] if named else []
    groups: dict[str, list[ResultRow]] = {text: list(unavailable) for text in named.values()}
    for row in among(rows, requirements):
        groups[named[row.axes]].append(row)
    return {text: ImpairedFigures(group, text) for text, group in groups.items()}


class ImpairedFigures(Figures):
    """See `Figures`; of one combination of axes, as `Requirement.axes` names it."""

    def __init__(self, rows: Sequence[ResultRow], named: str) -> None:
        super().__init__(rows)
        self._named = named

    def get(
        self,
        spec: str,
        metric: str,
        clip_class: str = ALL,
        statistic: Statistic = "mean",
        of: str = "",
    ) -> Figure:
        """Return a figure that says which combination it is of."""
        return replace(super().get(spec, metric, clip_class, statistic, of), axes=self._named)

    def _absent(self, spec: str, metric: str) -> str | None:
        reason = super()._absent(spec, metric)
        return why_no_rows(spec, self._named) if reason == NO_ROWS else reason


def why_no_rows(spec: str, named: str) -> str:
    """Say why a codec has no rows of a combination: it cannot have any, or nobody made them."""
    combination = axes.parse(named)
    what = naming.in_prose(combination)
    try:
        refusal = Treatment(**dict(combination)).refusal(spec)  # type: ignore[arg-type]
    except CodecmarkError:  # rows of a codec that nothing here knows
        refusal = None
    if refusal is not None:
        return f"not possible {what}: {refusal}"
    option = naming.as_option(combination)
    return f"{NO_ROWS} {what}; `codecmark run --axes {option} --codecs {spec}` makes them"


def _by_values(requirements: Requirements) -> dict[tuple[float | str | None, ...], str]:
    """Return the texts of the combinations that are named, by what such rows have in `AXES`."""
    combinations = {text: axes.parse(text) for text in requirements.axes}
    return {tuple(named.get(name) for name in AXES): text for text, named in combinations.items()}
