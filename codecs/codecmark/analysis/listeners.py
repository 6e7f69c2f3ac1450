"""What listeners said of a codec, from its rows: a mean whose interval covers both kinds of chance.

A row holds the mean of a clip's ratings, so the spread over sources can be read from the rows; that
part of the error which more clips would not lessen, since they are the same listeners, is the row's
`listener_se`. The two are added.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codecmark.analysis.statistics import CONFIDENCE
from codecmark.results.row import ResultRow

RATINGS = ("mos", "dmos", "mushra")


@dataclass(frozen=True)
class Rated:
    """The mean over clips of one codec's ratings, and its 95 % interval.

    Attributes
    ----------
    low, high : float or None
        None with one source or one listener.
    listeners, ratings : int
        Most listeners of any clip; ratings of all.
    source_variance, listener_variance, freedom : float
        What the interval is made of, and its degrees of freedom.
    """

    mean: float
    low: float | None
    high: float | None
    values: dict[str, float]
    sources: dict[str, str]
    listeners: int
    ratings: int
    source_variance: float = 0.0
    listener_variance: float = 0.0
    freedom: float = 1.0

    def listeners_for(self, margin: float) -> int | None:
        """Return how many listeners would narrow half of the interval below a margin.

        None where no number would, since clips bring more than that, or where nothing is known.
        """
        from scipy.stats import t

        if self.low is None or margin <= 0:
            return None
        wanted = (margin / float(t.ppf((1 + CONFIDENCE) / 2, self.freedom))) ** 2
        left = wanted - self.source_variance
        if left <= 0 or not self.listener_variance:
            return None
        return math.ceil(self.listeners * self.listener_variance / left)


def rated(rows: Sequence[ResultRow], field: str) -> Rated | None:
    """Return what listeners said in rows of one codec; None if nobody was asked.

    Parameters
    ----------
    field : {"mos", "dmos", "mushra"}
    """
    heard = [row for row in rows if row.clip and getattr(row, field) is not None]
    if not heard:
        return None
    values = {row.clip or "": float(getattr(row, field)) for row in heard}
    sources = {row.clip or "": row.source or row.clip or "" for row in heard}
    mean = float(np.mean(list(values.values())))
    listeners = max(row.listeners or 0 for row in heard)
    ratings = sum(row.ratings or 0 for row in heard)
    names = set(sources.values())
    errors = [row.listener_se for row in heard if row.listener_se is not None]
    if len(names) < 2 or listeners < 2 or not errors:
        return Rated(mean, None, None, values, sources, listeners, ratings)
    sums = [sum(values[c] - mean for c in values if sources[c] == name) for name in names]
    of_sources = len(names) / (len(names) - 1) * sum(s**2 for s in sums) / len(values) ** 2
    of_listeners = max(errors) ** 2
    variance = of_sources + of_listeners
    freedom = 1.0
    reach = 0.0
    if variance > 0:
        from scipy.stats import t

        freedom = variance**2 / (
            of_sources**2 / (len(names) - 1) + of_listeners**2 / (listeners - 1)
        )  # fmt: skip
        freedom = max(freedom, min(len(names), listeners) - 1)
        reach = float(t.ppf((1 + CONFIDENCE) / 2, freedom)) * math.sqrt(variance)
    return Rated(
        mean, mean - reach, mean + reach, values, sources, listeners, ratings, of_sources,
        of_listeners, freedom,
    )  # fmt: skip
