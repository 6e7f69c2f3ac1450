"""Differences between codecs on the same clips: a textbook's example, and what cannot be tested."""

from __future__ import annotations

import math

import pytest

from codecmark.analysis.statistics import paired_difference

# Student (1908), Biometrika 6: hours of sleep gained by two drugs, ten patients
DEXTRO = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
LAEVO = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def test_students_own_example() -> None:
    found = paired_difference(LAEVO, DEXTRO, [str(index) for index in range(10)])
    assert found.estimate.mean == pytest.approx(1.58)
    assert found.p_t == pytest.approx(0.00283, abs=1e-5)
    assert found.estimate.low == pytest.approx(0.7001, abs=1e-4)
    assert found.estimate.high == pytest.approx(2.4599, abs=1e-4)
    assert found.win_rate == 0.95


def test_differences_that_do_not_vary() -> None:
    sources = ["a", "b", "c"]
    equal = paired_difference([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], sources)
    assert (equal.p_t, equal.p_wilcoxon) == (1.0, 1.0)
    shifted = paired_difference([1.5, 2.5, 3.5], [1.0, 2.0, 3.0], sources)
    assert shifted.p_t == 0.0
    nearly = paired_difference([1.5, 2.5, math.nextafter(3.5, 4)], [1.0, 2.0, 3.0], sources)
    assert nearly.p_t is not None
    assert nearly.p_t < 1e-9


def test_one_source_says_nothing_of_others() -> None:
    found = paired_difference([2.0, 3.0], [1.0, 1.0], ["a", "a"])
    assert (found.p_t, found.p_wilcoxon, found.estimate.low) == (None, None, None)
    assert found.p_value(1) == 1.0
