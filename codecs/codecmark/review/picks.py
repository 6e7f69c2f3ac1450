"""Three options: most margin, fewest bits, and the best of the routes from what is in use.

Where another order than by margin comes first, the recommended one takes the place of the first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from codecmark.review.choice import Candidate, Ranked, best, ordered, smallest_margin
from codecmark.review.field import Field
from codecmark.review.requirements import MARGIN
from codecmark.review.to_know import to_know

RATES_KBPS = (4, 8, 16, 32, 64)
_ABOUT = 1.03  # a stream of 8 kbit/s may take 8.2 with its frame
MOST_MARGIN: Final = "most margin by the rule"
CHEAPEST: Final = "cheapest that passes"
OF_PRESENT: Final = "best of the present routes"
Role = Literal["recommended", "most margin by the rule", "cheapest that passes",
               "best of the present routes"]  # fmt: skip


class Pick(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One of them.

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
    """Return those that there are; where nothing passes, only the best of the present routes.

    Who has most margin is named only where margin comes first in the order that was asked for.

    Parameters
    ----------
    candidates : mapping of spec to Ranked
        Every spec of an option.
    """
    judged = [ranked.candidate for ranked in candidates.values()]
    passing = [candidate for candidate in judged if candidate.can_be_chosen]
    chosen: list[Pick] = []
    if passing:
        first, cheapest = best(candidates.values()), min(passing, key=_by_rate)
        named: list[tuple[Role, Candidate]] = [(CHEAPEST, cheapest)]
        if field.requirements.prefer[:1] == (MARGIN,):
            named.insert(0, (MOST_MARGIN, min(passing, key=_by_margin)))
        if first is not None and all(first.candidate != one for _, one in named):
            named.insert(0, ("recommended", first.candidate))
        chosen += [_pick(role, candidate, field) for role, candidate in named]
    present_routes = field.requirements.present
    kept = {
        spec
        for option in field.options
        if option.route in present_routes or option.name in present_routes
        for spec in field.specs_of[option.name]
    }
    present = ordered(ranked for spec, ranked in candidates.items() if spec in kept)
    if present:
        nearest = present[0].candidate
        chosen.append(_pick(OF_PRESENT, nearest, field))
    return tuple(chosen)


def by_rate(candidates: Mapping[str, Ranked]) -> dict[str, str]:
    """Return the best spec within each of `RATES_KBPS`, by that rate; each spec once.

    Of what was measured, every hard requirement: published sound is of other clips, which others
    chose.

    Parameters
    ----------
    candidates : mapping of spec to Ranked
        Every spec of an option.
    """
    found: dict[str, str] = {}
    for limit in RATES_KBPS:
        within = ordered(
            ranked
            for ranked in candidates.values()
            if _rate(ranked.candidate) <= limit * _ABOUT and ranked.candidate.is_measured
        )
        if within and within[0].candidate.spec not in found.values():
            found[f"{limit:g}"] = within[0].candidate.spec
    return found


def _pick(role: Role, candidate: Candidate, field: Field) -> Pick:
    spec = candidate.spec
    option = next(option for option in field.options if spec in field.specs_of[option.name])
    narrowest = candidate.narrowest
    return Pick(
        role=role,
        option=option.name,
        spec=spec,
        margin=narrowest.certainty,
        of=narrowest.requirement.name,
        to_know=(*option.to_know, *to_know(field.figures.of(spec))),
    )


def _by_margin(candidate: Candidate) -> tuple[float, float, str]:
    return -smallest_margin(candidate.findings), _rate(candidate), candidate.spec


def _by_rate(candidate: Candidate) -> tuple[float, float, str]:
    return _rate(candidate), -smallest_margin(candidate.findings), candidate.spec


def _rate(candidate: Candidate) -> float:
    return math.inf if candidate.rate.value is None else candidate.rate.value
