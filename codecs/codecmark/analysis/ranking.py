"""Ranks that say how far they can be trusted: an interval of places, and groups of ties.

Adjacent ranks of a benchmark can seldom be told apart. With few sources, testing every pair would
leave no test any power, so each codec is compared with two others only: the leader, and the anchor
that the reader names. With `SOURCES_FOR_ALL` sources every pair of a field of moderate size is
compared. What follows from the comparisons bounds a codec's place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from codecmark.analysis.samples import Scored, collect
from codecmark.analysis.statistics import (
    CONFIDENCE,
    Estimate,
    PairedDifference,
    estimate,
    holm,
    paired_difference,
    uses_wilcoxon,
)
from codecmark.errors import InputError
from codecmark.metrics.table import TABLE
from codecmark.results.row import ResultRow

Outcome = Literal["better", "tied", "worse"]

SOURCES_FOR_ALL = 30  # from which on hundreds of comparisons leave each of them power
MOST_PAIRS = 500  # 32 codecs; every comparison costs the others power, and time


@dataclass(frozen=True)
class Versus:
    """A codec against another: the difference in the metric's unit, and what it amounts to.

    `p_holm` is corrected for all comparisons of the ranking.
    """

    other: str
    difference: PairedDifference
    p_holm: float
    outcome: Outcome


@dataclass(frozen=True)
class Place:
    """Where a codec stands.

    Attributes
    ----------
    estimate : Estimate or None
        Mean over sources; None for a codec that returned every clip exactly.
    first, last : int
        Best and worst rank, from 1, that the comparisons leave possible.
    group : int
        From 1. Codecs of one group have the same verdicts and share a rank.
    versus_leader, versus_anchor : Versus or None
        None for that codec itself, and where a codec is exact.
    """

    spec: str
    estimate: Estimate | None
    first: int
    last: int
    group: int
    versus_leader: Versus | None
    versus_anchor: Versus | None


@dataclass(frozen=True)
class Ranking:
    """Codecs by one metric, best first.

    `leader` is the best of those with a finite mean. `test` names the test behind the verdicts.
    `not_ranked` gives the reason for each codec that has no place.
    """

    metric: str
    anchor: str
    leader: str
    test: str
    places: tuple[Place, ...]
    not_ranked: dict[str, str]


def rank(
    rows: Iterable[ResultRow], metric: str, anchor: str, clip_class: str | None = None
) -> Ranking:
    """Rank codecs by the row field `metric`, over the clips of one class or all.

    Exact codecs come first and are not averaged. Codecs with fewer clips scored than attempted
    are not ranked. Holm's correction is over the comparisons made. Where not every pair is
    compared, it does not know that the leader was picked from the same clips: of 20 codecs that
    are equal in truth, one is called worse than the leader in about one ranking of ten, where one
    of twenty is intended.

    Raises
    ------
    InputError
        If the metric or class is unknown, or the anchor has no finite mean.
    """
    scored = collect(rows, metric, clip_class)
    not_ranked = {spec: gap for spec, codec in scored.items() if (gap := codec.gap) is not None}
    exact = [spec for spec, codec in scored.items() if codec.exact]
    means = {
        spec: estimate(list(codec.values.values()), [codec.sources[clip] for clip in codec.values])
        for spec, codec in scored.items()
        if spec not in not_ranked and not codec.exact
    }
    if anchor not in means:
        why = not_ranked.get(anchor, "exact" if anchor in exact else "not in these rows")
        raise InputError(f"anchor: {anchor}: {why}; choose one of {', '.join(means) or 'none'}")
    sign = TABLE[metric].sign
    order = sorted(means, key=lambda spec: (-sign * means[spec].mean, spec))
    leader = order[0]
    pairs = _pairs(order, leader, anchor, min(one.n_sources for one in means.values()))
    versus = _compare(scored, pairs, sign)
    places = _places(exact, order, leader, anchor, means, versus)
    wilcoxon = uses_wilcoxon(means[leader].n_sources, len(pairs))
    test = "Wilcoxon signed-rank" if wilcoxon else "Student's t on source means"
    return Ranking(metric, anchor, leader, test, places, not_ranked)


def ranks_all(n_codecs: int, n_sources: int) -> bool:
    """Return whether every pair of so many codecs is compared."""
    return n_sources >= SOURCES_FOR_ALL and n_codecs * (n_codecs - 1) // 2 <= MOST_PAIRS


def _pairs(order: Sequence[str], leader: str, anchor: str, n_sources: int) -> list[tuple[str, str]]:
    references = dict.fromkeys((leader, anchor))
    pairs = [(spec, other) for other in references for spec in order if spec != other]
    if ranks_all(len(order), n_sources):
        others = [spec for spec in order if spec not in references]
        pairs += [(worse, better) for better, worse in combinations(others, 2)]
    return pairs


def _compare(
    scored: Mapping[str, Scored], pairs: Sequence[tuple[str, str]], sign: int
) -> dict[tuple[str, str], Versus]:
    differences = [_difference(scored[spec], scored[other]) for spec, other in pairs]
    adjusted = holm([difference.p_value(len(pairs)) for difference in differences])
    compared = {}
    for (spec, other), difference, p_value in zip(pairs, differences, adjusted, strict=True):
        outcome: Outcome = "tied"
        if p_value < 1 - CONFIDENCE:
            outcome = "better" if sign * difference.estimate.mean > 0 else "worse"
        compared[spec, other] = Versus(other, difference, p_value, outcome)
    return compared


def _difference(codec: Scored, other: Scored) -> PairedDifference:
    clips = sorted(codec.values)
    return paired_difference(
        [codec.values[clip] for clip in clips],
        [other.values[clip] for clip in clips],
        [codec.sources[clip] for clip in clips],
    )


def _places(
    exact: list[str],
    order: list[str],
    leader: str,
    anchor: str,
    means: Mapping[str, Estimate],
    versus: Mapping[tuple[str, str], Versus],
) -> tuple[Place, ...]:
    below = _below(exact, order, versus)
    above = {spec: {s for s in below if spec in below[s]} for spec in below}
    groups: dict[tuple[str, ...], int] = {}
    places = []
    for spec in [*exact, *order]:
        comparisons = [versus.get((spec, other)) for other in (leader, anchor)]
        outcomes = tuple(
            "tied" if comparison is None else comparison.outcome for comparison in comparisons
        )
        group = groups.setdefault(("exact",) if spec in exact else outcomes, len(groups) + 1)
        first, last = 1 + len(above[spec]), len(below) - len(below[spec])
        places.append(Place(spec, means.get(spec), first, last, group, *comparisons))
    return tuple(places)


def _below(
    exact: list[str], order: list[str], versus: Mapping[tuple[str, str], Versus]
) -> dict[str, set[str]]:
    """Return whom each codec is known to beat, by the verdicts and by what follows from them."""
    below = {spec: set(order) if spec in exact else set() for spec in [*exact, *order]}
    for (spec, other), comparison in versus.items():
        if comparison.outcome == "better":
            below[spec].add(other)
        elif comparison.outcome == "worse":
            below[other].add(spec)
    grew = True
    while grew:  # along chains of verdicts
        before = sum(map(len, below.values()))
        for beaten in below.values():
            beaten.update(*[below[spec] for spec in beaten])
        grew = sum(map(len, below.values())) > before
    return below
