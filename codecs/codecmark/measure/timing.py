"""Timers: call a function on every input for several rounds, and report how long each call took.

A timer is passed to `measure`, so that the command line and pytest-benchmark time the same calls
in the same order, each with its own clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, Protocol, TypeVar

Input = TypeVar("Input")
Output = TypeVar("Output")
BLOCK = 32  # inputs that a round passes over before the next begins


@dataclass(frozen=True)
class Timed(Generic[Output]):
    """The last output for one input, and the seconds of every timed call."""

    output: Output
    seconds: tuple[float, ...]


class Timer(Protocol):
    """Calls in the order of `turns`: `before()` untimed, then one timed call."""

    def __call__(
        self,
        call: Callable[[Input], Output],
        inputs: Sequence[Input],
        *,
        before: Callable[[], None],
        rounds: int,
    ) -> list[Timed[Output]]:
        """Return one `Timed` for each input that was called, in order."""
        ...


def turns(count: int, rounds: int) -> Iterator[int]:
    """Yield the index of each timed call's input: round by round over blocks of 32 inputs."""
    for start in range(0, count, BLOCK):
        for _ in range(rounds):
            yield from range(start, min(start + BLOCK, count))


def perf_counter_timer(
    call: Callable[[Input], Output],
    inputs: Sequence[Input],
    *,
    before: Callable[[], None],
    rounds: int,
) -> list[Timed[Output]]:
    """The standard library's highest-resolution monotonic clock.

    What a GPU does is waited for: codecs return bytes and arrays of the host, and the copy that
    makes these waits for the device.
    """
    seconds: list[list[float]] = [[] for _ in inputs]
    outputs: dict[int, Output] = {}
    for index in turns(len(inputs), rounds):
        before()
        start = perf_counter()
        output = call(inputs[index])
        seconds[index].append(perf_counter() - start)
        outputs[index] = output
    return [Timed(outputs[index], tuple(seconds[index])) for index in range(len(inputs))]


def warming(
    call: Callable[[Input], Output],
    inputs: Sequence[Input],
    lengths: Sequence[Hashable],
    warmed: deque[Hashable],
    *,
    before: Callable[[], None],
    rounds: int,
) -> Callable[[], None]:
    """Return a `before` for a timer that calls an input untimed if none of its length was of late.

    For calls that compile what they need for a length and keep it a while.

    Parameters
    ----------
    lengths : sequence
        What tells them apart, one for each input.
    warmed : deque
        The lengths last called, the newest at its end; its `maxlen` is how many are kept.
    """
    order = turns(len(inputs), rounds)

    def prepare() -> None:
        index = next(order)
        length, item = lengths[index], inputs[index]
        if length in warmed:
            warmed.remove(length)
        else:
            before()
            call(item)
        warmed.append(length)
        before()

    return prepare
