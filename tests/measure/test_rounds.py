"""How often a measurement calls a codec, and what its timed calls leave out."""

from __future__ import annotations

import time
from typing import Any

from codecmark import AudioClip
from codecmark.bitstream.frame import StreamHeader
from codecmark.classic.pcm import Pcm16Codec
from codecmark.clip import Samples
from codecmark.corpus import condition
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.measure.measurement import Measurement
from codecmark.measure.scoring import Scorer
from codecmark.measure.timing import perf_counter_timer
from codecmark.networks.setup import Setup
from codecmark.system.execution import Execution
from entries import noise, tone

CONDITION = condition.named("16k-mono")
CLIPS = [
    PreparedClip("noise", "n", "ambient", noise(8_000)),
    PreparedClip("tone", "t", "music", tone(0.5)),
]


class CompilesLengths(Pcm16Codec):
    """Takes longer for each length that is not among the last four."""

    execution = Execution("openvino")

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[int] = []
        self.compiled = 0

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        if header.n_samples in self.kept:
            self.kept.remove(header.n_samples)
        else:
            self.compiled += 1
        self.kept = [*self.kept, header.n_samples][-4:]
        return super().decode_payload(payload, header)


def test_no_timed_call_compiles_for_a_new_length() -> None:
    codec = CompilesLengths()
    timed: list[int] = []

    def timer(call: Any, inputs: Any, **options: Any) -> Any:
        def watched(item: Any) -> Any:
            before = codec.compiled
            output = call(item)
            timed.append(codec.compiled - before)
            return output

        return perf_counter_timer(watched, inputs, **options)

    lengths = [800, 900, 1_000, 800, 1_100, 1_200, 1_300]
    clips = [
        PreparedClip(str(n), "s", "ambient", noise(length)) for n, length in enumerate(lengths)
    ]
    measurement = Measurement(codec, clips, CONDITION, Setup())
    measurement.decode(timer)
    assert codec.compiled >= 6
    assert timed == [0] * len(lengths) * CONDITION.rounds
    one = Measurement(CompilesLengths(), clips[:1], CONDITION, Setup())
    one.decode(perf_counter_timer)
    one.take([clips[0], clips[3]])
    one.decode(perf_counter_timer)
    assert isinstance(one.codec, CompilesLengths)
    assert one.codec.compiled == 1


def test_slow_codecs_are_timed_once() -> None:
    hasty = Condition("hasty", 16_000, 1, 16_000, slow_call_s=0.0)
    measurement = Measurement(Pcm16Codec(), CLIPS, hasty, Setup())
    measurement.encode(perf_counter_timer)
    measurement.decode(perf_counter_timer)
    assert {r.encode_rounds for r in measurement.rows("r", Scorer(workers=1), memory=False)} == {1}


class SlowAtFirst(Pcm16Codec):
    def __init__(self) -> None:
        super().__init__()
        self.cold = True

    def encode_payload(self, clip: AudioClip) -> bytes:
        if self.cold:
            time.sleep(0.3)
            self.cold = False
        return super().encode_payload(clip)


def test_a_cold_first_call_does_not_make_a_codec_slow() -> None:
    patient = Condition("patient", 16_000, 1, 16_000, slow_call_s=0.2)
    measurement = Measurement(SlowAtFirst(), CLIPS, patient, Setup())
    measurement.encode(perf_counter_timer)
    row = measurement.rows("r", Scorer(workers=1), memory=False)[0]
    assert row.encode_rounds == patient.rounds
    assert row.encode_first_call_s is not None
    assert row.encode_first_call_s > 0.2
