"""Waveform layers beside another codec: its promises, its layers, and another machine."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from codecmark import create
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec, CodecInfo
from codecmark.errors import BitstreamError, CodecmarkError, InputError
from codecmark.layered.beside import BesideCodec
from codecmark.measure.content_key import codec_digest
from codecmark.metrics.waveform import snr_db
from codecmark.networks.setup import Setup
from codecmark.spec import Spec, without_setting
from entries import noise, tone
from layered_streams import speech

SPEC = "opus@6k+wave@snr10"
RATE = 16_000


class Halved(Codec):
    """Keeps every second sample's sign and eight bits, so that 6 dB or so remain to be coded."""

    info = CodecInfo(
        spec="halved@1k", family="halved", sample_rate_hz=None, channels=None,
        nominal_bitrate_kbps=None, algorithmic_delay_samples=0, licence="MIT", reference="here",
    )  # fmt: skip
    drift = 0.0

    def encode_payload(self, clip: AudioClip) -> bytes:
        return np.rint(clip.samples * 127).astype(np.int8).tobytes()

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        if len(payload) != header.channels * header.n_samples:
            raise BitstreamError("samples", "do not fit")
        whole = np.frombuffer(payload, np.int8).reshape(header.channels, header.n_samples)
        return (whole * np.float32((1 + self.drift) * 0.6 / 127)).astype(np.float32)


def halved(setting: str = "snr20") -> BesideCodec:
    return BesideCodec(Spec.parse(f"halved@1k+wave@{setting}"), Halved())


@cache
def codec(spec: str = SPEC) -> BesideCodec:
    built = create(spec)
    assert isinstance(built, BesideCodec)
    return built


@cache
def stream(spec: str = SPEC) -> bytes:
    return codec(spec).encode(speech())


def snr(clip: AudioClip, decoded: AudioClip) -> float:
    return snr_db(clip.samples, decoded.samples, clip.sample_rate_hz)


def test_the_output_has_the_snr_that_was_asked_for() -> None:
    decoded = codec().decode(stream())
    assert 10 <= snr(speech(), decoded) < 10.5
    assert snr(speech(), create("opus@6k").decode(create("opus@6k").encode(speech()))) < 8


@pytest.mark.parametrize(
    "clip",
    [tone(0.4), noise(6_400), AudioClip(1e-4 * noise(900).samples, RATE), AudioClip(
        np.stack([noise(3_000).samples[0], np.zeros(3_000, np.float32)]), RATE)],
)  # fmt: skip
def test_snr_holds_on_any_clip(clip: AudioClip) -> None:
    decoded = codec().decode(codec().encode(clip))
    assert decoded.samples.shape == clip.samples.shape
    assert snr(clip, decoded) >= 10


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000])
def test_other_rates_keep_what_the_base_has_above_8_khz(rate_hz: int) -> None:
    wave = 0.3 * np.sin(np.arange(rate_hz))[None]
    clip = AudioClip(wave.astype(np.float32), rate_hz)
    built = halved()
    decoded = built.decode(built.encode(clip))
    assert decoded.samples.shape == clip.samples.shape
    base = built.decode_layers(built.encode(clip), 1).clip
    assert snr(clip, base) == pytest.approx(-20 * np.log10(0.4), abs=0.3)
    high_db = snr(clip, decoded)
    assert high_db > 19 if rate_hz == 8_000 else high_db > 7.5


def test_what_the_base_has_already_costs_next_to_nothing() -> None:
    base = len(create("opus@32k").encode(speech()))
    assert len(codec("opus@32k+wave@snr10").encode(speech())) <= base + 60


@pytest.mark.parametrize("kbps", [10, 16])
def test_the_stream_fits_the_rate(kbps: int) -> None:
    spec = f"opus@6k+wave@{kbps}k"
    spent = len(stream(spec)) * 8 / speech().duration_s / 1000
    assert 0.97 * kbps < spent <= kbps


def test_a_stream_may_be_cut_after_any_layer() -> None:
    spec = "opus@6k+wave@snr10-snr15"
    snrs = [snr(speech(), codec(spec).decode_layers(stream(spec), upto).clip) for upto in (1, 2, 3)]
    assert snrs[0] < 8
    assert 10 <= snrs[1] < 10.5
    assert 15 <= snrs[2] < 15.5
    for upto in (0, 4):
        with pytest.raises(InputError, match="upto"):
            codec(spec).decode_layers(stream(spec), upto)


def test_damage_of_the_layer_costs_that_layer_only() -> None:
    damaged = bytearray(stream())
    damaged[-20] ^= 0x10
    with pytest.raises(BitstreamError):
        codec().decode(bytes(damaged))
    kept = codec().decode_layers(bytes(damaged))
    assert [lost.layer for lost in kept.dropped] == ["waveform"]
    assert np.array_equal(kept.clip.samples, codec().decode_layers(stream(), 1).clip.samples)


def test_another_machines_base_decodes_the_same_levels() -> None:
    built = halved()
    sent = built.encode(speech())
    here = built.decode(sent)
    built._base.drift = 1e-5  # type: ignore[attr-defined]
    there = built.decode(sent)
    assert not np.array_equal(here.samples, there.samples)
    assert snr(here, there) > 70
    built._base.drift = 0.2  # type: ignore[attr-defined]
    with pytest.raises(BitstreamError, match="another spectrogram"):
        built.decode(sent)
    assert [lost.layer for lost in built.decode_layers(sent).dropped] == ["waveform"]


def test_any_bytes_decode_or_are_refused() -> None:
    built = halved()
    header = StreamHeader(RATE, 1, 1_500)
    sent = built.encode_payload(AudioClip(noise(1_500).samples, RATE))
    random = np.random.default_rng(0)
    for _ in range(60):
        changed = bytearray(sent)
        for at in random.integers(0, len(sent), 3):
            changed[at] = int(random.integers(256))
        try:
            decoded = built.decode_payload(bytes(changed[: random.integers(len(sent))]), header)
        except CodecmarkError:
            continue
        assert decoded.shape == (1, 1_500)


@pytest.mark.parametrize(
    ("text", "base", "layer"),
    [
        ("lyra@6k+wave@snr10", "lyra@6k", "snr10"),
        ("lyra@6k+ac+wave@8k-16k", "lyra@6k+ac", "8k-16k"),
        ("neucodec+wave@snr10", "neucodec", "snr10"),
        ("audioldm2:compact/joint+wave@snr10", "audioldm2:compact/joint", "snr10"),
        ("mel:16k-64+wave@snr10", "mel:16k-64+wave@snr10", None),
    ],
)
def test_specs(text: str, base: str, layer: str | None) -> None:
    spec = Spec.parse(text)
    assert spec.layer == layer
    assert str(spec) == text
    assert str(Spec(spec.family, spec.variant, spec.setting, range_coded=spec.range_coded)) == base


def test_the_base_names_the_curve() -> None:
    assert without_setting("lyra@6k+wave@snr10") == "lyra@6k+wave"
    assert without_setting("lyra@9.2k+wave@12k") == "lyra@9.2k+wave"
    assert without_setting("audioldm2:compact/joint+wave@9k") == "audioldm2:compact/joint+wave"


@pytest.mark.parametrize("setting", ["snr99", "q1", "snr10-8k", "1k", "snr12-snr10"])
def test_other_targets_are_refused(setting: str) -> None:
    with pytest.raises(InputError, match=r"spec: opus@6k\+wave"):
        create(f"opus@6k+wave@{setting}")


def test_rows_follow_the_layers_code() -> None:
    digests = {codec_digest(spec, Setup()) for spec in ("opus@6k", SPEC, "opus@6k+wave@snr12")}
    assert len(digests) == 3
