"""Means, intervals and differences over listeners and sources at once.

Ratings of one listener are not independent, nor are ratings of one source; a pooled standard error
treats them as independent and is far too small. Here the variance of a mean is that of Cameron,
Gelbach and Miller (2011), Journal of Business and Economic Statistics 29, for two crossed groups:
what listeners bring, plus what sources bring, less what both would count twice. The interval is
Student's t, its degrees of freedom by Satterthwaite. It works as well where each listener rates
only some of the clips, and for differences, which are paired within listener and clip.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from codecmark.analysis.statistics import CONFIDENCE, holm
from codecmark.listen.ratings import ListeningSet

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Mean:
    """A mean of ratings with its 95 % interval.

    Attributes
    ----------
    mean : float
        Of all ratings, on the scale of the method.
    low, high : float or None
        None with one listener or one source.
    listeners, sources, ratings : int
    listener_se : float or None
        The part of the standard error that sources do not bring: it stays however many clips.
    p : float or None
        Two-sided, of the hypothesis that the mean is 0; of use for differences only.
    """

    mean: float
    low: float | None
    high: float | None
    listeners: int
    sources: int
    ratings: int
    listener_se: float | None = None
    p: float | None = None


@dataclass(frozen=True)
class Difference:
    """One system less another, paired within listener and clip; `p_holm` among all pairs."""

    first: str
    second: str
    mean: Mean
    p_holm: float


def mean_of(ratings: _Floats, sources: Sequence[str]) -> Mean:
    """Return the mean of ratings `[listeners, clips]`, NaN where there is none.

    Parameters
    ----------
    ratings : np.ndarray, shape=(listeners, clips)
        At least one that is not NaN.
    sources : sequence of str
        Of each clip.
    """
    there = ~np.isnan(ratings)
    listeners, n = int(there.any(1).sum()), int(there.sum())
    mean = float(ratings[there].mean())
    names = list(dict.fromkeys(sources))
    of_source = np.array([[source == name for name in names] for source in sources], float)
    present = int((there @ of_source > 0).any(0).sum())
    if listeners < 2 or present < 2:
        return Mean(mean, None, None, listeners, present, n)
    cells = np.where(there, ratings - mean, 0.0) @ of_source  # sums of listener by source
    by_listener = _variance(cells.sum(1), listeners, n)
    by_source = _variance(cells.sum(0), present, n)
    of_both = _variance(cells.ravel(), int((there @ of_source > 0).sum()), n)
    variance = max(by_listener + by_source - of_both, by_listener, by_source)
    if variance == 0:
        return Mean(mean, mean, mean, listeners, present, n, 0.0, float(mean == 0))
    from scipy.stats import t

    freedom = variance**2 / (
        by_listener**2 / (listeners - 1) + by_source**2 / (present - 1)
    )  # fmt: skip
    freedom = max(freedom, min(listeners, present) - 1)
    error = math.sqrt(variance)
    reach = float(t.ppf((1 + CONFIDENCE) / 2, freedom)) * error
    return Mean(
        mean, mean - reach, mean + reach, listeners, present, n,
        math.sqrt(max(0.0, variance - by_source)),
        float(2 * t.sf(abs(mean) / error, freedom)),
    )  # fmt: skip


def _variance(sums: _Floats, groups: int, n: int) -> float:
    """Return the variance of a mean of `n` values from the sums of residuals of its groups."""
    return groups / (groups - 1) * float(np.square(sums).sum()) / n**2


def means(listening: ListeningSet) -> dict[str, Mean]:
    """Return the mean of every system that was rated, in the order of the set."""
    cube = listening.cube()
    sources = [listening.sources[clip] for clip in listening.clips]
    return {
        system: mean_of(cube[:, :, at], sources)
        for at, system in enumerate(listening.systems)
        if not np.isnan(cube[:, :, at]).all()
    }


def differences(listening: ListeningSet) -> list[Difference]:
    """Return every pair of systems that some listener rated on one clip, the better one first."""
    cube = listening.cube()
    sources = [listening.sources[clip] for clip in listening.clips]
    found = []
    for first, second in combinations(range(len(listening.systems)), 2):
        both = cube[:, :, first] - cube[:, :, second]
        if np.isnan(both).all():
            continue
        mean = mean_of(both, sources)
        pair = listening.systems[first], listening.systems[second]
        if mean.mean < 0:
            pair, mean = pair[::-1], mean_of(-both, sources)
        found.append((pair, mean))
    adjusted = holm([1.0 if mean.p is None else mean.p for _, mean in found])
    return [
        Difference(*pair, mean, p) for (pair, mean), p in zip(found, adjusted, strict=True)
    ]  # fmt: skip
