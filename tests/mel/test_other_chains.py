"""LTX-2, MMAudio, Vocos, UnivNet and the 48 kHz chain: joins, lengths, and their own ways."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from codecmark import AudioClip, InputError, create
from codecmark.codec import Weights
from codecmark.mel import formats, ltx2, mmaudio
from codecmark.mel.chain import ChainCodec
from codecmark.mel.front_end import MelFormat
from codecmark.mel.ltx2 import LTX2Codec
from codecmark.mel.mmaudio import FrameAutoencoder
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.mel.vocoders import univnet, vocos
from codecmark.networks.setup import Setup
from entries import noise, tiny
from tiny_networks import (
    TINY_BIGVGAN,
    TINY_LTX2,
    TINY_MMAUDIO,
    TINY_UNIVNET,
    TINY_VOCOS,
)

RANDOM = Weights("random")
CHAINS = ("mel:24k-100/univnet", "mel:24k-100-htk/vocos", "audioldm2:48k/hifigan",
          "ltx2:2.0/hifigan", "mmaudio:44k/bigvgan")  # fmt: skip


@pytest.mark.parametrize(
    ("vocoder", "own"),
    [
        (univnet.UnivNet(RANDOM, Setup(), TINY_UNIVNET), formats.UNIVNET),
        (vocos.Vocos(RANDOM, Setup(), TINY_VOCOS), formats.VOCOS),
        (mmaudio.BigVgan(RANDOM, Setup(), TINY_BIGVGAN), formats.MMAUDIO),
    ],
)
def test_a_vocoder_takes_its_own_mel_and_no_other(vocoder: Any, own: MelFormat) -> None:
    values = torch.randn(2, 37, own.bands, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        waveform = vocoder.synthesize(MelSpectrogram(values, own))
        again = vocoder.synthesize(MelSpectrogram(values, own))
    assert waveform.shape == (2, own.samples(37))
    assert torch.equal(waveform, again)
    other = formats.VOCOS if own is formats.UNIVNET else formats.UNIVNET
    with pytest.raises(InputError, match="was made for"):
        vocoder.synthesize(MelSpectrogram(torch.zeros(1, 37, other.bands), other))


def test_two_mels_of_100_bands_are_not_the_same() -> None:
    for spec, remedy in (
        ("mel:24k-100/vocos", "HTK scale, filters of equal height.*write mel:24k-100-htk/vocos"),
        ("mel:24k-100-htk/univnet", "Slaney scale, filters of equal area.*mel:24k-100/univnet"),
        ("mel:16k-64/univnet", "write mel:24k-100/univnet"),
    ):
        with pytest.raises(InputError, match=remedy):
            create(spec)


@pytest.mark.parametrize("spec", ["ltx2:2.3/hifigan", "mmaudio:16k/bigvgan"])
def test_unknown_variants_are_refused_with_the_choice(spec: str) -> None:
    with pytest.raises(InputError, match="variant must be"):
        create(spec)


@pytest.mark.parametrize("spec", ["ltx2:2.0/bigvgan", "mmaudio:44k/hifigan"])
def test_unknown_stages_are_refused_before_a_network_is_built(spec: str) -> None:
    with pytest.raises(InputError, match="is not a vocoder"):
        create(spec)


@pytest.mark.parametrize("frames", [313, 316, 501, 504])
@pytest.mark.parametrize("spec", CHAINS)
def test_any_frame_count_round_trips_to_the_exact_length(spec: str, frames: int) -> None:
    codec = tiny(spec)
    assert isinstance(codec, ChainCodec)
    clip = noise(frames * codec.mel.hop + 17, rate_hz=codec.mel.sample_rate_hz)
    assert codec.decode(codec.encode(clip)).n_samples == clip.n_samples


def test_the_48_khz_autoencoder_has_another_stride() -> None:
    codec = tiny("audioldm2:48k/hifigan@f16")
    assert isinstance(codec, ChainCodec)
    assert codec.coded_shape(1_024) == (16, 128, 32)  # [16, 128, 32] for 10.24 s, as published
    assert 8 * 256 / np.prod(codec.coded_shape(8)) == 4.0
    assert codec.info.nominal_bitrate_kbps == pytest.approx(6_400 * 16 / 1_000)


def test_ltx2_codes_both_channels_in_one_latent() -> None:
    codec = tiny("ltx2:2.0/hifigan")
    assert isinstance(codec, LTX2Codec)
    mono, stereo = noise(32_000), noise(32_000, channels=2)
    assert len(codec.encode(stereo)) - len(codec.encode(mono)) == 8  # levels of one more channel
    left = AudioClip(stereo.samples[:1], 16_000)
    decoded = codec.decode(codec.encode(stereo))
    assert decoded.channels == 2
    assert codec.decode(codec.encode(left)).channels == 1
    assert codec.synthesis_rate_hz == 24_000
    assert codec.frame_count(32_000) % 4 == 1
    with pytest.raises(InputError, match="takes 1 or 2 channels, not 3"):
        codec.encode(noise(8_000, channels=3))


def test_ltx2s_latent_is_normalised_by_the_checkpoints_statistics() -> None:
    model = ltx2.StereoAutoencoder(RANDOM, Setup(), TINY_LTX2)
    mel = torch.randn(2, 41, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        plain, back = model.encode(mel), model.decode(model.encode(mel))
        assert plain.shape == (1, 2, 11, 16)
        assert back.shape == mel.shape
        model._mean.fill_(0.5)
        model._deviation.fill_(2.0)
        torch.testing.assert_close(model.encode(mel), (plain - 0.5) / 2)
        torch.testing.assert_close(model.decode(model.encode(mel)), back)


def test_long_mmaudio_spectrograms_go_through_in_chunks() -> None:
    model = FrameAutoencoder(RANDOM, Setup(), TINY_MMAUDIO)
    mel = torch.randn(1, 800, 128, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        latent = model.encode(mel)
        assert latent.shape == (1, 4, 400)
        torch.testing.assert_close(latent[..., :345], model.encode(mel[:, :690]))
        assert model.decode(latent).shape == mel.shape
