"""Three options: the safest, the cheapest, the best that keeps the present architecture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import msgspec

from codecmark.review.choice import Candidate, Ranked, ordered, smallest_margin
from codecmark.review.field import Field
from codecmark.review.to_know import to_know

Role = Literal["safest", "cheapest that passes", "best within the present architecture"]


class Pick(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One of the three.

    Attributes
    ----------
    role : str
    option, spec : str
    margin : float
        The smallest over the hard requirements, in half widths of its interval.
    of : str
        The requirement, or the threshold of a panel, that has it.
    to_know : tuple of str
        What whoever takes it has to live with.
    """

    role: Role
    option: str
    spec: str
    margin: float
    of: str
    to_know: tuple[str, ...] = ()


def picks(field: Field, candidates: Mapping[str, Ranked]) -> tuple[Pick, ...]:
    """Return those that there are; without one that passes, only the best of the present routes.

    Parameters
    ----------
    candidates : mapping of spec to Ranked
        Every spec of an option.
    """
    passing = [option.candidate for option in candidates.values() if option.candidate.can_be_chosen]
    chosen = []
    if passing:
        chosen += [
            _pick("safest", min(passing, key=_by_margin), field),
            _pick("cheapest that passes", min(passing, key=_by_rate), field),
        ]
    routes = field.requirements.present_routes
    kept = {
        s for option in field.options if option.route in routes for s in field.specs_of[option.name]
    }
    present = ordered(option for spec, option in candidates.items() if spec in kept)
    if present:
        best = present[0].candidate
        chosen.append(_pick("best within the present architecture", best, field))
    return tuple(chosen)


def _pick(role: Role, candidate: Candidate, field: Field) -> Pick:
    option = next(one for one in field.options if candidate.spec in field.specs_of[one.name])
    narrowest = candidate.narrowest
    return Pick(
        role=role,
        option=option.name,
        spec=candidate.spec,
        margin=narrowest.certainty,
        of=narrowest.requirement.name,
        to_know=(*option.to_know, *to_know(field.figures.of(candidate.spec))),
    )


def _by_margin(candidate: Candidate) -> tuple[float, float, str]:
    return -smallest_margin(candidate.findings), _rate(candidate), candidate.spec


def _by_rate(candidate: Candidate) -> tuple[float, float, str]:
    return _rate(candidate), -smallest_margin(candidate.findings), candidate.spec


def _rate(candidate: Candidate) -> float:
    return math.inf if candidate.rate.value is None else candidate.rate.value
