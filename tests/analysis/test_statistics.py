"""Means and their intervals over sources."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from codecmark.analysis.statistics import estimate


def test_few_sources_get_student_t() -> None:
    values = [1.0, 2.0, 4.0, 8.0]
    found = estimate(values, ["a", "b", "c", "d"])
    low, high = scipy.stats.t.interval(0.95, 3, np.mean(values), scipy.stats.sem(values))
    assert (found.mean, found.low, found.high) == pytest.approx((3.75, low, high))


def test_sources_count_alike() -> None:
    found = estimate([1.0, 1.0, 1.0, 3.0], ["a", "a", "a", "b"])
    assert (found.mean, found.n, found.n_sources) == (2.0, 4, 2)


def test_one_source_has_no_interval() -> None:
    found = estimate([1.0, 2.0], ["a", "a"])
    assert (found.mean, found.low, found.half_width) == (1.5, None, None)


@pytest.mark.parametrize("n_sources", [5, 8, 11, 16, 20, 30])
def test_intervals_cover_the_truth(n_sources: int) -> None:
    """Ten clips from each source; source effects as large as clip noise."""
    rng = np.random.default_rng(7)
    trials, covered = 300, 0
    sources = [f"s{i}" for i in range(n_sources) for _ in range(10)]
    for _ in range(trials):
        values = np.repeat(rng.normal(size=n_sources), 10) + rng.normal(size=10 * n_sources)
        found = estimate(values.tolist(), sources)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0 <= found.high
    assert 0.90 <= covered / trials <= 0.98


@pytest.mark.parametrize("n_sources", [20, 200, 201])
def test_bootstrap_and_t_interval_meet(n_sources: int) -> None:
    """Where one takes over from the other, both say nearly the same."""
    values = np.random.default_rng(3).normal(size=n_sources)
    found = estimate(values.tolist(), [str(index) for index in range(n_sources)])
    low, high = scipy.stats.t.interval(0.95, n_sources - 1, values.mean(), scipy.stats.sem(values))
    assert found.half_width == pytest.approx((high - low) / 2, rel=0.1 if n_sources < 100 else 0.04)
