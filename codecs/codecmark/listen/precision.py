"""How many listeners give which interval and which difference; planned before anybody listens.

The spreads are those of a published MUSHRA test of neural speech codecs (Stahl, Windtner and
Sontacchi 2024; 19 listeners after screening, 16 clips), by moments over its systems; on scales of
five categories a twentieth of them is assumed. Another panel has others, so these are estimates for
planning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from codecmark.analysis.statistics import CONFIDENCE
from codecmark.listen.design import TestMethod

PANELS = (6, 9, 12, 16, 20, 24, 32)
_POWER = 0.8


@dataclass(frozen=True)
class Spread:
    """Standard deviations between listeners, between clips, and of what is left."""

    listeners: float
    clips: float
    rest: float

    def error(self, listeners: int, clips: int, heard: float) -> float:
        """Return the standard error of a mean; `heard` is the share of the clips each rates."""
        variance = self.listeners**2 / listeners + self.clips**2 / clips
        return math.sqrt(variance + self.rest**2 / (listeners * clips * heard))


OF_A_SYSTEM = Spread(13.4, 8.4, 17.7)
OF_A_DIFFERENCE = Spread(7.5, 13.1, 23.0)
_CATEGORIES = 20.0


@dataclass(frozen=True)
class Precision:
    """What a panel gives: half of a mean's 95 % interval, and the difference found 4 times of 5."""

    listeners: int
    half_width: float
    difference: float


def precision(
    method: TestMethod, listeners: int, clips: int, heard: float = 1.0
) -> Precision:  # fmt: skip
    """Return the precision to expect, on the method's scale."""
    from scipy.stats import t

    scale = 1.0 if method == "mushra" else _CATEGORIES
    freedom = max(1, min(listeners, clips) - 1)
    reach = float(t.ppf((1 + CONFIDENCE) / 2, freedom))
    mean = OF_A_SYSTEM.error(listeners, clips, heard) / scale
    pair = OF_A_DIFFERENCE.error(listeners, clips, heard) / scale
    return Precision(listeners, reach * mean, (reach + float(t.ppf(_POWER, freedom))) * pair)


def abx_needed(trials: int) -> int | None:
    """Return how many of so many ABX answers must be right for p below 5 %; None if none do."""
    from scipy.stats import binom

    for right in range(trials + 1):
        if float(binom.sf(right - 1, trials, 0.5)) < 1 - CONFIDENCE:
            return right
    return None
