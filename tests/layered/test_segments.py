"""Long clips are coded in segments, so that memory does not go by their length.

So are the waveform layers beside another codec, whose payload is one of the whole clip.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from codecmark import create
from codecmark.bitstream import frame
from codecmark.bitstream.frame import DecodeLimits
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.errors import BitstreamError
from codecmark.layered import mdct, segments
from codecmark.layered.beside import BesideCodec
from entries import noise, tone
from layered_streams import SPEC, codec

SHORT = 25  # superframes, a second
assert segments.SEGMENT * mdct.SUPERFRAME == 60 * 16_000


@pytest.fixture
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT", SHORT)


def beside(setting: str = "snr10") -> BesideCodec:
    built = create(f"opus@6k+wave@{setting}")
    assert isinstance(built, BesideCodec)
    return built


def snr_db(clip: AudioClip, decoded: AudioClip) -> float:
    error = clip.samples - decoded.samples
    return float(10 * np.log10(np.sum(clip.samples**2) / np.sum(error**2)))


@pytest.mark.usefixtures("short_segments")
@pytest.mark.parametrize("rate_hz", [16_000, 24_000])
def test_every_segment_is_decoded_and_reaches_the_target(rate_hz: int) -> None:
    clip = tone(3.3, rate_hz=rate_hz)
    stream = codec().encode(clip)
    decoded = codec().decode(stream)
    assert decoded.samples.shape == clip.samples.shape
    assert snr_db(clip, decoded) >= 9.9
    _, payload = frame.unpack(SPEC, stream)
    assert segments.are_several(payload)
    assert len(segments.unpack(payload, 4)) == 4
    for number in range(3):  # where one segment ends and the next begins
        at = (number + 1) * rate_hz
        part = slice(at - 100, at + 100)
        error = clip.samples[:, part] - decoded.samples[:, part]
        assert np.abs(error).max() < 0.5


def test_a_clip_of_a_segment_has_the_stream_that_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    clip = tone(1.0)
    long = codec().encode(clip)
    monkeypatch.setattr(segments, "SEGMENT", SHORT)
    assert codec().encode(clip) == long
    assert not segments.are_several(frame.unpack(SPEC, long)[1])


def test_a_long_stream_from_before_there_were_segments_decodes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clip = tone(2.5)
    stream = codec().encode(clip)
    expected = codec().decode(stream).samples
    monkeypatch.setattr(segments, "SEGMENT", SHORT)
    assert np.array_equal(codec().decode(stream).samples, expected)


@pytest.mark.usefixtures("short_segments")
def test_layers_of_segments_are_dropped_together() -> None:
    stream = codec().encode(noise(40_000))
    found = codec().decode_layers(stream, upto=1)
    assert found.clip.n_samples == 40_000
    assert [each.layer for each in found.dropped] == ["waveform"] * 3
    with pytest.raises(BitstreamError, match="segment 3: the stream ends inside it"):
        codec().decode_layers(stream[:-5])


@pytest.mark.usefixtures("short_segments")
@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (b"\0", "segment 1"),
        (b"\0\x05abc", "segment 1: the stream ends inside it"),
        (b"\0" + b"\x02ab" * 4, "bytes follow the last one"),
        (b"\0" + b"\0" * 3, "cannot come from 0 bytes"),
    ],
)
def test_segments_that_are_none_are_refused(payload: bytes, complaint: str) -> None:
    header = frame.StreamHeader(16_000, 1, 40_000)
    with pytest.raises(BitstreamError, match=complaint):
        codec().decode(frame.pack(SPEC, header, payload))


@pytest.mark.usefixtures("short_segments")
@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_beside_a_codec_every_segment_reaches_the_target(rate_hz: int) -> None:
    clip = AudioClip(noise(int(3.3 * rate_hz), channels=2).samples, rate_hz)
    stream = beside().encode(clip)
    decoded = beside().decode(stream)
    assert decoded.samples.shape == clip.samples.shape
    if rate_hz == 16_000:  # at other rates the SNR is that of the codec's own
        for start in range(0, clip.n_samples, rate_hz):
            part, of_part = (
                AudioClip(each.samples[:, start : start + rate_hz], rate_hz)
                for each in (clip, decoded)
            )
            assert snr_db(part, of_part) >= 10
    _, payload = frame.unpack(beside().info.spec, stream)
    parts = segments.unpack(payload, 4)
    base = create("opus@6k").encode_payload(clip)
    assert base in parts[0]
    assert max(map(len, parts[1:])) < len(parts[0])
    alone = beside().decode_layers(stream, upto=1)
    assert np.array_equal(
        alone.clip.samples, create("opus@6k").decode(create("opus@6k").encode(clip)).samples
    )


@pytest.mark.usefixtures("short_segments")
def test_beside_a_codec_segments_fit_the_rate_and_may_be_silent() -> None:
    samples = noise(80_000).samples.copy()
    samples[:, 16_000:32_000] = 0
    clip = AudioClip(samples, 16_000)
    stream = beside("24k").encode(clip)
    assert len(stream) * 8 / clip.duration_s <= 24_000
    decoded = beside("24k").decode(stream).samples
    assert not decoded[:, 16_000:32_000].any()
    assert decoded[:, :16_000].any()


def test_beside_a_codec_a_clip_of_a_segment_has_the_stream_that_it_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clip = noise(40_000)
    long = beside().encode(clip)
    expected = beside().decode(long).samples
    monkeypatch.setattr(segments, "SEGMENT", SHORT)
    assert np.array_equal(beside().decode(long).samples, expected)  # longer ones of before
    assert segments.are_several(frame.unpack(beside().info.spec, beside().encode(clip))[1])
    monkeypatch.setattr(segments, "SEGMENT", 63)
    assert beside().encode(clip) == long


@pytest.mark.usefixtures("short_segments")
def test_beside_a_codec_damage_of_a_segment_costs_its_layer() -> None:
    clip = noise(40_000)
    stream = bytearray(beside().encode(clip))
    whole = beside().decode(bytes(stream)).samples
    stream[-20] ^= 0x10
    found = beside().decode_layers(bytes(stream))
    assert [each.layer for each in found.dropped] == ["waveform"]
    assert np.array_equal(found.clip.samples[:, :32_000], whole[:, :32_000])
    with pytest.raises(BitstreamError, match="segment 3: the stream ends inside it"):
        beside().decode_layers(bytes(stream[:-5]))


@pytest.mark.parametrize("build", [codec, beside])
def test_layers_are_decoded_within_the_limits(build: Callable[[], Codec]) -> None:
    built = build()
    stream = built.encode(noise(20_000))
    built.limits = DecodeLimits(seconds=1.0)
    with pytest.raises(BitstreamError, match="the header asks for 1 s"):
        built.decode_layers(stream)  # type: ignore[attr-defined]


@pytest.mark.parametrize("build", [codec, beside])
def test_memory_goes_by_the_segment(
    build: Callable[[], Codec], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour is 60 of them: 0.5 GB of samples in and out, and what one takes."""
    clip = tone(8.0)
    build().decode(build().encode(tone(1.0)))  # what is compiled and cached
    peaks = []
    for size in (segments.SEGMENT, SHORT):
        monkeypatch.setattr(segments, "SEGMENT", size)
        tracemalloc.start()
        try:
            build().decode(build().encode(clip))
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    whole, segmented = peaks
    assert segmented < whole / 3
