"""Which listeners a standard would leave out, and by which rule. Computed, never deleted.

MUSHRA, ITU-R BS.1534-3, section 4.1.2 (post-screening):

- who rates the hidden reference below 90 on more than 15 % of the items;
- who rates the mid-range anchor above 90 on more than 15 % of the items, not counting items on
  which more than 25 % of all listeners do.

ACR and DCR have no such rule in ITU-T P.800. In its place stand checks in the manner of P.808:

- null pairs: who finds the hidden reference below 4 on more than 15 % of the items;
- traps: who finds the low anchor 4 or better on more than 15 % of the items;
- no opinion: whose votes have a variance below 0.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codecmark.listen.ratings import ListeningSet, Role

MOST_MISSES = 0.15
MUSHRA_LIMIT = 90.0
HARD_ITEM = 0.25  # share of the listeners above the limit from which an item is not counted
CATEGORY_LIMIT = 4.0
LEAST_VARIANCE = 0.1
_Floats = NDArray[np.float64]
_Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Exclusion:
    """One listener whom one rule leaves out.

    Attributes
    ----------
    misses, items : int
        On how many of how many items.
    """

    listener: str
    rule: str
    misses: int
    items: int

    def __str__(self) -> str:
        return f"{self.listener}: {self.rule} ({self.misses} of {self.items} items)"


def rules(listening: ListeningSet) -> list[str]:
    """Return the rules that apply to a set, in words; those whose stimuli it lacks are absent."""
    found = []
    roles = {each.role for each in listening.stimuli}
    if listening.method == "mushra":
        if "reference" in roles:
            found.append(_REFERENCE.format("90"))
        if "mid_anchor" in roles:
            found.append(_MID_ANCHOR)
        return found
    if "reference" in roles:
        found.append(_REFERENCE.format("4"))
    if "low_anchor" in roles:
        found.append(_TRAP)
    return [*found, _VARIANCE]


_REFERENCE = "hidden reference below {} on more than 15 % of the items"
_MID_ANCHOR = "mid anchor above 90 on more than 15 % of the items"
_TRAP = "low anchor at 4 or above on more than 15 % of the items"
_VARIANCE = "votes that hardly differ (variance below 0.1)"


def screen(listening: ListeningSet) -> list[Exclusion]:
    """Return whom the rules leave out; a listener may be there by more than one rule."""
    if not listening.ratings:
        return []
    if listening.method == "mushra":
        reference = _of_role(listening, "reference")
        anchor = _of_role(listening, "mid_anchor")
        above = anchor > MUSHRA_LIMIT
        shares = above.sum(0) / np.maximum(1, (~np.isnan(anchor)).sum(0))
        anchor = np.where(shares > HARD_ITEM, np.nan, anchor)
        return [
            *_missed(listening, reference, reference < MUSHRA_LIMIT, _REFERENCE.format("90")),
            *_missed(listening, anchor, anchor > MUSHRA_LIMIT, _MID_ANCHOR),
        ]
    reference, low = _of_role(listening, "reference"), _of_role(listening, "low_anchor")
    return [
        *_missed(listening, reference, reference < CATEGORY_LIMIT, _REFERENCE.format("4")),
        *_missed(listening, low, low >= CATEGORY_LIMIT, _TRAP),
        *_without_opinion(listening),
    ]


def screened(listening: ListeningSet) -> ListeningSet:
    """Return the set without those whom a rule leaves out."""
    return listening.without(exclusion.listener for exclusion in screen(listening))


def _of_role(listening: ListeningSet, role: Role) -> _Floats:
    """Return the ratings of one role as `[listeners, items]`, an item for each stimulus."""
    cube = listening.cube()
    places = [
        (listening.clips.index(each.clip), listening.systems.index(each.system))
        for each in listening.with_role(role)
    ]
    if not places:
        return np.empty((len(listening.listeners), 0))
    return np.stack([cube[:, clip, system] for clip, system in places], axis=1)


def _missed(
    listening: ListeningSet, values: _Floats, missed: _Flags, rule: str
) -> Sequence[Exclusion]:
    items = (~np.isnan(values)).sum(1)
    misses = (missed & ~np.isnan(values)).sum(1)
    return [
        Exclusion(name, rule, int(missed_items), int(n))
        for name, missed_items, n in zip(listening.listeners, misses, items, strict=True)
        if missed_items > MOST_MISSES * n
    ]


def _without_opinion(listening: ListeningSet) -> list[Exclusion]:
    found = []
    for name, values in zip(listening.listeners, listening.cube(), strict=True):
        votes = values[~np.isnan(values)]
        if len(votes) > 1 and votes.var(ddof=1) < LEAST_VARIANCE:
            found.append(Exclusion(name, _VARIANCE, len(votes), len(votes)))
    return found
