"""A limit on cost fails for a clear excess that stays, never for noise."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark.measure.paired_times import Excess, PairedCalls, Pairs, judge

LIMIT_S = 0.010


def pairs(excess_s: float, noise_s: float, count: int = 30, seed: int = 0) -> Pairs:
    """Return made-up times: the second call takes longer by this, both meet with noise."""
    rng = np.random.default_rng(seed)
    direct, other = rng.normal(0.1, noise_s, (2, count))
    return list(direct), list(other + excess_s)


def never(count: int) -> Pairs:
    raise AssertionError(f"{count} more pairs were asked for")


def limit_s(excess: Excess) -> float:
    return LIMIT_S


def test_the_interval_of_known_differences() -> None:
    found = Excess.of([1.0, 1.0, 1.0], [1.5, 1.5, 1.5])
    assert (found.direct_s, found.median_s, found.low_s, found.high_s) == (1.0, 0.5, 0.5, 0.5)
    spread = Excess.of([0.0] * 5, [-0.2, -0.1, 0.0, 0.1, 0.2])
    assert (spread.median_s, spread.low_s, spread.high_s) == (0.0, -0.2, 0.2)


@pytest.mark.parametrize(
    ("low", "high", "side"),
    [(-1, 0.5, "within"), (0.5, 1, "within"), (0.5, 2, "in doubt"), (1, 2, "in doubt"),
     (1.5, 2, "beyond")],
)  # fmt: skip
def test_the_sides_of_a_limit(low: float, high: float, side: str) -> None:
    assert Excess(1.0, (low + high) / 2, low, high, 5).against(1.0) == side


def test_what_keeps_the_limit_is_measured_once() -> None:
    judged = judge(pairs(0.0, 0.001), limit_s, never)
    assert (judged.attempts, judged.fails) == (1, False)


def test_noise_around_the_limit_is_measured_again_and_passes() -> None:
    asked = []

    def again(count: int) -> Pairs:
        asked.append(count)
        return pairs(LIMIT_S, 0.050, count, seed=count)

    judged = judge(pairs(LIMIT_S, 0.050, 5), limit_s, again)
    assert asked == [10, 20]  # twice as many each time, and not for ever
    assert (judged.attempts, judged.fails) == (3, False)


def test_a_burst_of_other_work_passes() -> None:
    judged = judge(pairs(0.030, 0.001), limit_s, lambda count: pairs(0.0, 0.001, count))
    assert (judged.attempts, judged.fails) == (2, False)
    assert judged.excess.pairs == 60


def test_a_clear_excess_fails_after_it_was_measured_again() -> None:
    judged = judge(pairs(0.030, 0.001), limit_s, lambda count: pairs(0.030, 0.001, count, seed=1))
    assert judged.fails
    assert judged.attempts > 1


def test_nothing_fails_that_there_was_no_time_to_measure_again() -> None:
    judged = judge(pairs(0.030, 0.001), limit_s, never, budget_s=1.0)
    assert (judged.attempts, judged.fails) == (1, False)
    assert judged.excess.against(judged.limit_s) == "beyond"


def test_pairs_alternate_and_the_warm_up_is_left_out() -> None:
    order: list[str] = []
    calls = PairedCalls(lambda: order.append("direct"), lambda: order.append("other"))
    for _ in range(3):
        calls()
    assert order == ["direct", "other", "other", "direct", "direct", "other"]
    assert [len(seconds) for seconds in calls.seconds(skip=1)] == [2, 2]
    assert [len(seconds) for seconds in calls.again(4)] == [4, 4]
    assert len(order) == 14
