"""Means with intervals that stay honest on few, dependent clips.

Clips of one source (a speaker, a track) are not independent: values are first averaged within
each source, then sources count alike. Resampling clips instead covers the truth a third of the
time where speakers repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats

CONFIDENCE = 0.95
BOOTSTRAP_FROM_SOURCES = 8
_RESAMPLES = 4_000
_SEED = 20_261_124


@dataclass(frozen=True)
class Estimate:
    """Mean over sources with its 95 % interval.

    `low` and `high` are None with a single source: one speaker says nothing about others.
    """

    mean: float
    low: float | None
    high: float | None
    n: int
    n_sources: int

    @property
    def half_width(self) -> float | None:
        """Half the width of the interval."""
        if self.low is None or self.high is None:
            return None
        return (self.high - self.low) / 2


def estimate(values: Sequence[float], sources: Sequence[str]) -> Estimate:
    """Estimate the mean over sources.

    With 8 sources or more the interval is the percentile bootstrap over sources, with fewer
    Student's t on the source means.

    Parameters
    ----------
    values, sources : sequences of equal length, not empty
        A finite value for each clip, and the clip's source.
    """
    groups: dict[str, list[float]] = {}
    for value, source in zip(values, sources, strict=True):
        groups.setdefault(source, []).append(value)
    means = np.array([np.mean(group) for group in groups.values()])
    mean, n_sources = float(means.mean()), len(means)
    if n_sources < 2:
        return Estimate(mean, None, None, len(values), n_sources)
    if n_sources >= BOOTSTRAP_FROM_SOURCES:
        rng = np.random.default_rng(_SEED)
        drawn = means[rng.integers(n_sources, size=(_RESAMPLES, n_sources))].mean(axis=1)
        tail = 100 * (1 - CONFIDENCE) / 2
        low, high = (float(v) for v in np.percentile(drawn, [tail, 100 - tail]))
    else:
        error = float(means.std(ddof=1)) / np.sqrt(n_sources)
        reach = float(scipy.stats.t.ppf((1 + CONFIDENCE) / 2, n_sources - 1)) * error
        low, high = mean - reach, mean + reach
    return Estimate(mean, low, high, len(values), n_sources)
