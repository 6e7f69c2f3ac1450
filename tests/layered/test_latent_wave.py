"""The latent as base layer: what keeps its network's last digits out of the waveform layer."""

from __future__ import annotations

import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from codecmark import catalog
from codecmark.bitstream import frame
from codecmark.clip import AudioClip
from codecmark.errors import BitstreamError, InputError
from codecmark.layered import base as base_layer
from codecmark.layered import channel, container, latent_coding, mdct, side_information
from codecmark.layered.base import Base
from codecmark.layered.codec import WaveformLayerCodec
from codecmark.layered.fill_griffinlim import PhaseRetrieval
from codecmark.layered.latent_base import LatentBase
from codecmark.metrics.waveform import snr_db
from codecmark.networks import trained_sets
from codecmark.studies import layers as study
from entries import checksums_elsewhere, noise, tiny, tone
from tiny_networks import write_tiny_sets

SPEC = "audioldm2:compact+wave@snr10"
CLIP = tone(1.0)


def codec(spec: str = SPEC) -> WaveformLayerCodec:
    found = tiny(spec)
    assert isinstance(found, WaveformLayerCodec)
    return found


@cache
def stream(spec: str = SPEC) -> bytes:
    return codec(spec).encode(CLIP)


def coding() -> LatentBase:
    found = codec()._coding
    assert isinstance(found, LatentBase)
    return found


def snr(clip: AudioClip, decoded: AudioClip) -> float:
    return snr_db(clip.samples, decoded.samples, clip.sample_rate_hz)


def log2_mel(frames: int, seed: int = 0) -> mdct.Floats:
    """Return a random spectrogram as a network might give it."""
    return np.random.default_rng(seed).normal(-5, 3, (frames, 64)).astype(np.float32).astype(float)


# the condition


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), superframes=st.integers(1, 9))
def test_a_small_drift_changes_no_integer(seed: int, superframes: int) -> None:
    mel = log2_mel(4 * superframes, seed)
    chosen = side_information.choose(mel)
    least = max(
        side_information.margins(mel, shift).min() for shift in range(side_information.SHIFTS)
    )
    drift = np.random.default_rng(seed).uniform(-0.99, 0.99, mel.shape) * least
    told = side_information.read(mel + drift, chosen.sent + b"levels")
    assert np.array_equal(told.envelope, chosen.envelope)
    assert told.sent == chosen.sent
    assert len(told.sent) == 4 + -(-superframes // 2)


def test_the_margin_is_far_above_what_networks_drift() -> None:
    """Measured on the compact and the published architecture: at most 0.0002 octaves."""
    mel = log2_mel(4 * 250)
    shifted = np.stack([side_information.margins(mel, s) for s in range(side_information.SHIFTS)])
    assert shifted.max(axis=0).min() > 5e-4
    assert np.median(shifted.max(axis=0)) > 1e-3
    assert np.median(shifted[0]) < 5e-4  # which is why the grid is shifted


def test_what_the_models_are_told_is_near_the_mel() -> None:
    mel = log2_mel(40)
    shifts = np.random.default_rng(0).integers(0, side_information.SHIFTS, 10)
    error = side_information.rounded(mel, shifts) / 1024 - mel
    assert np.abs(error).max() <= 0.125 + 1e-9
    assert np.abs(error).max() > 0.12  # quarter octaves, not finer


def test_another_spectrogram_is_refused_and_not_decoded_to_noise() -> None:
    mel = log2_mel(40)
    sent = side_information.choose(mel).sent
    mel[17, 5] += 0.3
    with pytest.raises(BitstreamError, match=r"condition: .* another spectrogram"):
        side_information.read(mel, sent)
    with pytest.raises(BitstreamError, match="condition"):
        side_information.read(mel, sent[:-1])


def test_a_network_that_returns_no_number_is_refused() -> None:
    for value in (np.nan, np.inf):
        with pytest.raises(BitstreamError, match="base layer"):
            Base.of_network(0.5, np.full((4, 64), value))
    loud = Base.of_network(0.5, np.full((4, 64), 1e30))
    assert loud.mel.max() == 11 * 1024


# the latent's levels


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    scale=st.floats(0.01, 200),
    shape=st.sampled_from([(8, 1, 16), (1, 5, 1), (17, 3, 20), (8, 12, 16)]),
)
def test_latent_levels_survive(seed: int, scale: float, shape: tuple[int, int, int]) -> None:
    levels = np.rint(np.random.default_rng(seed).laplace(0, scale, shape)).astype(np.int64)
    levels = np.clip(levels, -latent_coding.LARGEST, latent_coding.LARGEST)
    data = latent_coding.encode(levels)
    assert np.array_equal(latent_coding.decode(data, shape), levels)


def test_what_is_alike_costs_less() -> None:
    """The same levels in another order, without their neighbours, cost more."""
    rng = np.random.default_rng(0)
    smooth = rng.normal(0, 1, (8, 125, 16)).cumsum(axis=1).cumsum(axis=2)
    levels = np.rint(smooth / smooth.std() * 3).astype(np.int64)
    mixed = rng.permutation(levels.ravel()).reshape(levels.shape)
    assert len(latent_coding.encode(levels)) < 0.5 * len(latent_coding.encode(mixed))
    assert len(latent_coding.encode(0 * levels)) < 24


def test_levels_are_cut_to_the_largest() -> None:
    values = np.full((8, 2, 16), 1e6, np.float32)
    data = coding().encode(values, 0)
    assert (latent_coding.decode(data, values.shape) == latent_coding.LARGEST).all()


def test_the_study_measures_it_where_its_weights_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(trained_sets, "SHIPPED", tmp_path)
    assert not [spec for spec in study.specs() if "compact" in spec]
    write_tiny_sets(tmp_path)
    assert [spec for spec in study.specs() if "compact" in spec] == list(study.LATENTS)


# the codec


@pytest.mark.parametrize("clip", [CLIP, noise(8_000), AudioClip(1e-4 * noise(900).samples, 16_000)])
def test_the_output_has_the_snr_that_was_asked_for(clip: AudioClip) -> None:
    """Whatever the network makes of the mel: the waveform layer makes up for it."""
    assert snr(clip, codec().decode(codec().encode(clip))) >= 10


def test_the_stream_fits_the_rate() -> None:
    spec = "audioldm2:compact+wave@8k"
    assert len(codec(spec).encode(noise(16_000))) * 8 <= 8000


def test_the_base_alone_is_decodable() -> None:
    whole = codec().decode_layers(stream())
    base = codec().decode_layers(stream(), upto=1)
    assert whole.dropped == ()
    assert np.array_equal(whole.clip.samples, codec().decode(stream()).samples)
    assert [one.layer for one in base.dropped] == ["waveform"]
    assert snr(CLIP, whole.clip) >= 10 > 5 > snr(CLIP, base.clip)


def drifted(monkeypatch: pytest.MonkeyPatch, by: float) -> None:
    """Let the network return what another machine's might."""
    autoencoder = coding()._autoencoder
    plain = autoencoder.decode

    def decode(latent: torch.Tensor) -> torch.Tensor:
        found = plain(latent)
        signs = torch.ones(found.numel())
        signs[::2] = -1
        return found + by * signs.reshape(found.shape)

    monkeypatch.setattr(autoencoder, "decode", decode)


def test_another_machine_decodes_the_same_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    here = codec().decode(stream())
    drifted(monkeypatch, 1e-4)  # natural logarithm
    there = codec().decode(stream())
    assert not np.array_equal(there.samples, here.samples)  # the fill follows the network
    assert snr(here, there) > 40
    assert snr(CLIP, there) >= 10


def test_a_network_that_drifts_too_far_costs_the_waveform_layer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = codec().decode_layers(stream(), upto=1).clip
    drifted(monkeypatch, 0.2)
    with pytest.raises(BitstreamError, match=r"waveform layer: condition: .* another spectrogram"):
        codec().decode(stream())
    found = codec().decode_layers(stream())
    assert [(one.channel, one.layer) for one in found.dropped] == [(0, "waveform")]
    assert "another spectrogram" in found.dropped[0].reason
    assert snr(base, found.clip) > 0  # the same base, a little louder and softer


def test_damage_of_the_waveform_layer_costs_that_layer_only() -> None:
    damaged = bytearray(stream())
    damaged[-20] ^= 0x10
    with pytest.raises(BitstreamError):
        codec().decode(bytes(damaged))
    found = codec().decode_layers(bytes(damaged))
    assert np.array_equal(found.clip.samples, codec().decode_layers(stream(), 1).clip.samples)


def test_shifts_that_were_changed_are_found() -> None:
    """A waveform layer with a valid checksum, but another condition."""
    header, payload = frame.unpack(SPEC, stream())
    ((base, waveform),), _ = container.unpack(payload, 1, 2, 2)
    assert base is not None
    assert waveform is not None
    for at in (3, 8):  # in the CRC, in the shifts
        changed = bytearray(waveform)
        changed[at] ^= 0x11
        forged = frame.pack(SPEC, header, container.pack([(base, bytes(changed))]))
        with pytest.raises(BitstreamError, match="condition"):
            codec().decode(forged)


@settings(max_examples=30, deadline=None)
@given(junk=st.binary(max_size=120), conditioned=st.booleans())
def test_any_bytes_decode_or_are_refused(junk: bytes, conditioned: bool) -> None:
    superframes = 3
    whole = base_layer.scaled(CLIP.samples[0, : 640 * superframes].astype(float), 32_700)
    data = base_layer.encode(coding(), coding().analyse(whole), 32_700, 8, superframes)
    with suppress(BitstreamError):
        base_layer.decode(coding(), junk, superframes)
    base = base_layer.decode(coding(), data, superframes)
    assert base is not None
    try:
        sent = base.chosen.sent if conditioned else b""
        waveform = channel.decode_waveform(junk[:3] + sent + junk[3:], base)
    except BitstreamError:
        return
    assert channel.synthesise(base, [waveform], superframes, PhaseRetrieval()).shape == (
        superframes * 640,
    )


@pytest.mark.parametrize(
    "rest",
    ["48k+wave@snr10", "user-80-256+wave@snr10", "compact+wave", "base+wave@q1", "base+wave@snr99",
     "base+wave/pghi@snr9"],
)  # fmt: skip
def test_other_specs_are_refused(rest: str) -> None:
    with pytest.raises(InputError, match="spec"):
        catalog.create(f"audioldm2:{rest}")


@pytest.mark.parametrize("threads", [1, 2])
def test_bytes_do_not_depend_on_threads_or_process(threads: int) -> None:
    decoded = codec().decode(stream()).samples
    mine = f"crc {zlib.crc32(stream())} {zlib.crc32(decoded.tobytes())}"
    assert mine in checksums_elsewhere("layered.test_latent_wave", threads).splitlines()
