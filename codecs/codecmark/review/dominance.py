"""Which options no other beats on every axis, and who beats each of those that are dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from codecmark.analysis.pareto import dominators
from codecmark.analysis.statistics import estimate
from codecmark.analysis.time_noise import LEAST_FACTOR
from codecmark.review.choice import Ranked, ordered
from codecmark.review.field import Field
from codecmark.review.figure import Figure
from codecmark.review.figures import Figures
from codecmark.review.panel import Panel
from codecmark.review.threshold import COSTS, EACH, LICENCE, MOS, TIMES, higher_is_better

_Axis = tuple[str, str, str]  # metric, class of clips, and what these went through


class Dropped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An option whose best setting is beaten: `by` is no worse on any axis, better on one."""

    option: str
    spec: str
    by: str


class ParetoSet(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The options that are left, those that are dropped, and those that lack an axis.

    `axes` are (metric, class of clips), `impaired` (metric, class of clips, what these went
    through, as `Requirement.axes`); `left_out` gives for each option the first absent figure.
    """

    axes: tuple[tuple[str, str], ...]
    members: tuple[str, ...]
    dropped: tuple[Dropped, ...]
    left_out: dict[str, str]
    impaired: tuple[tuple[str, str, str], ...] = ()


def pareto_set(field: Field, candidates: Mapping[str, Ranked]) -> ParetoSet:
    """Return the Pareto set of the options over the axes that the requirements ask about.

    A candidate is dominated by one that is no worse on any axis and, on one of them, better
    beyond noise: the 95 % interval of the paired difference excludes 0, bits differ at all, times
    by a factor of 1.25, or by that of the run's own noise if it is larger.

    Parameters
    ----------
    candidates : mapping of spec to Ranked
        Every spec of an option.
    """
    axes = _axes(field)
    figures: dict[str, list[Figure]] = {}
    absent: dict[str, Figure] = {}
    specs = [one.candidate.spec for one in ordered(candidates.values())]
    for spec in specs:
        row = [
            field.figures.under(through).get(spec, metric, name) for metric, name, through in axes
        ]
        gaps = [figure for figure in row if figure.level is None]
        if gaps:
            absent[spec] = gaps[0]
        else:
            figures[spec] = row
    signs = [1 if higher_is_better(metric) else -1 for metric, _, _ in axes]
    values = {spec: [f.level or 0.0 for f in row] for spec, row in figures.items()}
    beaten = {
        spec: [
            other
            for other in above
            if _clearly_better(field.figures, figures[other], figures[spec], signs)
        ]
        for spec, above in dominators(values, signs).items()
    }
    place = {spec: n for n, spec in enumerate(figures)}
    members, dropped, left_out = [], [], {}
    for option in field.options:
        own = sorted(set(field.specs_of[option.name]) & figures.keys(), key=lambda s: place[s])
        if not own:
            gap = next(absent[spec] for spec in specs if spec in field.specs_of[option.name])
            left_out[option.name] = f"{gap.metric}: {gap.reason}"
            continue
        others = {spec: [o for o in beaten[spec] if o not in own] for spec in own}
        if all(others.values()):
            first = min(others[own[0]], key=lambda spec: place[spec])
            dropped.append(Dropped(option.name, own[0], first))
        else:
            members.append(option.name)
    return ParetoSet(
        tuple((metric, name) for metric, name, through in axes if not through),
        tuple(members),
        tuple(dropped),
        left_out,
        tuple(axis for axis in axes if axis[-1]),
    )


def _axes(field: Field) -> list[_Axis]:
    axes: list[_Axis] = [("bitrate_kbps", "all", "")]
    classes = field.figures.classes
    for requirement in field.requirements.requirements:
        if requirement.panel is not None:
            axes += [axis for name in classes for axis in _of_panel(field, requirement.panel, name)]
            continue
        asked = requirement.stand_in if requirement.metric == MOS else requirement
        # the rate says the ratio already, and a licence is neither better nor worse than another
        if asked is None or asked.metric in {"compression_ratio", LICENCE}:
            continue
        own = field.figures.under(asked.axes).classes
        names = own if asked.clip_class == EACH else (asked.clip_class,)
        axes += [(asked.metric, name, asked.axes) for name in names]
    return list(dict.fromkeys(axes))


def _of_panel(field: Field, panel: Panel, clip_class: str) -> list[_Axis]:
    """Return what a panel judges a class by: voices for every kind of codec, if they have figures.

    Where no such voice has any, all that have.
    """
    heard: dict[bool, list[_Axis]] = {True: [], False: []}
    for voice in panel.of_class(clip_class):
        for asked in voice.any_of:
            figures = (field.figures.get(s, asked.metric, clip_class) for s in field.offered)
            if any(figure.level is not None for figure in figures):
                heard[not voice.codecs].append((asked.metric, clip_class, ""))
    return heard[True] or heard[False]


def _clearly_better(
    figures: Figures, theirs: Sequence[Figure], ours: Sequence[Figure], signs: Sequence[int]
) -> bool:
    return any(
        _beyond_noise(figures, their, our, sign)
        for their, our, sign in zip(theirs, ours, signs, strict=True)
    )


def _beyond_noise(figures: Figures, theirs: Figure, ours: Figure, sign: int) -> bool:
    a, b = theirs.level or 0.0, ours.level or 0.0
    if theirs.metric in TIMES:
        return b > max(LEAST_FACTOR, figures.time_noise) * a
    if theirs.metric in COSTS or theirs.exact or ours.exact:
        return sign * (a - b) > 0
    figures = figures.under(theirs.axes)
    their_clips = figures.clips(theirs.spec, theirs.metric, theirs.clip_class)
    our_clips = figures.clips(ours.spec, ours.metric, ours.clip_class).values
    shared = [clip for clip in their_clips.values if clip in our_clips]
    if not shared:
        return False
    differences = [their_clips.values[clip] - our_clips[clip] for clip in shared]
    difference = estimate(differences, [their_clips.sources[clip] for clip in shared])
    end = difference.low if sign > 0 else difference.high
    return end is not None and sign * end > 0
