"""Everything that passes, with what the order by margin leaves to people: bits, delay, licence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from codecmark.review.choice import Candidate, Ranked
from codecmark.review.field import Field
from codecmark.review.finding import Finding, VoiceFinding
from codecmark.review.licences import licence_of
from codecmark.review.missed import missed
from codecmark.review.picks import Pick
from codecmark.review.requirement import Requirement

_DELAY = "algorithmic_delay_ms"


class Alternative(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One setting that passes every hard requirement, or that is picked for another reason.

    Attributes
    ----------
    option, spec : str
    kbps : float or None
    delay_ms : float or None
        None where the codec states none.
    no_delay_stated : bool
        Its rows say that it states none; whether it needs the whole clip they do not say.
    licence : str
        Of code and weights, as the codec states it.
    margin : float or None
        The smallest over the hard requirements, the classes of clips and the voices of a panel, in
        half intervals; None where nothing has an interval. Not cut at `MOST_CERTAIN`.
    missed : dict
        By hard requirement on sound: how many clips miss what the mean is asked for, of how many.
    clips, sources : int
    """

    option: str
    spec: str
    kbps: float | None
    delay_ms: float | None
    licence: str
    margin: float | None
    missed: dict[str, tuple[int, int]]
    clips: int
    sources: int
    no_delay_stated: bool = False


def alternatives(
    field: Field, candidates: Mapping[str, Ranked], picks: Sequence[Pick]
) -> tuple[Alternative, ...]:
    """Return what passes and what was picked, fewest bits first.

    Parameters
    ----------
    candidates : mapping of spec to Ranked
        Every spec of an option.
    """
    picked = {pick.spec for pick in picks}
    shown = (
        ranked.candidate
        for spec, ranked in candidates.items()
        if ranked.candidate.can_be_chosen or spec in picked
    )
    found = (_alternative(field, candidate) for candidate in shown)
    return tuple(
        sorted(found, key=lambda one: (math.inf if one.kbps is None else one.kbps, one.spec))
    )


def _alternative(field: Field, candidate: Candidate) -> Alternative:
    spec, figures = candidate.spec, field.figures
    rows = [row for row in figures.of(spec) if row.clip]
    delay = figures.get(spec, _DELAY).value if rows else None
    return Alternative(
        option=next(one.name for one in field.options if spec in field.specs_of[one.name]),
        spec=spec,
        kbps=candidate.rate.value,
        delay_ms=delay,
        licence=licence_of(spec) or "",
        margin=margin_of(field, candidate),
        missed=missed(figures, candidate),
        clips=len({row.clip for row in rows}),
        sources=len({row.source or row.clip for row in rows}),
        no_delay_stated=any(_DELAY in row.reasons for row in rows),
    )


def margin_of(field: Field, candidate: Candidate) -> float | None:
    """Return the smallest margin in half intervals, however large; None if it is infinite.

    It is for what passes without an interval, and for what has no evidence.

    The order of the choice cuts margins, so that what it names as narrowest need not be the
    smallest of those beyond the cut.
    """
    found = min(
        (
            margin
            for finding in candidate.hard
            for margin in (
                _of_panel(finding.effective, finding.requirement)
                if finding.effective.panel
                else _of_classes(field, candidate.spec, finding.effective)
            )
        ),
        default=math.inf,
    )
    return found if math.isfinite(found) else None


def _of_classes(field: Field, spec: str, finding: Finding) -> Iterable[float]:
    """Return the margins of a requirement, class by class."""
    asked = finding.requirement
    if finding.bound is not None or finding.stated is not None:
        return [finding.half_intervals]
    measured = field.entries[spec].measured[asked.name].figures.values()
    return [
        _half_intervals(asked, figure.value, figure.low, figure.high)
        for figure in measured
        if figure.value is not None
    ] or [finding.half_intervals]


def _of_panel(finding: Finding, asked: Requirement) -> Iterable[float]:
    """Return the margins of every voice of a panel that counts."""
    members = {member.name: member for member in asked.members}
    return [_of_voice(voice, members) for voice in finding.voices if not voice.silent]


def _of_voice(voice: VoiceFinding, members: Mapping[str, Requirement]) -> float:
    """Return the margin of a voice: of one house the smallest, else that of its best threshold."""
    margins = [
        _half_intervals(members[said.requirement], said.value, said.low, said.high)
        for said in voice.says
        if said.value is not None
    ]
    if not margins:
        return math.inf if voice.verdict == "PASS" else -math.inf
    return min(margins) if voice.house else max(margins)


def _half_intervals(
    asked: Requirement, value: float, low: float | None, high: float | None
) -> float:
    near = low if asked.sign > 0 else high
    margin = asked.sign * (value - asked.threshold)
    half = 0.0 if near is None else asked.sign * (value - near)
    return margin / half if half > 0 else math.copysign(math.inf, margin)
