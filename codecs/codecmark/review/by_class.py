"""Each class of clips by itself: what would be chosen, and what published sound says there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from codecmark.analysis.aggregation import ALL
from codecmark.analysis.statistics import estimate, paired_difference
from codecmark.metrics.table import QUALITY_FIELDS, VISQOL_FIELD
from codecmark.results.row import ResultRow
from codecmark.review.choice import Status, best, smallest_margin, status_of
from codecmark.review.elsewhere import StatedFigure
from codecmark.review.field import Field
from codecmark.review.figure import Figure
from codecmark.review.finding import Finding
from codecmark.review.missed import missed
from codecmark.review.replayed import ReplayedFigures
from codecmark.review.requirement import Requirement
from codecmark.review.requirements import Requirements
from codecmark.review.threshold import EACH
from codecmark.review.verdict import elsewhere, judge, with_noise
from codecmark.review.voices import Heard, judge_panel

# shown whatever is asked for, where there are values
BESIDE = ("si_sdr_db", "pesq_wb", VISQOL_FIELD)
_STATUSES: tuple[Status, ...] = ("feasible", "provisional", "open", "out")


class Difference(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A replayed codec minus one that ran on the same clips, in the metric's unit.

    `theirs` is the mean of that one, `kbps` its rate there by its bytes, `low` and `high` are the
    difference's 95 % interval over sources; None with a single source.
    """

    beside: str
    metric: str
    theirs: float
    kbps: float | None
    value: float
    low: float | None
    high: float | None
    n: int
    n_sources: int


class ReplayedSetting(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One published codec on one class of clips.

    Attributes
    ----------
    option, spec : str
        What it stands for.
    pairs, sources : int
        Originals that have a decoded file.
    status : {"feasible", "provisional", "open", "out"}
        If this class alone were asked for.
    findings : tuple of Finding
        On each requirement, or on the stand-in that decides: quality by published sound, rate and
        time by the rows of the run.
    beside : tuple of Figure
        Other qualities.
    differences : tuple of Difference
    nominal_kbps : float or None
        As published; the rate by the codec's own bits is a finding, or in `rate`.
    rate, decode_rtf : Figure
        Of the run's rows.
    weights : str or None
        Evidence of the run's rows.
    peak_memory_mib : float or None
    """

    option: str
    spec: str
    pairs: int
    sources: int
    status: Status
    findings: tuple[Finding, ...]
    beside: tuple[Figure, ...]
    differences: tuple[Difference, ...]
    nominal_kbps: float | None
    rate: Figure
    decode_rtf: Figure
    weights: str | None
    peak_memory_mib: float | None


class ClassOutcome(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What would be taken if one class of clips were all that is asked for.

    Attributes
    ----------
    recommended, cheapest : str or None
        First in the order of the choice, and the fewest bits that pass; None where none passes.
    rate, cheapest_rate : Figure or None
        Their rates on this class.
    margin, cheapest_margin : float
        Their smallest margins over the hard requirements, in half intervals up to `MOST_CERTAIN`,
        to a tenth as the order of the choice counts them.
    missed, cheapest_missed : dict
        How many clips miss what the mean is asked for, see `Alternative`.
    widest : int
        How many settings have the margin of the recommended one or more, itself included.
    replayed : tuple of ReplayedSetting
    """

    recommended: str | None
    rate: Figure | None
    replayed: tuple[ReplayedSetting, ...]
    cheapest: str | None = None
    cheapest_rate: Figure | None = None
    margin: float = 0.0
    cheapest_margin: float = 0.0
    widest: int = 0
    missed: dict[str, tuple[int, int]] = {}
    cheapest_missed: dict[str, tuple[int, int]] = {}


def by_class(field: Field) -> dict[str, ClassOutcome]:
    """Judge each class by itself; empty where no published sound is named."""
    if field.replayed is None:
        return {}
    return {name: _outcome(field, field.replayed, name) for name in field.figures.classes}


def _outcome(field: Field, replayed: ReplayedFigures, clip_class: str) -> ClassOutcome:
    moved = _of_class(field.requirements, clip_class)
    ours = Field(moved, field.figures, replayed, rates_of=clip_class)
    asked = {requirement.name: requirement for requirement in field.requirements.asked}
    measured = [ours.ranked(spec) for spec in ours.offered]
    heard_here = [one for one in measured if not one.candidate.rests_on_published]
    chosen = best(heard_here)
    passing = [one.candidate for one in heard_here if one.candidate.can_be_chosen]
    margins = {one.spec: smallest_margin(one.findings) for one in passing}
    cheapest = min(passing, key=lambda one: (one.rate.value or 0.0, one.spec), default=None)
    settings = [
        _setting(ours, replayed, option.name, spec, clip_class, asked)
        for option in ours.options
        for spec in ours.specs_of[option.name]
        if replayed.of(replayed.name_of(spec, [option]), clip_class)
    ]
    replayed_settings = tuple(sorted(settings, key=lambda one: _STATUSES.index(one.status)))
    if chosen is None or cheapest is None:
        return ClassOutcome(None, None, replayed_settings)
    margin = margins[chosen.candidate.spec]
    return ClassOutcome(
        chosen.candidate.spec,
        chosen.candidate.rate,
        replayed_settings,
        cheapest.spec,
        cheapest.rate,
        margin,
        margins[cheapest.spec],
        sum(one >= margin for one in margins.values()),
        missed(field.figures, chosen.candidate),
        missed(field.figures, cheapest),
    )


def _setting(
    field: Field,
    replayed: ReplayedFigures,
    option: str,
    spec: str,
    clip_class: str,
    asked: Mapping[str, Requirement],
) -> ReplayedSetting:
    """Judge a published codec; findings name the requirement as it was asked, of every class."""
    heard = replayed.name_of(spec, field.options)
    rows = replayed.of(heard, clip_class)
    whole = tuple(
        _by_sound(field, spec, heard, finding) for finding in field.findings(field.entries[spec])
    )
    judged = [f.effective.requirement.metric for f in whole if not f.requirement.axes]
    metrics = [m for m in dict.fromkeys((*judged, *BESIDE)) if m in QUALITY_FIELDS]
    memory = [r.peak_memory_mib for r in field.figures.of(spec) if r.peak_memory_mib is not None]
    beside = field.requirements.replayed.beside if field.requirements.replayed else ()
    figures = (replayed.get(heard, name, clip_class) for name in BESIDE if name not in judged)
    return ReplayedSetting(
        option=option,
        spec=spec,
        pairs=len(rows),
        sources=len({row.source or row.clip for row in rows}),
        status=status_of(whole),
        findings=tuple(
            replace(finding, requirement=asked[finding.requirement.name])
            for finding in (one.effective for one in whole)
        ),
        beside=tuple(figure for figure in figures if figure.level is not None),
        differences=tuple(
            difference
            for other in beside
            for metric in metrics
            if (difference := _difference(rows, replayed.of(other), other, metric)) is not None
        ),
        nominal_kbps=rows[0].nominal_bitrate_kbps,
        rate=field.figures.get(spec, "bitrate_kbps"),
        decode_rtf=with_noise(field.figures.get(spec, "decode_rtf"), field.figures.time_noise),
        weights=next((row.weights for row in field.figures.of(spec)), None),
        peak_memory_mib=max(memory, default=None),
    )


def _by_sound(field: Field, spec: str, heard: str, finding: Finding) -> Finding:
    """Judge quality by published sound, also where it was measured on other clips.

    Parameters
    ----------
    spec, heard : str
        The codec, and the name of its published sound.
    finding : Finding
        On the requirement, by what was measured.
    """
    asked, substitute = finding.requirement, finding.stand_in
    if asked.axes:
        return finding
    classes = field.figures.classes
    if substitute is not None and all(one.metric in QUALITY_FIELDS for one in asked.others):
        measured = field.heard(heard, asked.others)
        if asked.panel is not None:
            kinds = {name: field.kind_of_published(heard, name) for name in classes}
            substitute = judge_panel(asked, Heard(spec, measured, kinds), classes)
        elif asked.stand_in is not None:
            substitute = judge(measured[asked.stand_in.name], asked.stand_in)
        substitute = elsewhere(substitute, _stated(finding.stand_in))
    if asked.metric not in QUALITY_FIELDS:
        return replace(finding, stand_in=substitute)
    found = judge(field.heard(heard, (asked,))[asked.name], asked, substitute)
    return elsewhere(found, _stated(finding))


def _stated(finding: Finding | None) -> tuple[StatedFigure, ...]:
    return () if finding is None or finding.stated is None else (finding.stated,)


def _difference(
    rows: Sequence[ResultRow], others: Sequence[ResultRow], beside: str, metric: str
) -> Difference | None:
    theirs = {row.clip: row for row in others if getattr(row, metric) is not None}
    ours = [row for row in rows if row.clip in theirs and getattr(row, metric) is not None]
    if not ours:
        return None
    reference = [theirs[row.clip] for row in ours]
    sources = [row.source or row.clip or "" for row in ours]
    values = [getattr(row, metric) for row in reference]
    difference = paired_difference([getattr(row, metric) for row in ours], values, sources).estimate
    n_bytes = [row.stream_bytes for row in reference if row.stream_bytes is not None]
    seconds = sum(row.clip_s or 0.0 for row in reference)
    return Difference(
        beside=beside,
        metric=metric,
        theirs=estimate(values, sources).mean,
        kbps=8 * sum(n_bytes) / seconds / 1000 if len(n_bytes) == len(ours) and seconds else None,
        value=difference.mean,
        low=difference.low,
        high=difference.high,
        n=len(ours),
        n_sources=difference.n_sources,
    )


def _of_class(requirements: Requirements, clip_class: str) -> Requirements:
    """Ask of one class what is asked of all or of each."""
    moved = tuple(_moved(one, clip_class) for one in requirements.requirements)
    return replace(requirements, requirements=moved)


def _moved(asked: Requirement, clip_class: str) -> Requirement:
    stand_in = None if asked.stand_in is None else _moved(asked.stand_in, clip_class)
    panel = None if asked.panel is None else replace(asked.panel, clip_class=clip_class)
    own = asked.clip_class
    if asked.metric in QUALITY_FIELDS and own in {ALL, EACH}:
        own = clip_class
    return replace(asked, clip_class=own, stand_in=stand_in, panel=panel)
