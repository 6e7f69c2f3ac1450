"""Which options no other beats on every axis, and who beats each of those that are dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codecmark.analysis.pareto import dominators
from codecmark.analysis.statistics import paired_difference
from codecmark.review.choice import Candidate, Field, ordered
from codecmark.review.figures import Figure
from codecmark.review.requirements import (
    COSTS,
    EACH,
    MOS,
    TIMES,
    Requirement,
    higher_is_better,
)

_TIME_NOISE = 1.25  # as in `codecmark compare`: two runs on a shared machine differed by 18 %


@dataclass(frozen=True)
class Dropped:
    """An option whose best setting is beaten: `by` is no worse on any axis, better on one."""

    option: str
    spec: str
    by: str


@dataclass(frozen=True)
class Front:
    """The options that are left, those that are dropped, and those that lack an axis.

    `axes` are (metric, class of clips); `left_out` gives for each option the first absent figure.
    """

    axes: tuple[tuple[str, str], ...]
    members: tuple[str, ...]
    dropped: tuple[Dropped, ...]
    left_out: dict[str, str]


def front(field: Field, candidates: Sequence[Candidate]) -> Front:
    """Return the Pareto set of the options over the axes that the requirements ask about.

    A candidate is dominated by one that is no worse on any axis and, on one of them, better
    beyond noise: the 95 % interval of the paired difference excludes 0, bits differ at all, times
    by a factor of 1.25.
    """
    axes = _axes(field)
    figures: dict[str, list[Figure]] = {}
    left_out: dict[str, str] = {}
    for candidate in ordered(candidates):
        row = [field.figures.get(candidate.spec, _mean_of(metric), name) for metric, name in axes]
        absent = next((figure for figure in row if figure.value is None), None)
        if absent is None:
            figures[candidate.spec] = row
        else:
            left_out.setdefault(candidate.option.name, f"{absent.metric}: {absent.reason}")
    signs = [1 if higher_is_better(metric) else -1 for metric, _ in axes]
    values = {spec: [f.value or 0.0 for f in row] for spec, row in figures.items()}
    beaten = {
        spec: [o for o in above if _clearly_better(figures[o], figures[spec], signs)]
        for spec, above in dominators(values, signs).items()
    }
    members, dropped = [], []
    names = list(dict.fromkeys(c.option.name for c in candidates if c.spec in figures))
    for name in names:
        own = [c.spec for c in ordered(candidates) if c.option.name == name and c.spec in figures]
        left_out.pop(name, None)
        others = {spec: [o for o in beaten[spec] if o not in own] for spec in own}
        if all(others.values()):
            first = min(others[own[0]], key=list(figures).index)
            dropped.append(Dropped(name, own[0], first))
        else:
            members.append(name)
    return Front(tuple(axes), tuple(members), tuple(dropped), left_out)


def _axes(field: Field) -> list[tuple[str, str]]:
    axes: list[tuple[str, str]] = [("bitrate_kbps", "all")]
    for one in field.requirements.requirements:
        asked = one.stand_in if one.metric == MOS else one
        if asked is None or asked.metric == "compression_ratio":  # the rate says it already
            continue
        classes = field.figures.classes if asked.clip_class == EACH else (asked.clip_class,)
        axes += [(asked.metric, name) for name in classes]
    return list(dict.fromkeys(axes))


def _mean_of(metric: str) -> Requirement:
    return Requirement("", metric, ">", 1.0)


def _clearly_better(theirs: Sequence[Figure], ours: Sequence[Figure], signs: Sequence[int]) -> bool:
    return any(
        _beyond_noise(their, our, sign)
        for their, our, sign in zip(theirs, ours, signs, strict=True)
    )


def _beyond_noise(theirs: Figure, ours: Figure, sign: int) -> bool:
    a, b = theirs.value or 0.0, ours.value or 0.0
    if theirs.metric in TIMES:
        return b > _TIME_NOISE * a
    if theirs.metric in COSTS or float("inf") in {a, b}:
        return sign * (a - b) > 0
    clips = [clip for clip in theirs.per_clip if clip in ours.per_clip]
    if not clips:
        return False
    found = paired_difference(
        [theirs.per_clip[clip] for clip in clips],
        [ours.per_clip[clip] for clip in clips],
        [theirs.sources[clip] for clip in clips],
    ).estimate
    end = found.low if sign > 0 else found.high
    return end is not None and sign * end > 0
