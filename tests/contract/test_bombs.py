"""Streams that ask for far more than they hold, and decoders that return what they must not."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import numpy as np
import pytest

from codecmark import catalog
from codecmark.bitstream import frame
from codecmark.bitstream.frame import DecodeLimits, StreamHeader
from codecmark.classic.ffmpeg import _pack, _unpack
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.corpus.condition import named
from codecmark.errors import BitstreamError, CodecError
from entries import noise
from layered_streams import SPEC, codec, stream


@pytest.mark.parametrize("seconds", [4, 16, 30])
def test_a_header_that_asks_for_more_than_the_layers_hold(seconds: int) -> None:
    header, payload = frame.unpack(SPEC, stream())
    longer = StreamHeader(16_000, 1, seconds * 16_000)
    start_s = time.process_time()
    with pytest.raises(BitstreamError, match=r"its data ends before its levels do|cannot hold"):
        codec().decode(frame.pack(SPEC, longer, payload))
    assert time.process_time() - start_s < 5
    assert codec().decode(frame.pack(SPEC, header, payload)).n_samples == header.n_samples


def test_a_small_opus_stream_does_not_become_gigabytes() -> None:
    opus = catalog.create("opus@24k")
    _, extradata, _ = _unpack(frame.unpack("opus@24k", opus.encode(noise(4_000)))[1])
    packets = [b"\x1b\x01"] * 100  # SILK, 60 ms, a packet of silence
    hours = StreamHeader(768_000, 2, 100 * 2_880 * 16)
    bomb = frame.pack("opus@24k", hours, _pack(0, extradata, packets * 200))
    whole = StreamHeader(768_000, 2, 20_000 * 2_880 * 16)
    claimed = frame.pack("opus@24k", whole, _pack(0, extradata, packets * 200))
    tracemalloc.start()
    try:
        with pytest.raises(BitstreamError, match="7373 MB of samples, at most 2147 MB"):
            opus.decode(claimed)
        with pytest.raises(BitstreamError):
            opus.decode(bomb)  # more packets than the header accounts for
        assert tracemalloc.get_traced_memory()[1] < 200e6
    finally:
        tracemalloc.stop()


def test_limits_are_the_callers() -> None:
    pcm = catalog.create("pcm16")
    coded = pcm.encode(noise(16_000))
    pcm.limits = DecodeLimits(seconds=1.0, audio_bytes=64_000)
    assert pcm.decode(coded).n_samples == 16_000
    pcm.limits = DecodeLimits(seconds=0.4)
    with pytest.raises(BitstreamError, match=r"asks for 1 s, at most 0 s are decoded"):
        pcm.decode(coded)
    pcm.limits = DecodeLimits(audio_bytes=63_999)
    with pytest.raises(BitstreamError, match="MB of samples"):
        pcm.decode(coded)
    assert catalog.create("pcm16").decode(coded).n_samples == 16_000


def test_a_condition_limits_what_its_streams_claim() -> None:
    condition = named("48k-stereo")
    assert condition.decode_limits.seconds == 2 * condition.clip_s + 60
    header = StreamHeader(48_000, 2, 48_000 * 80)
    condition.decode_limits.require(header)
    with pytest.raises(BitstreamError, match="samples"):
        condition.decode_limits.require(StreamHeader(48_000, 2, 48_000 * 81))


class Returning(Codec):
    """A plug-in whose calls return anything."""

    info = catalog.create("pcm16").info

    def __init__(self, payload: Any, decoded: Any) -> None:
        self._payload, self._decoded = payload, decoded

    def encode_payload(self, clip: AudioClip) -> bytes:
        return self._payload  # type: ignore[no-any-return]

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Any:
        return self._decoded


@pytest.mark.parametrize("payload", [None, [1, 2], "text", 7, np.zeros(4)])
def test_a_payload_that_is_no_bytes(payload: object) -> None:
    with pytest.raises(CodecError, match=r"pcm16 encoded to .*; it must be bytes"):
        Returning(payload, None).encode(noise(100))


@pytest.mark.parametrize(
    "decoded",
    [
        None,
        [[0.0] * 100],
        np.zeros((1, 100), np.complex64),
        np.zeros((1, 100), np.int16),
        np.zeros((1, 100), bool),
        np.zeros((1, 100), object),
        np.zeros((2, 100), np.float32),
        np.full((1, 100), np.nan, np.float32),
        np.full((1, 100), 1e300),
    ],
)
def test_a_decoder_that_returns_no_samples(decoded: object) -> None:
    plugin = Returning(b"x", decoded)
    coded = plugin.encode(noise(100))
    with pytest.raises(CodecError, match="pcm16 decoded"):
        plugin.decode(coded)


def test_an_aac_configuration_of_eight_channels_is_refused() -> None:
    """Its frames have eight planes, which PyAV takes for nine and reads beyond."""
    import av

    from codecmark.classic import libav

    context = libav.open_encoder("aac", "fltp", 1, 48_000, 64_000)
    surround = av.AudioFrame("fltp", "7.1", 1_024)
    surround.sample_rate = 48_000
    with pytest.raises(BitstreamError, match="the packets hold 8, the header says 2"):
        libav.joined([surround], 2)
    del context
