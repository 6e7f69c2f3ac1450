"""Means, differences and tests that stay honest on few, dependent clips.

Clips of one source (a speaker, a track) are not independent: values are first averaged within
each source, then sources count alike. Resampling clips instead covers the truth a third of the
time where speakers repeat.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

CONFIDENCE = 0.95
# percentile bootstraps of 8 to 14 normal sources cover 88 to 90 %, t intervals 95 %
BOOTSTRAP_FROM_SOURCES = 20
BOOTSTRAP_TO_SOURCES = 200  # beyond, the mean is as good as normal, and so is its interval
# all of five sources beyond a threshold happen by luck once in 32 times, all of four once in 16
FEWEST_SOURCES = 5
Range = tuple[float, float]
ANYWHERE: Range = (-math.inf, math.inf)
_RESAMPLES = 4_000
_SEED = 20_261_124
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """Mean over sources with its 95 % interval.

    `low` and `high` are None with a single source: one speaker says nothing about others.
    `lowest` and `highest` are the extreme sources' means, to be shown in place of an interval of
    fewer than `FEWEST_SOURCES`; None where they were not kept.
    """

    mean: float
    low: float | None
    high: float | None
    n: int
    n_sources: int
    lowest: float | None = None
    highest: float | None = None

    @property
    def half_width(self) -> float | None:
        """Half the width of the interval."""
        if self.low is None or self.high is None:
            return None
        return (self.high - self.low) / 2

    def within(self, limits: Range) -> Estimate:
        """Return it with an interval that stays within a metric's range."""
        if self.low is None or self.high is None:
            return self
        least, most = limits
        return replace(self, low=max(self.low, least), high=min(self.high, most))


@dataclass(frozen=True)
class PairedDifference:
    """A codec minus another on the same clips, averaged by source first.

    Attributes
    ----------
    estimate : Estimate
        Mean difference with its 95 % interval, in the unit of the values.
    median : float
        Over sources.
    win_rate : float
        Share of sources with a positive difference, 0..1; a tie counts half.
    p_t, p_wilcoxon : float or None
        Two-sided p-values of Student's t test and of the Wilcoxon signed-rank test over sources.
        None with a single source. Wilcoxon's is never below `wilcoxon_floor(n_sources)`.
    """

    estimate: Estimate
    median: float
    win_rate: float
    p_t: float | None
    p_wilcoxon: float | None

    def p_value(self, family: int) -> float:
        """Return the p-value to correct among `family` hypotheses; 1 with a single source.

        It is Wilcoxon's where that test could come out significant at all, otherwise Student's.
        The choice looks at counts only, never at the values, so it costs nothing in validity.
        """
        if self.p_t is None or self.p_wilcoxon is None:
            return 1.0
        return self.p_wilcoxon if uses_wilcoxon(self.estimate.n_sources, family) else self.p_t


def wilcoxon_floor(n_sources: int) -> float:
    """Return the smallest two-sided p-value that the exact test can give: all signs alike."""
    return min(1.0, 2.0 ** (1 - n_sources))


def uses_wilcoxon(n_sources: int, family: int) -> bool:
    """Say whether the Wilcoxon test can reach significance after correction for `family`.

    Five sources give at best p = 0.0625: with them it would call every difference noise.
    """
    return wilcoxon_floor(n_sources) * family < 1 - CONFIDENCE


def estimate(values: Sequence[float], sources: Sequence[str], limits: Range = ANYWHERE) -> Estimate:
    """Estimate the mean over sources.

    With 20 to 200 sources the interval is the percentile bootstrap over sources, otherwise
    Student's t on the source means.

    Parameters
    ----------
    values, sources : sequences of equal length, not empty
        A finite value for each clip, and the clip's source.
    limits : tuple of two floats
        The metric's range, which the interval never leaves.
    """
    return estimate_of_sources(_source_means(values, sources), len(values), limits)


def estimate_of_sources(means: _Floats, n: int, limits: Range = ANYWHERE) -> Estimate:
    """Estimate the mean over sources from their own means, of `n` clips in all."""
    mean, n_sources = float(means.mean()), len(means)
    lowest, highest = float(means.min()), float(means.max())
    if n_sources < 2:
        return Estimate(mean, None, None, n, n_sources, lowest, highest)
    if BOOTSTRAP_FROM_SOURCES <= n_sources <= BOOTSTRAP_TO_SOURCES:
        low, high = _bootstrap_interval(means.tobytes())
    else:
        error = float(means.std(ddof=1)) / math.sqrt(n_sources)
        reach = _t_quantile(n_sources - 1) * error
        low, high = mean - reach, mean + reach
    return Estimate(mean, low, high, n, n_sources, lowest, highest).within(limits)


@lru_cache(maxsize=8_192)  # 1.6 kB each at most; tables, page and verdicts ask for the same
def _bootstrap_interval(means: bytes) -> tuple[float, float]:
    """Return the percentile interval of the mean; `means` are float64."""
    values = np.frombuffer(means)
    tail = 100 * (1 - CONFIDENCE) / 2
    drawn = _resampling(len(values)) @ values
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return float(low), float(high)


@cache  # scipy takes longer to look it up than everything else takes
def _t_quantile(degrees_of_freedom: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, (1 + CONFIDENCE) / 2))


@lru_cache(maxsize=4)  # 6 MB each at most
def _resampling(n_sources: int) -> _Floats:
    """Return each resample's weights of the sources, `[resamples, n_sources]`."""
    rng = np.random.default_rng(_SEED)
    drawn = rng.integers(n_sources, size=(_RESAMPLES, n_sources))
    drawn += n_sources * np.arange(_RESAMPLES)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=_RESAMPLES * n_sources)
    return counts.reshape(_RESAMPLES, n_sources) / n_sources


def paired_difference(
    values: Sequence[float], reference: Sequence[float], sources: Sequence[str]
) -> PairedDifference:
    """Compare two codecs on the same clips: `values` minus `reference`.

    Parameters
    ----------
    values, reference, sources : sequences of equal length, not empty
        For each clip a finite value of either codec, and the clip's source.
    """
    differences = [a - b for a, b in zip(values, reference, strict=True)]
    means = _source_means(differences, sources)
    found = estimate_of_sources(means, len(differences))
    median = float(np.median(means))
    wins = float(np.mean((means > 0) + (means == 0) / 2))
    if len(means) < 2:
        return PairedDifference(found, median, wins, None, None)
    return PairedDifference(found, median, wins, _t_test(means), _wilcoxon(means))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that all claims below 0.05 hold together with 95 % confidence.

    Parameters
    ----------
    p_values : sequence of floats in 0..1

    Returns
    -------
    list[float]
        In the order given. Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for position, index in enumerate(np.argsort(p_values, kind="stable")):
        highest = max(highest, (len(p_values) - position) * p_values[index])
        adjusted[index] = min(1.0, highest)
    return adjusted


def ratio_estimate(
    numerators: Sequence[float], denominators: Sequence[float], sources: Sequence[str]
) -> Estimate:
    """Estimate a ratio of totals, e.g. bits over seconds, with its interval over sources.

    Student's t on the linearised ratio (Cochran 1977, Sampling Techniques, section 6.4): sources
    are the sample, their residuals about the ratio its spread.

    Parameters
    ----------
    numerators, denominators, sources : sequences of equal length, not empty
        For each clip; denominators are positive, numerators not negative, and so is the interval.
    """
    above, below = (
        np.array([sum(values) for values in _by_source(part, sources)])
        for part in (numerators, denominators)
    )
    ratio, n = float(above.sum() / below.sum()), len(above)
    if n < 2:
        return Estimate(ratio, None, None, len(sources), n)
    residuals = above - ratio * below
    error = float(np.sqrt(n / (n - 1) * (residuals**2).sum()) / below.sum())
    reach = _t_quantile(n - 1) * error
    return Estimate(ratio, max(0.0, ratio - reach), ratio + reach, len(sources), n)


def median_estimate(values: Sequence[float], sources: Sequence[str]) -> Estimate:
    """Estimate the median over sources; the interval is between two order statistics.

    Its coverage, from the binomial distribution, is 95 % or more whatever the distribution
    (David and Nagaraja 2003, Order Statistics, section 7.1); below 6 sources none has it.

    Parameters
    ----------
    values, sources : sequences of equal length, not empty
    """
    from scipy.stats import binom

    means = np.sort(_source_means(values, sources))
    n, median = len(means), float(np.median(means))
    below = int(binom.ppf((1 - CONFIDENCE) / 2, n, 0.5)) - 1
    if below < 0:
        return Estimate(median, None, None, len(values), n)
    return Estimate(median, float(means[below]), float(means[n - 1 - below]), len(values), n)


def _source_means(values: Sequence[float], sources: Sequence[str]) -> _Floats:
    groups = _by_source(values, sources)
    return np.array([group[0] if len(group) == 1 else np.mean(group) for group in groups])


def _by_source(values: Sequence[float], sources: Sequence[str]) -> list[list[float]]:
    groups: dict[str, list[float]] = {}
    for value, source in zip(values, sources, strict=True):
        groups.setdefault(source, []).append(value)
    return list(groups.values())


def _t_test(means: _Floats) -> float:
    if means.std() == 0:  # scipy divides by it
        return 1.0 if means[0] == 0 else 0.0
    from scipy.stats import ttest_1samp

    with warnings.catch_warnings():  # of differences that are nearly equal, whose p is near 0
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(ttest_1samp(means, 0.0).pvalue)


def _wilcoxon(means: _Floats) -> float:
    if not means.any():  # scipy has no statistic for this
        return 1.0
    from scipy.stats import wilcoxon

    return float(wilcoxon(means).pvalue)
