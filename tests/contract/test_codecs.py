"""Facts about particular codecs that a reader can check against other sources."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
import soxr

from codecmark import AudioClip, BitstreamError, InputError, UnavailableError, create
from codecmark.bitstream import frame as bitstream
from codecmark.classic.vorbis import VorbisCodec
from codecmark.clip import Samples
from codecmark.corpus.audio_files import read_audio
from codecmark.metrics.alignment import find_lag
from codecmark.metrics.perceptual import pesq_wb
from codecmark.metrics.waveform import snr_db
from codecmark.neural.dac import DacCodec, _early_samples
from entries import noise, tiny, tone
from places import VOICE


def direct(clip: AudioClip, encoder: str, sample_format: str, bitrate_bps: int) -> Samples:
    """Encode and decode with PyAV alone; the decoder's output as it is, at its own rate."""
    rate = clip.sample_rate_hz
    context: Any = av.CodecContext.create(encoder, "w")
    context.sample_rate, context.format, context.layout = rate, sample_format, "mono"
    context.bit_rate, context.time_base = bitrate_bps, Fraction(1, rate)
    context.options = {"vbr": "off"} if encoder == "libopus" else {}
    context.open()
    packets = []
    for start in range(0, clip.n_samples, context.frame_size):
        block = np.ascontiguousarray(clip.samples[:, start : start + context.frame_size])
        frame = av.AudioFrame.from_ndarray(block, sample_format, "mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        packets += context.encode(frame)
    packets += context.encode(None)
    decoder: Any = av.CodecContext.create({"libmp3lame": "mp3float"}.get(encoder, encoder), "r")
    decoder.sample_rate, decoder.layout = (48_000 if encoder == "libopus" else rate), "mono"
    if context.extradata:
        decoder.extradata = context.extradata
    frames = [f for p in packets for f in decoder.decode(av.Packet(bytes(p)))]
    samples = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
    if samples.dtype == np.int16:
        samples = samples / 32_768
    return samples.astype(np.float32)


def best_snr_db(reference: Samples, decoded: Samples, shifts: range) -> float:
    length = reference.shape[1]
    padded = np.pad(decoded, ((0, 0), (8, 8)))
    return max(
        snr_db(reference[:, 8:-8], padded[:, 8 + k :][:, 8 : length - 8], 48_000) for k in shifts
    )


@pytest.mark.parametrize(
    ("spec", "encoder", "sample_format", "priming"),
    [
        ("opus@12k", "libopus", "flt", 0),
        ("opus@24k", "libopus", "flt", 0),
        ("opus@64k", "libopus", "flt", 0),
        ("mp3@32k", "libmp3lame", "fltp", 1_105),
        ("aac@32k", "aac", "fltp", 1_024),
    ],
)
def test_as_good_as_a_direct_script(
    spec: str, encoder: str, sample_format: str, priming: int, speech: AudioClip
) -> None:
    bitrate_bps = int(float(spec.partition("@")[2].rstrip("k")) * 1_000)
    ours = create(spec)
    decoded = ours.decode(ours.encode(speech))
    theirs = direct(speech, encoder, sample_format, bitrate_bps)
    if encoder == "libopus":
        reference = speech.resampled(48_000).samples
        expected = best_snr_db(reference, theirs[:, : reference.shape[1]], range(-4, 5))
        found = best_snr_db(reference, decoded.resampled(48_000).samples, range(1))
    else:
        expected = best_snr_db(speech.samples, theirs[:, priming:], range(-4, 5))
        found = snr_db(speech.samples, decoded.samples, 16_000)
    assert found == pytest.approx(expected, abs=0.2)


@pytest.mark.parametrize(
    "spec",
    ["opus@9.2k", "opus@12k", "opus@24k", "opus@64k", "mp3@24k", "aac@32k", "vorbis@q3", "flac"],
)
@pytest.mark.parametrize("rate_hz", [16_000, 48_000])
def test_no_delay_is_left(spec: str, rate_hz: int, speech: AudioClip) -> None:
    clip = speech.resampled(rate_hz)
    codec = create(spec)
    found = find_lag(clip.samples, codec.decode(codec.encode(clip)).samples)
    assert found.confident
    assert abs(found.lag_samples) <= (1 if spec == "opus@9.2k" and rate_hz == 48_000 else 0)


def test_speech_at_known_rates(speech: AudioClip) -> None:
    """Near the published table of one-script measurements on such speech."""
    floors = {"opus@12k": 9.5, "opus@24k": 14.0, "mp3@32k": 17.0, "aac@32k": 15.5}
    for spec, floor in floors.items():
        codec = create(spec)
        assert snr_db(speech.samples, codec.decode(codec.encode(speech)).samples, 16_000) > floor


def test_lossless_codecs_are_exact(speech: AudioClip) -> None:
    for spec in ("pcm16", "flac"):
        codec = create(spec)
        stream = codec.encode(speech)
        assert np.array_equal(codec.decode(stream).samples, speech.samples)
    assert len(create("flac").encode(speech)) < 0.7 * 2 * speech.n_samples


@pytest.mark.parametrize("kbps", [6, 12, 32])
def test_constant_bitrate_opus_costs_what_it_says(kbps: int, speech: AudioClip) -> None:
    stream = create(f"opus@{kbps}k").encode(speech)
    assert 8 * len(stream) / speech.duration_s / 1_000 == pytest.approx(kbps, rel=0.03)


def test_vorbis_has_no_random_serial_number_and_a_valid_checksum(speech: AudioClip) -> None:
    codec = VorbisCodec(3)
    first, second = codec.encode(speech), codec.encode(speech)
    assert first == second
    _, file = bitstream.unpack("vorbis@q3", first)
    assert file[14:18] == bytes(4)
    damaged = bytearray(file)
    damaged[22] ^= 1  # libogg drops a page whose checksum is wrong
    header = bitstream.StreamHeader(16_000, 1, speech.n_samples)
    with pytest.raises(BitstreamError):
        codec.decode(bitstream.pack("vorbis@q3", header, bytes(damaged)))


def test_more_than_two_channels_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="channels: opus here takes 1 or 2, not 3"):
        create("opus@24k").encode(noise(1_000, channels=3))


def test_a_declared_length_that_the_file_does_not_have_is_refused() -> None:
    for spec in ("flac", "vorbis@q3"):
        header, payload = bitstream.unpack(spec, create(spec).encode(noise(1_000)))
        longer = bitstream.StreamHeader(header.sample_rate_hz, header.channels, 1_001)
        with pytest.raises(BitstreamError, match="samples: the payload has 1000, the header 1001"):
            create(spec).decode(bitstream.pack(spec, longer, payload))


def lyra(kbps: str) -> Any:
    try:
        return create(f"lyra@{kbps}")
    except UnavailableError as error:
        pytest.skip(str(error))


def test_lyra_on_clean_speech() -> None:
    """On a lossless clip; the paper's own samples are a little easier."""
    codec = lyra("9.2k")
    original = read_audio(VOICE)
    decoded = codec.decode(codec.encode(original)).samples
    assert snr_db(original.samples, decoded, 16_000) > 5
    assert find_lag(original.samples, decoded).lag_samples == 0
    assert pesq_wb(original.samples, decoded, 16_000) > 2.5


@pytest.mark.parametrize(("kbps", "stages"), [("3.2k", 16), ("6k", 30), ("9.2k", 46)])
def test_lyra_packs_four_bits_a_stage(kbps: str, stages: int) -> None:
    _, payload = bitstream.unpack(f"lyra@{kbps}", lyra(kbps).encode(noise(16_000)))
    assert len(payload) == 50 * stages * 4 / 8


def test_lyra_is_refused_by_name_when_its_weights_are_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("CODECMARK_CACHE", str(tmp_path))
    monkeypatch.delenv("CODECMARK_WEIGHTS", raising=False)
    with pytest.raises(UnavailableError, match=r"quantizer\.tflite.*CODECMARK_WEIGHTS/lyra"):
        create("lyra@6k")


@pytest.mark.parametrize(
    ("spec", "frames_per_s", "books"),
    [
        ("encodec:24khz@6k", 75, 8),
        ("encodec:24khz@1.5k", 75, 2),
        ("encodec:24khz@24k", 75, 32),
        ("dac:16khz@6k", 50, 12),
        ("dac:24khz@24k", 75, 32),
        ("dac:44khz@8k", 44_100 / 512, 9),
    ],
)
def test_token_rates_agree_with_arithmetic(spec: str, frames_per_s: float, books: int) -> None:
    clip = tone(5.0)
    _, payload = bitstream.unpack(spec, tiny(spec).encode(clip))
    frames = int(np.ceil(frames_per_s * 5))
    assert len(payload) == int(np.ceil(frames * books * 10 / 8))
    nominal = tiny(spec).info.nominal_bitrate_kbps
    assert nominal == pytest.approx(frames_per_s * books * 10 / 1_000)


def test_dac_returns_eight_samples_early_where_a_stride_is_odd() -> None:
    assert _early_samples([2, 4, 5, 8]) == 8
    assert _early_samples([2, 4, 8, 8]) == 0
    codec = tiny("dac:16khz@6k")
    assert isinstance(codec, DacCodec)
    tokens = codec.tokenize(noise(640).samples)
    decoded = codec.synthesize(tokens)
    assert decoded.shape == (1, 640)
    assert not decoded[0, :8].any()


def test_resampling_is_the_codecs_own_duty() -> None:
    clip = AudioClip(soxr.resample(tone(0.5).samples[0], 16_000, 44_100)[None], 44_100)
    codec = create("opus@64k")
    decoded = codec.decode(codec.encode(clip))
    assert decoded.n_samples == clip.n_samples
    assert snr_db(clip.samples, decoded.samples, 44_100) > 15
