"""Timed calls of a plug-in: none is given what its process was given before.

A codec may remember results, as `functools.lru_cache` does, or keep in its encoder what its decoder
would compute; to time the same input again is to time that memory, which is of no use to a user,
whose sound is new. So each round encodes a variant of the clip, which is as much work: turned
around its length by a number of samples, with its sign inverted. One round has the clip itself;
numbers and round are drawn. The process that never saw a clip decodes the streams of all rounds,
each once, by a clock of its own, and what it decodes of the clip itself is what is scored.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.measure import agreement, taken_over
from codecmark.measure.calls import LENGTHS_WARM, Calls, guarded
from codecmark.measure.decoding_worker import DecodingWorker, said
from codecmark.measure.row_builder import Failure
from codecmark.measure.timing import Input, Output, Timed, Timer, turns

_HIGHEST = np.float32(1 - 2**-15)  # of the 16-bit grid, whose lowest value has no opposite


def varied(clip: AudioClip) -> AudioClip:
    """Return a clip turned around its length by a drawn number of samples, its sign inverted."""
    turned = np.roll(clip.samples, secrets.randbelow(clip.n_samples), axis=1)
    return AudioClip(np.minimum(-turned, _HIGHEST), clip.sample_rate_hz)


class UnseenInputs:
    """Times the calls of one plug-in, batch by batch.

    Parameters
    ----------
    codec : Codec
        Encodes here.
    calls : Calls
    worker : DecodingWorker
    """

    def __init__(self, codec: Codec, calls: Calls, worker: DecodingWorker) -> None:
        self._codec = codec
        self._calls = calls
        self._worker = worker
        self._variants: dict[AudioClip, list[bytes]] = {}

    def encode(self, clips: Sequence[AudioClip], timer: Timer) -> list[Timed[bytes | Failure]]:
        """Return the stream of each clip, or why it or a variant of it was not encoded."""
        encode = guarded("encode", self._codec.encode)
        with self._calls.prepared():
            rounds = self._calls.rounds(
                "encode", lambda: self._calls.seconds_of(encode, varied(clips[0]))
            )
            own_turn = secrets.randbelow(rounds)

            def given(index: int, turn: int) -> AudioClip:
                return clips[index] if turn == own_turn else varied(clips[index])

            outcomes = _each_once(
                encode, given, len(clips), timer, before=self._calls.begin, rounds=rounds
            )
        self._variants = {}
        encoded: list[Timed[bytes | Failure]] = []
        for clip, outcome in zip(clips, outcomes, strict=False):
            returned = [Timed(output, outcome.seconds) for output in outcome.output]
            streams = taken_over.streams(returned, self._codec.info.spec)
            encoded.append(_or_failure(streams, own_turn))
            others = [stream.output for n, stream in enumerate(streams) if n != own_turn]
            self._variants[clip] = [other for other in others if isinstance(other, bytes)]
        return encoded

    def decode(
        self, sent: Sequence[tuple[AudioClip, bytes]], timer: Timer
    ) -> list[Timed[AudioClip | Failure]]:
        """Return what the process decodes each stream to, or why it or a variant's was not decoded.

        Streams are given with the clips that they are of. All fail if the codec decodes one of them
        to something else here, in the process that has seen the clips.
        """
        spec = self._codec.info.spec
        streams = [[stream, *self._variants.get(clip, [])] for clip, stream in sent]
        by_process_s: list[list[float]] = [[] for _ in sent]

        def decoded(item: tuple[int, bytes]) -> AudioClip:
            clip, seconds = self._worker.timed(item[1])
            by_process_s[item[0]].append(seconds)
            return taken_over.decoded(clip, spec, sent[item[0]][0])

        warmed: deque[int] = deque(maxlen=LENGTHS_WARM)

        def first_call_s() -> float:
            warmed.append(sent[0][0].n_samples)
            return self._spare_call_s(sent[0][0])

        with self._calls.prepared():
            rounds = min(self._calls.rounds("decode", first_call_s), *map(len, streams))
            own_turn = secrets.randbelow(rounds)

            def given(index: int, turn: int) -> tuple[int, bytes]:
                clip = sent[index][0]
                is_warm = bool(warmed) and not self._codec.execution.compiles_each_length
                if not is_warm and clip.n_samples not in warmed:
                    self._spare_call_s(clip)
                warmed.append(clip.n_samples)
                return index, streams[index].pop(0 if turn == own_turn else -1)

            outcomes = _each_once(
                guarded("decode", decoded), given, len(sent), timer,
                before=self._calls.sign, rounds=rounds,  # the process resets the codec itself
            )  # fmt: skip
        run: list[Timed[AudioClip | Failure]] = []
        for outcome, seconds in zip(outcomes, by_process_s, strict=False):
            returned = [Timed(output, tuple(seconds)) for output in outcome.output]
            run.append(_or_failure(returned, own_turn))
        return self._agreed(run, sent)

    def _agreed(
        self, run: Sequence[Timed[AudioClip | Failure]], sent: Sequence[tuple[AudioClip, bytes]]
    ) -> list[Timed[AudioClip | Failure]]:
        """Hold what the process decoded against what the codec decodes here."""
        streams = [stream for _, stream in sent]
        returned = self._calls.run("decode", self._codec.decode, streams, None)
        here = taken_over.clips(returned, self._codec.info.spec, [clip for clip, _ in sent])
        for own, apart in zip(here, run, strict=False):
            if isinstance(own.output, Failure):
                continue
            if isinstance(apart.output, Failure):
                difference = apart.output.reason.removeprefix("decode: ")
            else:
                difference = agreement.difference_of(own.output, apart.output)
            if difference:
                return [Timed(Failure(f"decode: {said(difference)}"), ()) for _ in run]
        pairs = zip(here, run, strict=False)
        return [own if isinstance(own.output, Failure) else apart for own, apart in pairs]

    def _spare_call_s(self, clip: AudioClip) -> float:
        """Decode a stream that is not timed, and return its seconds; 0 if there is none."""
        try:
            self._calls.sign()
            stream = self._codec.encode(varied(clip))
            self._calls.sign()
            return self._worker.timed(stream)[1]
        except (Exception, SystemExit):  # the calls that count say what is wrong
            return 0.0


def _each_once(
    call: Callable[[Input], Output],
    given: Callable[[int, int], Input],
    count: int,
    timer: Timer,
    *,
    before: Callable[[], None],
    rounds: int,
) -> list[Timed[list[Output]]]:
    """Time calls in the usual order, each with an input of its own, made while no clock runs."""
    order = turns(count, rounds)
    outputs: list[list[Output]] = [[] for _ in range(count)]
    ready: list[Input] = []

    def prepare() -> None:
        index = next(order)
        ready[:] = [given(index, len(outputs[index]))]
        before()

    def called(index: int) -> None:
        outputs[index].append(call(ready[0]))

    timed = timer(called, range(count), before=prepare, rounds=rounds)
    for index, made in enumerate(outputs[: len(timed)]):
        while len(made) < rounds:  # the timer makes one call, and times none
            made.append(call(given(index, len(made))))
    return [Timed(outputs[index], outcome.seconds) for index, outcome in enumerate(timed)]


def _or_failure(
    outcomes: Sequence[Timed[Output | Failure]], own_turn: int
) -> Timed[Output | Failure]:
    """Return the outcome of the clip itself, or the first failure: then no times are whole."""
    for outcome in outcomes:
        if isinstance(outcome.output, Failure):
            return Timed(outcome.output, ())
    return outcomes[own_turn]
