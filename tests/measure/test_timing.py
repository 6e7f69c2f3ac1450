"""The order of timed calls, which is the same for every timer."""

from __future__ import annotations

from codecmark.measure.timing import BLOCK, perf_counter_timer, turns


def test_round_by_round() -> None:
    assert list(turns(3, 2)) == [0, 1, 2, 0, 1, 2]
    assert list(turns(0, 3)) == []


def test_a_block_is_through_before_the_next_begins() -> None:
    first, second = list(range(BLOCK)), [BLOCK, BLOCK + 1]
    assert list(turns(BLOCK + 2, 2)) == [*first, *first, *second, *second]


def test_the_clock_keeps_to_the_order_and_the_last_output() -> None:
    calls: list[str] = []

    def call(letter: str) -> int:
        calls.append(letter)
        return len(calls)

    timed = perf_counter_timer(call, "ab", before=lambda: calls.append("-"), rounds=2)
    assert calls == ["-", "a", "-", "b", "-", "a", "-", "b"]
    assert [outcome.output for outcome in timed] == [6, 8]
    assert [len(outcome.seconds) for outcome in timed] == [2, 2]
