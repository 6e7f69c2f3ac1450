"""What listeners said as positions on an axis: numbers that a template draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from codecmark.listen.preferences import Strength, Told
from codecmark.listen.ratings import SCALES, ListeningSet
from codecmark.listen.statistics import Mean
from codecmark.system.counting import counted


@dataclass(frozen=True)
class Interval:
    """A value and its interval, in parts of the axis; `low` and `high` None where there is none."""

    at: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Line:
    """One system: who passes screening in front, everybody behind, a tick for each listener.

    `text` is the same for whoever reads the page aloud.
    """

    label: str
    text: str
    front: Interval | None
    behind: Interval | None = None
    ticks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Plot:
    """Lines under one axis; `marks` are places and numbers on it, `chance` a place to compare with.

    All places are from 0 to 1.
    """

    title: str
    marks: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]
    chance: float | None = None


def of_means(
    listening: ListeningSet, passed: Mapping[str, Mean], everybody: Mapping[str, Mean], title: str
) -> Plot:
    """Return the means of a rated test; `listening` is the screened set, whose listeners tick."""
    lowest, highest = SCALES[listening.method]
    decimals = 1 if listening.method == "mushra" else 2

    def placed(value: float) -> float:
        return min(1.0, max(0.0, (value - lowest) / (highest - lowest)))

    def interval(mean: Mean | None) -> Interval | None:
        if mean is None:
            return None
        if mean.low is None or mean.high is None:
            return Interval(placed(mean.mean))
        return Interval(placed(mean.mean), placed(mean.low), placed(mean.high))

    lines = []
    cube = listening.cube()
    for system in sorted(everybody, key=lambda name: -(passed.get(name) or everybody[name]).mean):
        votes = cube[:, :, listening.systems.index(system)]
        ticks = [float(np.nanmean(each)) for each in votes if not np.isnan(each).all()]
        mean = passed.get(system)
        lines.append(
            Line(
                system, said(mean, decimals) if mean else "nobody who passes screening",
                interval(mean), interval(everybody[system]), tuple(map(placed, ticks)),
            )
        )  # fmt: skip
    step = 20 if listening.method == "mushra" else 1
    marks = tuple(
        (placed(value), f"{value:g}") for value in np.arange(lowest, highest + step / 2, step)
    )
    return Plot(title, marks, tuple(lines))


def of_told(results: Sequence[Told]) -> Plot:
    """Return the shares of right answers of an ABX test, with exact intervals."""
    from scipy.stats import binomtest

    lines = []
    for each in results:
        exact = binomtest(each.right, each.trials).proportion_ci(method="exact")
        share = each.right / each.trials
        by = counted(each.listeners, "listener")
        text = f"{each.right} of {each.trials} right, p {each.p:.2g}, {by}"
        lines.append(Line(each.system, text, Interval(share, float(exact.low), float(exact.high))))
    marks = tuple((n / 4, f"{25 * n} %") for n in range(5))
    return Plot("Share of right answers, with its exact 95 % interval", marks, tuple(lines), 0.5)


def of_strengths(results: Sequence[Strength]) -> Plot:
    """Return the strengths of an AB test; one unit is odds of e to 1."""
    reach = max(1.0, math.ceil(max((abs(each.log_strength) for each in results), default=0)))

    def placed(value: float) -> float:
        return (value + reach) / (2 * reach)

    lines = tuple(
        Line(
            each.system, f"{each.log_strength:+.2f}, {each.wins:g} wins of {each.trials}",
            Interval(placed(each.log_strength)),
        )
        for each in results
    )  # fmt: skip
    marks = tuple((placed(value), f"{value:+g}") for value in (-reach, 0.0, reach))
    return Plot("Strength (Bradley-Terry, logarithm of odds)", marks, lines, 0.5)


def said(mean: Mean, decimals: int) -> str:
    """Return a mean and its interval in words."""
    if mean.low is None or mean.high is None:
        return f"{mean.mean:.{decimals}f}"
    return f"{mean.mean:.{decimals}f} ({mean.low:.{decimals}f} to {mean.high:.{decimals}f})"
