"""Rows and requirements to a decision, as data that a page or a record can render."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from codecmark.errors import InputError
from codecmark.results.row import ResultRow
from codecmark.review import caveats
from codecmark.review.choice import Candidate, Field, Flip, Relaxation, best, ordered, relaxation
from codecmark.review.dominance import Front, front
from codecmark.review.figures import Figures
from codecmark.review.requirements import Option, Requirement, Requirements


@dataclass(frozen=True)
class Outcome:
    """One option: its candidates, best first."""

    option: Option
    candidates: tuple[Candidate, ...]

    @property
    def best(self) -> Candidate:
        """The setting that stands for the option."""
        return self.candidates[0]


@dataclass(frozen=True)
class Decision:
    """What the rows say about the requirements.

    Attributes
    ----------
    requirements : Requirements
    run_ids : tuple of str
    recommended : Candidate or None
        None where nobody passes every hard requirement.
    outcomes : tuple of Outcome
        In the order of the options.
    best_by_route : dict
        The best outcome of each route, whether it passes or not.
    relaxation : Relaxation or None
        Where nobody passes: the smallest change of thresholds that would let one through.
    flips : dict
        By requirement, or its stand-in, the nearest thresholds that change the choice.
    front : Front
        The Pareto set.
    contenders : tuple of Outcome
        Options that lack evidence and would be chosen if it turned out well.
    risks : tuple of Risk
        Of the recommendation, the largest first.
    caveats : tuple of str
    """

    requirements: Requirements
    run_ids: tuple[str, ...]
    recommended: Candidate | None
    outcomes: tuple[Outcome, ...]
    best_by_route: dict[str, Outcome]
    relaxation: Relaxation | None
    flips: dict[Requirement, tuple[Flip, ...]]
    front: Front
    contenders: tuple[Outcome, ...]
    risks: tuple[caveats.Risk, ...]
    caveats: tuple[str, ...]

    @property
    def provisional(self) -> bool:
        """Whether the recommendation rests on a stand-in."""
        return self.recommended is not None and self.recommended.status == "provisional"


def decide(rows: Iterable[ResultRow], requirements: Requirements) -> Decision:
    """Judge every option and choose.

    Parameters
    ----------
    rows : iterable of ResultRow
        Those of other conditions than the requirements' are left out.

    Raises
    ------
    InputError
        If no row is of that condition.
    """
    condition = requirements.requirements[0].condition
    chosen = [row for row in rows if row.condition == condition]
    if not any(row.clip for row in chosen):
        raise InputError(f"condition: no row of {condition}; run the benchmarks under it first")
    figures = Figures(chosen)
    field = Field(requirements, figures)
    candidates = field.candidates()
    outcomes = tuple(
        Outcome(option, tuple(ordered(c for c in candidates if c.option is option)))
        for option in requirements.options
    )
    recommended = best(candidates)
    asked = [one.stand_in or one for one in requirements.requirements]
    routes: dict[str, Outcome] = {}
    for candidate in ordered(candidates):
        owner = next(o for o in outcomes if o.option is candidate.option)
        routes.setdefault(candidate.option.route, owner)
    return Decision(
        requirements=requirements,
        run_ids=tuple(dict.fromkeys(row.run_id for row in chosen)),
        recommended=recommended,
        outcomes=outcomes,
        best_by_route={o.option.route: routes[o.option.route] for o in outcomes},
        relaxation=None if recommended else relaxation(candidates),
        flips={one: field.flips(one, recommended) for one in asked},
        front=front(field, candidates),
        contenders=tuple(o for o in outcomes if _could_win(o, recommended)),
        risks=caveats.risks(recommended, field),
        caveats=caveats.caveats(candidates, field),
    )


def _could_win(outcome: Outcome, recommended: Candidate | None) -> bool:
    if recommended is None:
        return outcome.best.status == "open"
    if outcome.option is recommended.option:
        return False
    return any(c.could_displace(recommended) for c in outcome.candidates)
