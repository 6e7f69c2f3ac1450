"""pytest-benchmark's clock as a `codecmark.measure.timing.Timer`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pytest_benchmark.fixture import BenchmarkFixture

from codecmark.measure.timing import Timed, turns

Input = TypeVar("Input")
Output = TypeVar("Output")


class PedanticTimer:
    """Times every input as a round of its own, in the order of the command line's timer.

    With benchmarks disabled only the first input is called, once.
    """

    def __init__(
        self, benchmark: BenchmarkFixture, show: Callable[[str], None] = lambda _: None
    ) -> None:
        """`show` is told what is timed next, e.g. `clip 3 of 23`, while no clock runs."""
        self._benchmark = benchmark
        self._show = show

    def __call__(
        self,
        call: Callable[[Input], Output],
        inputs: Sequence[Input],
        *,
        before: Callable[[], None],
        rounds: int,
    ) -> list[Timed[Output]]:
        """See `codecmark.measure.timing.Timer`."""
        outputs: dict[int, Output] = {}
        order = list(turns(len(inputs), rounds))
        upcoming = iter(order)

        def setup() -> tuple[tuple[int], dict[str, Any]]:
            before()
            index = next(upcoming)
            self._show(f"clip {index + 1} of {len(inputs)}")
            return (index,), {}

        def timed(index: int) -> None:
            outputs[index] = call(inputs[index])

        self._benchmark.pedantic(  # type: ignore[no-untyped-call]
            timed, setup=setup, rounds=len(order)
        )
        stats = self._benchmark.stats
        seconds: dict[int, list[float]] = {index: [] for index in outputs}
        if stats is not None:
            for index, taken_s in zip(order, stats.stats.data, strict=True):
                seconds[index].append(taken_s)
        return [Timed(outputs[index], tuple(seconds[index])) for index in sorted(outputs)]
