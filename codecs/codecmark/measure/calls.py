"""Calls of a codec, timed or not: what they raise stands in place of their output."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from time import perf_counter
from typing import Any

from codecmark.codec import Codec
from codecmark.corpus.condition import Condition
from codecmark.errors import CodecmarkError
from codecmark.measure.row_builder import Failure
from codecmark.measure.timing import Input, Output, Timed, Timer, perf_counter_timer, warming
from codecmark.system import threads, working_folder
from codecmark.system.text import shortened

_LENGTHS_WARM = 4  # a backend keeps what it compiled for more, see `exporters`


class Calls:
    """The calls of one codec under one condition, of phases that are warmed up once.

    Attributes
    ----------
    first_call_s : dict
        How long the first timed call of each phase took, as a user meets it.
    """

    def __init__(self, codec: Codec, condition: Condition) -> None:
        self.first_call_s: dict[str, float] = {}
        self._codec = codec
        self._condition = condition
        self._warmed: deque[Hashable] = deque(maxlen=_LENGTHS_WARM)
        self._rounds: dict[str, int] = {}

    @property
    def are_timed(self) -> bool:
        """Whether any was."""
        return bool(self._rounds)

    def run(
        self,
        phase: str,
        call: Callable[[Input], Output],
        inputs: Sequence[Input],
        timer: Timer | None,
        lengths: Sequence[Hashable] = (),
    ) -> list[Timed[Output | Failure]]:
        """Call it with every input; without a timer once."""

        def guarded(item: Input) -> Output | Failure:
            try:
                return call(item)
            except CodecmarkError as error:
                return Failure(f"{phase}: {error}")
            except (Exception, SystemExit) as error:  # of a codec that has calls of its own
                return Failure(shortened(f"{phase}: {type(error).__name__}: {error}"))

        threads.limit(self._condition.threads)  # again: the codec may have loaded a library
        with working_folder.kept():
            return self._timed(phase, guarded, inputs, timer, lengths)

    def _timed(
        self,
        phase: str,
        guarded: Callable[[Input], Output],
        inputs: Sequence[Input],
        timer: Timer | None,
        lengths: Sequence[Hashable],
    ) -> list[Timed[Output]]:
        if timer is None:
            run = perf_counter_timer(guarded, inputs, before=self._codec.reset, rounds=1)
            return [Timed(timed.output, ()) for timed in run]
        if phase not in self._rounds:
            self._warm_up(phase, lambda: guarded(inputs[0]))
            self._warmed.extend(lengths[:1])
        before, rounds = self._codec.reset, self._rounds[phase]
        if lengths:
            before = warming(guarded, inputs, lengths, self._warmed, before=before, rounds=rounds)
        return timer(guarded, inputs, before=before, rounds=rounds)

    def _warm_up(self, phase: str, call: Callable[[], Any]) -> None:
        """Time the first call, as a user meets it, and set the number of rounds by it."""
        self._codec.reset()
        start = perf_counter()
        call()
        usual = self.first_call_s[phase] = perf_counter() - start
        if usual > self._condition.slow_call_s:  # or was it only cold?
            self._codec.reset()
            start = perf_counter()
            call()
            usual = perf_counter() - start
        self._rounds[phase] = 1 if usual > self._condition.slow_call_s else self._condition.rounds
