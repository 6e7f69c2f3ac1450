"""The latent as base layer: the codec, on this machine and on another."""

from __future__ import annotations

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
from codecmark.layered import channel, container
from codecmark.layered.codec import WaveformLayerCodec
from codecmark.layered.fill_griffinlim import PhaseRetrieval
from codecmark.layered.latent_base import LatentBase
from codecmark.metrics.waveform import snr_db
from codecmark.networks import trained_sets
from codecmark.networks.setup import Setup
from codecmark.studies import layers as study
from entries import noise, tiny, tone
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
    found = codec()._base
    assert isinstance(found, LatentBase)
    return found


def snr(clip: AudioClip, decoded: AudioClip) -> float:
    return snr_db(clip.samples, decoded.samples, clip.sample_rate_hz)


def test_the_study_measures_it_where_its_weights_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(trained_sets, "SHIPPED", tmp_path)
    setup = Setup.from_environment()
    assert not [spec for spec in study.specs(setup) if "compact" in spec]
    write_tiny_sets(tmp_path)
    assert [spec for spec in study.specs(setup) if "compact" in spec] == list(study.LATENTS)


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
        sent = base.encoder_condition.side_information if conditioned else b""
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
