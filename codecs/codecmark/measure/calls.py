"""Calls of a codec, timed or not: what they raise stands in place of their output."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

from codecmark.codec import Codec
from codecmark.corpus.condition import Condition
from codecmark.errors import CodecmarkError
from codecmark.measure.row_builder import Failure
from codecmark.measure.timing import Input, Output, Timed, Timer, perf_counter_timer, warming
from codecmark.system import threads, working_folder
from codecmark.system.text import shortened

LENGTHS_WARM = 4  # a backend keeps what it compiled for more, see `exporters`


class Calls:
    """The calls of one codec under one condition, of phases that are warmed up once.

    Attributes
    ----------
    first_call_s : dict
        How long the first timed call of each phase took, as a user meets it.
    sign : callable
        Called before every call of the codec, whatever the call is for: whoever limits its time
        begins to count anew.
    """

    def __init__(self, codec: Codec, condition: Condition) -> None:
        self.first_call_s: dict[str, float] = {}
        self.sign: Callable[[], None] = _nothing
        self._codec = codec
        self._condition = condition
        self._warmed: deque[Hashable] = deque(maxlen=LENGTHS_WARM)
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
        with self.prepared():
            return self._timed(phase, guarded(phase, call), inputs, timer, lengths)

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Hold the threads of the condition, and come back to the folder of now."""
        threads.limit(self._condition.threads)  # again: the codec may have loaded a library
        with working_folder.kept():
            yield

    def rounds(self, phase: str, call_s: Callable[[], float]) -> int:
        """Return how often to time each input, by the first call that the phase makes.

        Parameters
        ----------
        phase : str
        call_s : callable
            Makes an untimed call and returns its seconds.
        """
        if phase not in self._rounds:
            usual = self.first_call_s[phase] = call_s()  # as a user meets it
            if usual > self._condition.slow_call_s:  # or was it only cold?
                usual = call_s()
            is_slow = usual > self._condition.slow_call_s
            self._rounds[phase] = 1 if is_slow else self._condition.rounds
        return self._rounds[phase]

    def begin(self) -> None:
        """Do what comes before a call: give the sign, and reset the codec."""
        self.sign()
        self._codec.reset()

    def seconds_of(self, call: Callable[[Input], object], item: Input) -> float:
        """Begin a call, make it, and return how long it took."""
        self.begin()
        start = perf_counter()
        call(item)
        return perf_counter() - start

    def _timed(
        self,
        phase: str,
        guarded: Callable[[Input], Output],
        inputs: Sequence[Input],
        timer: Timer | None,
        lengths: Sequence[Hashable],
    ) -> list[Timed[Output]]:
        if timer is None:
            run = perf_counter_timer(guarded, inputs, before=self.begin, rounds=1)
            return [Timed(timed.output, ()) for timed in run]
        if phase not in self._rounds:
            self._warmed.extend(lengths[:1])
        rounds = self.rounds(phase, lambda: self.seconds_of(guarded, inputs[0]))
        before = self.begin
        if lengths:
            before = warming(guarded, inputs, lengths, self._warmed, before=before, rounds=rounds)
        return timer(guarded, inputs, before=before, rounds=rounds)


def guarded(phase: str, call: Callable[[Input], Output]) -> Callable[[Input], Output | Failure]:
    """Return a call that returns what it raises as a `Failure` of the phase."""

    def guarded_call(item: Input) -> Output | Failure:
        try:
            return call(item)
        except CodecmarkError as error:
            return Failure(f"{phase}: {error}")
        except (Exception, SystemExit) as error:  # of a codec that has calls of its own
            return Failure(shortened(f"{phase}: {type(error).__name__}: {error}"))

    return guarded_call


def _nothing() -> None:
    """Do nothing: nobody waits."""
