"""Which of two was preferred, and whether a system can be told from the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codecmark.listen.collect import Choice

_ROUNDS, _STILL = 10_000, 1e-10


@dataclass(frozen=True)
class Told:
    """ABX: right answers of all, and the one-sided exact binomial p against guessing."""

    system: str
    right: int
    trials: int
    listeners: int
    p: float


@dataclass(frozen=True)
class Strength:
    """Bradley-Terry: the log of how often a system wins, the mean of all systems at 0."""

    system: str
    log_strength: float
    wins: float
    trials: int


def told(choices: Sequence[Choice]) -> list[Told]:
    """Return, for each system of an ABX test, whether listeners told it from the reference.

    The p-value takes answers as independent; with many answers of few listeners it is too small,
    and `listeners` says how few.
    """
    groups: dict[str, list[Choice]] = {}
    for each in choices:
        system = each.second if each.first == "reference" else each.first
        groups.setdefault(system, []).append(each)
    return [
        told_of(
            system, [each.chosen == each.truth for each in group],
            len({each.listener for each in group}),
        )
        for system, group in groups.items()
    ]  # fmt: skip


def told_of(system: str, right: Sequence[bool], listeners: int) -> Told:
    """Return one result from its answers, of which there is at least one."""
    from scipy.stats import binomtest

    test = binomtest(sum(right), len(right), alternative="greater")
    return Told(system, sum(right), len(right), listeners, float(test.pvalue))


def strengths(choices: Sequence[Choice]) -> list[Strength]:
    """Return the strengths of an AB test's systems, strongest first.

    Minorisation and maximisation (Hunter 2004, Annals of Statistics 32); a tie is half a win for
    either, and half a win of each over each is added, so that a system that never loses stays
    finite.
    """
    systems = list(dict.fromkeys(name for each in choices for name in (each.first, each.second)))
    at = {name: n for n, name in enumerate(systems)}
    wins = np.zeros((len(systems), len(systems)))  # of the row over the column
    for each in choices:
        first, second = at[each.first], at[each.second]
        share = 0.5 if each.chosen is None else float(each.chosen == each.first)
        wins[first, second] += share
        wins[second, first] += 1 - share
    counted = wins.sum(1), (wins + wins.T).sum(1)
    smoothed = wins + 0.5 * (1 - np.eye(len(systems)))
    met = smoothed + smoothed.T
    strength = np.ones(len(systems))
    for _ in range(_ROUNDS):
        shares = met / (strength[:, None] + strength[None, :])
        np.fill_diagonal(shares, 0)
        new = smoothed.sum(1) / shares.sum(1)
        new /= np.exp(np.log(new).mean())
        if np.abs(np.log(new / strength)).max() < _STILL:
            break
        strength = new
    found = [
        Strength(name, float(np.log(strength[n])), float(counted[0][n]), int(counted[1][n]))
        for name, n in at.items()
    ]
    return sorted(found, key=lambda one: -one.log_strength)
