"""Rows of networks say what another number of threads would change."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest

from codecmark.bitstream.frame import StreamHeader
from codecmark.classic.pcm import Pcm16Codec
from codecmark.clip import AudioClip, Samples
from codecmark.corpus import condition
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import CodecError
from codecmark.measure import other_threads
from codecmark.measure.decoding_worker import DecodingWorker
from codecmark.measure.measurement import Measurement
from codecmark.measure.scoring import Scorer
from codecmark.networks.setup import Setup
from codecmark.system import threads
from entries import noise

CLIP = noise(8_000)
CONDITION = condition.named("16k-mono")


class Summing(Pcm16Codec):
    """A codec whose bytes, or samples, depend on the number of threads."""

    def __init__(self, *, bytes_depend: bool = False, error: float = 0.0) -> None:
        super().__init__()
        self.info = replace(self.info, backend="eager")
        self.bytes_depend, self.error, self.calls = bytes_depend, error, 0

    def encode_payload(self, clip: AudioClip) -> bytes:
        self.calls += 1
        payload = super().encode_payload(clip)
        return payload[:-1] + bytes([threads.count()]) if self.bytes_depend else payload

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        samples: Samples = super().decode_payload(payload, header)
        return samples + np.float32(self.error * (threads.count() - 1))


class Here:
    """In place of the process that decodes."""

    is_plugin = False

    def __init__(self, codec: Summing) -> None:
        self._codec = codec

    def decode(self, stream: bytes, thread_count: int | None = None) -> AudioClip:
        threads.limit(thread_count or 1)
        if self._codec.error < 0:
            raise CodecError("it does not decode")
        return self._codec.decode(stream)

    def forget(self) -> None:
        """There is nothing to free."""


def found(codec: Summing, count: int = 1) -> str:
    worker = cast(DecodingWorker, Here(codec))
    text = other_threads.difference(codec, worker, CLIP, count, lambda: None)
    assert threads.count() == count
    threads.limit(1)
    return text


def test_what_differs_is_named() -> None:
    assert found(Summing()) == ""
    assert found(Summing(error=-1)) == ""
    assert found(Summing(error=0.1)) == "on 2 threads the decoded samples would differ"
    assert found(Summing(error=1e-6)) == (
        "on 2 threads the last bits of the decoded samples would differ"
    )
    both = Summing(bytes_depend=True, error=0.1)
    assert found(both) == "on 2 threads the stream and the decoded samples would differ"
    assert found(both, 4).startswith("on 1 thread the stream")


@pytest.mark.parametrize("is_impaired", [False, True])
def test_the_row_says_so_and_it_is_found_out_once(is_impaired: bool) -> None:
    codec = Summing(error=0.1)
    clips = [PreparedClip("noise", "n", "ambient", CLIP)]
    worker = cast(DecodingWorker, Here(codec))
    measured = Measurement(codec, clips, CONDITION, Setup(), worker, is_impaired=is_impaired)
    for _ in range(2):
        measured.take(clips)
        measured.decode()
        (row,) = measured.rows("r1", Scorer(workers=1), memory=False)
        said = row.notes.get(other_threads.NOTE)
        assert said == (None if is_impaired else "on 2 threads the decoded samples would differ")
    assert codec.calls == (2 if is_impaired else 4)
