"""Requirements and what every spec's rows say of them: what tables show, without a choice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from codecmark.analysis.summary import Summarised
from codecmark.errors import InputError
from codecmark.results.row import ResultRow
from codecmark.review.choice import Candidate, best, ordered
from codecmark.review.field import Field
from codecmark.review.figures import Figures
from codecmark.review.impaired import figures_of as impaired_figures
from codecmark.review.replayed import figures_of
from codecmark.review.requirements import Requirements
from codecmark.review.summed import SummedFigures


@dataclass(frozen=True)
class Judged:
    """The requirements of one condition, and its specs' candidates, best first.

    `recommended` is the spec that a decision on the same rows recommends; None where nobody passes,
    and where the clips are `locked`: kept back, so that nothing is chosen on them.
    """

    requirements: Requirements
    candidates: Mapping[str, Candidate]
    recommended: str | None = None
    locked: bool = False


def judged(
    rows: Iterable[ResultRow],
    requirements: Requirements,
    replayed: Sequence[ResultRow] = (),
    impaired: Sequence[ResultRow] = (),
) -> Judged:
    """Judge every spec of the rows, as `decide` does.

    Parameters
    ----------
    rows : iterable of ResultRow
        Those of other conditions than the requirements' are left out. Of a run that was summed up
        elsewhere, the sums are judged.
    replayed : sequence of ResultRow
        Published sound, see `replayed.rows_of`.
    impaired : sequence of ResultRow
        Clips that went through what requirements name as their axes, see `impaired.rows_of`.

    Raises
    ------
    InputError
        If no row is of that condition.
    """
    condition = requirements.judged_under
    figures: Figures
    if isinstance(rows, Summarised):
        summaries = [one for one in rows.summaries if one.condition == condition]
        figures = SummedFigures(summaries, impaired_figures(requirements, impaired, rows))
    else:
        kept = of_condition(rows, condition)
        figures = Figures(kept, impaired_figures(requirements, impaired, kept))
    field = Field(requirements, figures, figures_of(requirements, replayed))
    ranked = {spec: field.ranked(spec) for spec in field.entries}
    chosen = best(ranked[spec] for spec in field.offered)
    return Judged(
        requirements,
        {one.candidate.spec: one.candidate for one in ordered(ranked.values())},
        None if chosen is None else chosen.candidate.spec,
    )


def of_condition(rows: Iterable[ResultRow], condition: str) -> list[ResultRow]:
    """Return the rows of one condition.

    Raises
    ------
    InputError
        If none of them has a clip.
    """
    kept = [row for row in rows if row.condition == condition]
    if not any(row.clip for row in kept):
        raise InputError(f"condition: no row of {condition}; run the benchmarks under it first")
    return kept
