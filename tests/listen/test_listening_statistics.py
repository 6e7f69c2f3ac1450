from __future__ import annotations

import math

import numpy as np
import pytest

from codecmark.listen.statistics import differences, mean_of, means
from listening_sets import MUSHRA, panel

CLIPS = 8
SIMULATIONS = 2_000


def test_the_mean_of_a_table_by_hand() -> None:
    ratings = np.array([[1.0, 3.0], [3.0, 5.0]])
    found = mean_of(ratings, ["s1", "s2"])
    assert found.mean == 3
    # residuals -2 0 / 0 2: sums -2, 2 either way; 2 (4 + 4) / 16 = 1 each, 4/3 * 8 / 16 of both
    assert found.listener_se == pytest.approx(math.sqrt(1 + 1 - 2 / 3 - 1))
    assert found.low is not None
    # Satterthwaite: (4/3)^2 / (1 + 1) is below 1, so 1 degree of freedom: t = 12.706
    assert 3 - found.low == pytest.approx(12.706 * math.sqrt(4 / 3), rel=1e-3)


def test_one_listener_or_one_source_gives_no_interval() -> None:
    assert mean_of(np.ones((1, 4)), list("abcd")).low is None
    assert mean_of(np.ones((4, 2)), ["s", "s"]).low is None
    same = mean_of(np.full((3, 3), 4.0), list("abc"))
    assert (same.low, same.high) == (4.0, 4.0)


@pytest.mark.parametrize("listeners", [6, 12, 24])
@pytest.mark.parametrize("heard", [CLIPS, 4])
def test_intervals_cover_the_truth_and_pooled_ones_do_not(listeners: int, heard: int) -> None:
    """Standard deviations as in the published set: listeners 9, clips 9, the rest 15."""
    rng = np.random.default_rng(listeners)
    sources = [f"s{n}" for n in range(CLIPS)]
    covered = pooled = 0
    for _ in range(SIMULATIONS):
        ratings = (
            60
            + rng.normal(0, 9, (listeners, 1))
            + rng.normal(0, 9, (1, CLIPS))
            + rng.normal(0, 15, (listeners, CLIPS))
        )
        if heard < CLIPS:
            for n in range(listeners):
                ratings[n, [(n * heard + skip) % CLIPS for skip in range(CLIPS - heard)]] = np.nan
        found = mean_of(ratings, sources)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 60 <= found.high
        values = ratings[~np.isnan(ratings)]
        pooled += abs(values.mean() - 60) <= 1.96 * values.std(ddof=1) / math.sqrt(len(values))
    assert 0.92 <= covered / SIMULATIONS <= 0.98
    assert pooled / SIMULATIONS < 0.85


def test_a_made_up_panel_gives_its_systems_back() -> None:
    found = means(panel(listeners=24, clips=16))
    for system in ("mid", "a", "b"):
        mean = found[system]
        assert mean.low is not None
        assert mean.high is not None
        assert mean.low <= MUSHRA[system] <= mean.high
        assert mean.high - mean.low < 12


def test_differences_are_paired_and_corrected() -> None:
    listening = panel(listeners=16)
    pairs = {(each.first, each.second): each for each in differences(listening)}
    assert len(pairs) == 10
    assert pairs["reference", "low"].p_holm < 0.001
    assert pairs["a", "b"].mean.mean == pytest.approx(12, abs=8)
    assert all(each.mean.p is not None and each.p_holm >= each.mean.p for each in pairs.values())


def test_a_bias_of_a_listener_cancels_in_a_difference() -> None:
    rng = np.random.default_rng(3)
    bias = rng.normal(0, 20, (10, 1))
    first, second = bias + rng.normal(60, 1, (10, 8)), bias + rng.normal(57, 1, (10, 8))
    sources = [f"s{n}" for n in range(8)]
    alone, paired = mean_of(first, sources), mean_of(first - second, sources)
    assert alone.low is not None
    assert paired.low is not None
    assert paired.mean - paired.low < 1 < alone.mean - alone.low
