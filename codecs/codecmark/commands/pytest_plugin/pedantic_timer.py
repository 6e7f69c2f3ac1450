"""pytest-benchmark's clock as a `codecmark.measure.timing.Timer`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pytest_benchmark.fixture import BenchmarkFixture

from codecmark.measure.timing import Timed

Input = TypeVar("Input")
Output = TypeVar("Output")


class PedanticTimer:
    """Times every input as a round of its own, in the order of the command line's timer.

    With benchmarks disabled only the first input is called, once.
    """

    def __init__(self, benchmark: BenchmarkFixture) -> None:
        self._benchmark = benchmark

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
        turns = iter(range(rounds * len(inputs)))

        def setup() -> tuple[tuple[int], dict[str, Any]]:
            before()
            return (next(turns) % len(inputs),), {}

        def timed(index: int) -> None:
            outputs[index] = call(inputs[index])

        self._benchmark.pedantic(  # type: ignore[no-untyped-call]
            timed, setup=setup, rounds=rounds * len(inputs)
        )
        stats = self._benchmark.stats
        seconds = list(stats.stats.data) if stats is not None else []
        return [
            Timed(outputs[index], tuple(seconds[index :: len(inputs)])) for index in sorted(outputs)
        ]
