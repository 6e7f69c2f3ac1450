"""Rows and requirements to a decision: plain data, stored as JSON, that everything renders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from codecmark.results.row import ResultRow
from codecmark.review.alternatives import Alternative, alternatives
from codecmark.review.by_class import ClassOutcome, by_class
from codecmark.review.caveats import caveats
from codecmark.review.choice import Candidate, Ranked, best, ordered
from codecmark.review.confirmation import Confirmation, confirmed
from codecmark.review.confirmation import rows_of as kept_rows
from codecmark.review.digest import digest
from codecmark.review.dominance import ParetoSet, pareto_set
from codecmark.review.field import Field
from codecmark.review.figures import Figures
from codecmark.review.impaired import among
from codecmark.review.impaired import figures_of as impaired_figures
from codecmark.review.impaired import rows_of as impaired_rows
from codecmark.review.judgement import Judged, of_condition
from codecmark.review.picks import Pick, by_rate, picks
from codecmark.review.replayed import figures_of
from codecmark.review.replayed import rows_of as published_rows
from codecmark.review.requirements import Requirements
from codecmark.review.risks import Risk, risks
from codecmark.review.sensitivity import Flip, Relaxation, flips, relaxation
from codecmark.review.unasked import PredictedBest, predicted_best
from codecmark.run.corpora import any_locked

SCHEMA_VERSION = 6


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One option: its candidates, best first."""

    option: str
    route: str
    why: str
    candidates: tuple[Candidate, ...]

    @property
    def best(self) -> Candidate:
        """The setting that stands for the option."""
        return self.candidates[0]

    @property
    def cheapest(self) -> Candidate | None:
        """The setting that passes with the fewest bits; None where none passes."""
        passing = (one for one in self.candidates if one.can_be_chosen)
        return min(passing, key=lambda one: (one.rate.value or 0.0, one.spec), default=None)


class Decision(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the rows say about the requirements.

    Attributes
    ----------
    schema_version : int
        Of this table; see `results/README.md`.
    requirements : Requirements
    run_ids : tuple of str
    rows_sha256 : str
        Digest of what the rows say, see `digest`: the same rows, the same decision.
    recommended : str or None
        The spec; None where nobody passes every hard requirement.
    outcomes : tuple of Outcome
        In the order of the options.
    others : tuple of Candidate
        The rows' specs that no option names: judged like the rest, never chosen.
    routes : dict
        By route, the option that comes nearest, whether it passes or not.
    relaxation : Relaxation or None
        Where nobody passes: the smallest change of thresholds that would let one through.
    flips : dict
        By the name of a requirement, of its stand-in or of a threshold of its panel, the nearest
        thresholds that change the choice.
    picks : tuple of Pick
        Most margin, fewest bits, and the best of the present routes.
    alternatives : tuple of Alternative
        All that passes and all picks, fewest bits first, with what the order leaves to people.
    predicted_best : tuple of PredictedBest
        Where no hard requirement asks for quality: who of those that pass is predicted best.
    by_rate : dict
        For whoever has so many kbit/s: the best spec within them, passing or not.
    scarce : dict
        Classes of clips with too few sources for anything to pass there, and how many they have.
    pareto : ParetoSet
    contenders : tuple of str
        Options that lack evidence and would be chosen if it turned out well.
    risks : tuple of Risk
        Of the recommendation, the largest first.
    caveats : tuple of str
    by_class : dict
        Where published sound was judged: by class of clips, what would be chosen for it alone, and
        what the published codecs have there.
    replayed_run_ids : tuple of str
        The runs of published sound, and of what ran beside it.
    confirmations : tuple of Confirmation
        On clips that were kept back: the picks first, then what else ran there.
    locked : bool
        The rows are of clips that are kept back to judge what was chosen elsewhere: every spec is
        judged and none is chosen.
    """

    schema_version: int
    requirements: Requirements
    run_ids: tuple[str, ...]
    rows_sha256: str
    recommended: str | None
    outcomes: tuple[Outcome, ...]
    others: tuple[Candidate, ...]
    routes: dict[str, str]
    relaxation: Relaxation | None
    flips: dict[str, tuple[Flip, ...]]
    picks: tuple[Pick, ...]
    by_rate: dict[str, str]
    scarce: dict[str, int]
    pareto: ParetoSet
    contenders: tuple[str, ...]
    risks: tuple[Risk, ...]
    caveats: tuple[str, ...]
    alternatives: tuple[Alternative, ...] = ()
    predicted_best: tuple[PredictedBest, ...] = ()
    by_class: dict[str, ClassOutcome] = {}
    replayed_run_ids: tuple[str, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    locked: bool = False

    @property
    def candidates(self) -> dict[str, Candidate]:
        """Every spec that was judged."""
        offered = (one for outcome in self.outcomes for one in outcome.candidates)
        return {one.spec: one for one in (*offered, *self.others)}

    @property
    def judged(self) -> Judged:
        """The requirements and every spec's candidate, without the choice."""
        return Judged(self.requirements, self.candidates)

    @property
    def chosen(self) -> Candidate | None:
        """The recommended candidate."""
        return None if self.recommended is None else self.candidates[self.recommended]

    @property
    def provisional(self) -> bool:
        """Whether the recommendation rests on a stand-in."""
        return self.chosen is not None and self.chosen.status == "provisional"

    @property
    def best_by_route(self) -> dict[str, Outcome]:
        """The nearest outcome of each route."""
        return {route: self.outcome(option) for route, option in self.routes.items()}

    def outcome(self, option: str) -> Outcome:
        """Return the outcome of the option of that name."""
        return next(one for one in self.outcomes if one.option == option)

    def option_of(self, spec: str) -> Outcome:
        """Return the first option that a spec stands for."""
        return next(one for one in self.outcomes if any(c.spec == spec for c in one.candidates))


def decide(
    rows: Iterable[ResultRow],
    requirements: Requirements,
    replayed: Sequence[ResultRow] = (),
    confirming: Sequence[ResultRow] = (),
    impaired: Sequence[ResultRow] = (),
    *,
    locked: bool = False,
) -> Decision:
    """Judge every spec and choose among those of the options.

    Parameters
    ----------
    rows : iterable of ResultRow
        Of one combination of axes. Those of other conditions than the requirements' are left out.
    replayed : sequence of ResultRow
        Published sound, see `replayed.rows_of`.
    confirming : sequence of ResultRow
        Clips that were kept back, see `confirmation.rows_of`; nothing is chosen by them.
    impaired : sequence of ResultRow
        Clips that went through what requirements name as their axes, see `impaired.rows_of`.
        Those of other combinations are left out.
    locked : bool
        The rows themselves are of clips that were kept back: nothing is chosen.

    Raises
    ------
    InputError
        If no row is of that condition, or what is named as kept back are the clips chosen on.
    """
    kept = of_condition(rows, requirements.judged_under)
    touched = among(impaired, requirements)
    figures = Figures(kept, impaired_figures(requirements, touched, kept))
    field = Field(requirements, figures, figures_of(requirements, replayed))
    ranked = {spec: field.ranked(spec) for spec in field.entries}
    offered = {spec: ranked[spec] for spec in field.offered}
    outcomes = tuple(
        Outcome(option.name, option.route, option.why, tuple(one.candidate for one in ranks))
        for option in field.options
        for ranks in (ordered(offered[spec] for spec in field.specs_of[option.name]),)
    )
    chosen = None if locked else best(offered.values())
    deciding = [each for one in requirements.requirements for each in one.deciding]
    candidates = [one.candidate for one in offered.values()]
    picked = () if locked else picks(field, offered)
    return Decision(
        schema_version=SCHEMA_VERSION,
        requirements=requirements,
        run_ids=tuple(dict.fromkeys(row.run_id for row in kept)),
        rows_sha256=digest([*kept, *replayed, *confirming], touched),
        recommended=None if chosen is None else chosen.candidate.spec,
        outcomes=outcomes,
        others=tuple(one.candidate for spec, one in ranked.items() if spec not in offered),
        routes=_routes(outcomes, ordered(offered.values())),
        relaxation=None if chosen or locked else relaxation(list(offered.values())),
        flips={one.name: flips(field, one, chosen) for one in deciding if field.is_known(one)},
        picks=picked,
        alternatives=() if locked else alternatives(field, offered, picked),
        by_rate={} if locked else by_rate(offered),
        scarce=field.figures.scarce,
        pareto=pareto_set(field, offered),
        contenders=tuple(
            one.option for one in outcomes if not locked and _could_win(one, offered, chosen)
        ),
        risks=risks(None if chosen is None else chosen.candidate, field),
        caveats=caveats(candidates, field),
        predicted_best=()
        if locked
        else predicted_best(field, candidates, None if chosen is None else chosen.candidate),
        by_class={} if locked else by_class(field),
        replayed_run_ids=tuple(dict.fromkeys(row.run_id for row in replayed)),
        confirmations=confirmed(requirements, kept, confirming, [pick.spec for pick in picked]),
        locked=locked,
    )


def decide_within(results: Path, rows: Sequence[ResultRow], requirements: Requirements) -> Decision:
    """Decide with the rows of other folders that the requirements name within `results`.

    Of a run over clips that are kept back nothing is chosen.
    """
    return decide(
        rows,
        requirements,
        published_rows(requirements, results),
        kept_rows(requirements, results),
        impaired_rows(requirements, results, rows),
        locked=any_locked(results, {row.run_id for row in rows}),
    )


def _routes(outcomes: Sequence[Outcome], ranked: Sequence[Ranked]) -> dict[str, str]:
    """Return the nearest option of each route, routes in the order of the options."""
    place = {other.candidate.spec: n for n, other in enumerate(ranked)}
    nearest: dict[str, Outcome] = {}
    for outcome in outcomes:
        other = nearest.setdefault(outcome.route, outcome)
        if place[outcome.best.spec] < place[other.best.spec]:
            nearest[outcome.route] = outcome
    return {route: outcome.option for route, outcome in nearest.items()}


def _could_win(outcome: Outcome, ranked: dict[str, Ranked], chosen: Ranked | None) -> bool:
    if chosen is None:
        return outcome.best.status == "open"
    if any(candidate.spec == chosen.candidate.spec for candidate in outcome.candidates):
        return False
    return any(ranked[candidate.spec].could_displace(chosen) for candidate in outcome.candidates)
