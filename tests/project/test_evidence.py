"""Paired differences and their tests."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from codecmark.analysis.statistics import (
    holm,
    median_estimate,
    paired_difference,
    ratio_estimate,
    uses_wilcoxon,
    wilcoxon_floor,
)


def test_paired_t_test_is_scipys() -> None:
    ours, theirs = [3.1, 2.9, 4.0, 5.2, 3.3], [2.8, 2.9, 3.1, 4.9, 3.4]
    found = paired_difference(ours, theirs, list("abcde"))
    expected = scipy.stats.ttest_rel(ours, theirs)
    interval = expected.confidence_interval(0.95)
    assert found.p_t == pytest.approx(expected.pvalue)
    assert (found.estimate.low, found.estimate.high) == pytest.approx(tuple(interval))
    assert found.median == pytest.approx(0.3)
    assert found.win_rate == 0.7


def test_wilcoxon_of_a_published_example() -> None:
    """Darwin's maize, crossed minus self-fertilised, eighths of an inch: W = 24, p = 0.041."""
    heights = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    found = paired_difference(heights, [0.0] * 15, [str(i) for i in range(15)])
    assert found.p_wilcoxon == pytest.approx(0.0413, abs=5e-5)


def test_clips_of_one_source_are_one_opinion() -> None:
    found = paired_difference([1.0] * 9 + [-1.0], [0.0] * 10, ["a"] * 9 + ["b"])
    assert (found.estimate.mean, found.estimate.n_sources, found.win_rate) == (0.0, 2, 0.5)
    alone = paired_difference([1.0, 2.0], [0.0, 0.0], ["a", "a"])
    assert (alone.p_t, alone.p_value(1), alone.estimate.low) == (None, 1.0, None)


def test_equal_and_constant_differences() -> None:
    same = paired_difference([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], list("abc"))
    assert (same.p_t, same.p_wilcoxon, same.win_rate) == (1.0, 1.0, 0.5)
    shifted = paired_difference([2.0, 3.0, 4.0], [1.0, 2.0, 3.0], list("abc"))
    assert (shifted.p_t, shifted.p_wilcoxon) == (0.0, wilcoxon_floor(3))


def test_wilcoxon_is_used_where_it_could_say_anything() -> None:
    assert wilcoxon_floor(5) == 0.0625
    assert not uses_wilcoxon(5, 1)
    assert uses_wilcoxon(6, 1)
    assert not uses_wilcoxon(8, 45)
    assert uses_wilcoxon(16, 45)


@pytest.mark.parametrize("n_sources", [5, 8, 11, 16, 20, 30])
def test_intervals_of_differences_cover_the_truth(n_sources: int) -> None:
    """Codecs that differ by 1 dB, more on some sources; four clips from each source."""
    rng = np.random.default_rng(11)
    trials, covered, n = 400, 0, 4 * n_sources
    sources = [f"s{i // 4}" for i in range(n)]
    for _ in range(trials):
        hard = np.repeat(rng.normal(scale=3.0, size=n_sources), 4)
        better = 1 + np.repeat(rng.normal(scale=0.5, size=n_sources), 4)
        theirs = hard + rng.normal(scale=0.3, size=n)
        ours = hard + better + rng.normal(scale=0.3, size=n)
        found = paired_difference(ours.tolist(), theirs.tolist(), sources).estimate
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 1 <= found.high
    assert 0.90 <= covered / trials <= 0.98


def test_a_ratio_of_totals_by_hand() -> None:
    # sources A: 10 over 2, B: 14 over 2; ratio 6; residuals -2 and 2, so the standard error is
    # sqrt(2 / 1 * 8) / 4 = 1, and t(0.975, 1) = 12.706
    found = ratio_estimate([4, 6, 14], [1, 1, 2], ["A", "A", "B"])
    assert (found.mean, found.n, found.n_sources) == (6, 3, 2)
    assert found.low == 0  # and not 6 - 12.7: a cost is not below 0
    assert found.high == pytest.approx(6 + 12.7062, abs=1e-4)
    assert ratio_estimate([8], [2], ["A"]).low is None
    same = ratio_estimate([2, 4, 6], [1, 2, 3], ["A", "B", "C"])
    assert (same.low, same.mean, same.high) == (2, 2, 2)


def test_the_interval_of_a_median_is_of_order_statistics() -> None:
    names = [str(n) for n in range(10)]
    found = median_estimate([float(n) for n in range(1, 11)], names)
    # of ten values the second and the ninth: coverage 1 - 2 * (1 + 10) / 2**10 = 97.9 %
    assert (found.mean, found.low, found.high) == (5.5, 2, 9)
    six = median_estimate([3.0, 1, 2, 6, 5, 4], names[:6])
    assert (six.mean, six.low, six.high) == (3.5, 1, 6)
    assert median_estimate([1.0, 2, 3, 4, 5], names[:5]).low is None
    assert median_estimate([1.0, 3, 9], ["a", "a", "b"]).mean == 5.5


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
