"""Two ways to do the same thing, timed in pairs, and a limit on how much more the second may cost.

Times vary with the load of the machine, so a limit is judged by an interval of the median excess in
processor time, which is measured again with more pairs where the limit is in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Literal

import numpy as np

Pairs = tuple[Sequence[float], Sequence[float]]
_RESAMPLES = 2_000
_ATTEMPTS = 3
_BUDGET_S = 15.0


@dataclass(frozen=True)
class Excess:
    """How much longer the second call of a pair takes.

    Attributes
    ----------
    direct_s : float
        Median of the first call, in seconds.
    median_s, low_s, high_s : float
        Median of the differences and its 95 % bootstrap interval; negative where the second call
        is faster.
    pairs : int
    """

    direct_s: float
    median_s: float
    low_s: float
    high_s: float
    pairs: int

    @classmethod
    def of(cls, direct_s: Sequence[float], other_s: Sequence[float]) -> Excess:
        """Return the excess of paired times; the same times give the same interval."""
        differences = np.subtract(other_s, direct_s)
        rng = np.random.default_rng(0)
        samples = rng.choice(differences, (_RESAMPLES, len(differences)))
        low, high = np.percentile(np.median(samples, axis=1), [2.5, 97.5])
        return cls(
            float(np.median(direct_s)),
            float(np.median(differences)),
            float(low),
            float(high),
            len(differences),
        )

    def against(self, limit_s: float) -> Literal["within", "in doubt", "beyond"]:
        """Say on which side of a limit the interval lies."""
        if self.high_s <= limit_s:
            return "within"
        return "beyond" if self.low_s > limit_s else "in doubt"


@dataclass(frozen=True)
class Judgement:
    """The last measurement, and how many there were."""

    excess: Excess
    limit_s: float
    attempts: int

    @property
    def fails(self) -> bool:
        """Whether the whole interval lies beyond the limit, and did not do so only once."""
        return self.attempts > 1 and self.excess.against(self.limit_s) == "beyond"


class PairedCalls:
    """A call that makes one pair, the order alternating, and keeps the seconds of all.

    Seconds of processor time, all threads of this process together: other programs on the machine
    do not lengthen it by what they take themselves.
    """

    def __init__(self, direct: Callable[[], object], other: Callable[[], object]) -> None:
        self._calls = (direct, other)
        self._seconds: tuple[list[float], list[float]] = ([], [])

    def __call__(self) -> None:
        """Make a pair."""
        first = len(self._seconds[0]) % 2
        for which in (first, 1 - first):
            start = process_time()
            self._calls[which]()
            self._seconds[which].append(process_time() - start)

    def seconds(self, skip: int = 0) -> Pairs:
        """Return the seconds of both calls, without the first `skip` pairs."""
        return self._seconds[0][skip:], self._seconds[1][skip:]

    def again(self, pairs: int) -> Pairs:
        """Make more pairs and return theirs."""
        made = len(self._seconds[0])
        for _ in range(pairs):
            self()
        return self.seconds(skip=made)


def judge(
    first: Pairs,
    limit_s: Callable[[Excess], float],
    again: Callable[[int], Pairs],
    *,
    budget_s: float = _BUDGET_S,
) -> Judgement:
    """Judge pairs by a limit; where it is not kept for certain, measure twice as many again.

    Each attempt stands alone, so that a burst of other work spoils one of them only.

    Parameters
    ----------
    first : pair of sequences of float
        Seconds of the direct calls and of the others.
    limit_s : callable
        The limit, which may depend on how long the direct call takes.
    again : callable
        Measures a number of pairs.
    budget_s : float
        No further attempt is begun that would take longer than what is left of this.
    """
    direct, other = first
    excess, attempts = Excess.of(direct, other), 1
    left_s = budget_s
    while excess.against(limit_s(excess)) != "within" and attempts < _ATTEMPTS:
        cost_s = 2 * (sum(direct) + sum(other))
        if cost_s > left_s:
            break
        direct, other = again(2 * excess.pairs)
        left_s -= sum(direct) + sum(other)
        excess, attempts = Excess.of(direct, other), attempts + 1
    return Judgement(excess, limit_s(excess), attempts)
