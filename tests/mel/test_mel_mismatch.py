"""316 vs 80: a mel that a vocoder cannot take is refused with both shapes."""

from __future__ import annotations

import pytest
import torch
from transformers import (
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
)

from codecmark import AudioClip, InputError, UnavailableError, create
from codecmark.codec import Weights
from codecmark.mel import formats
from codecmark.mel.front_end import MelFormat
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.mel.vocoders import hifigan
from codecmark.metrics.waveform import correlation
from codecmark.networks.setup import Setup
from tiny_networks import TINY_HIFIGAN

MEL = formats.AUDIOLDM2


def test_a_vocoder_of_another_mel_format_is_refused() -> None:
    foreign = formats.USER
    with pytest.raises(InputError, match="takes 64 mel bands, the front end gives 80"):
        hifigan.HifiGan(Weights("random"), foreign, Setup(), TINY_HIFIGAN)


def mel_of(shape: tuple[int, ...], mel: MelFormat = formats.USER) -> MelSpectrogram:
    return MelSpectrogram(torch.zeros(shape), mel)


def test_316_vs_80_on_the_raw_model_and_the_clear_error_in_its_place() -> None:
    """The user's mel [1, 80, 316] against a vocoder of 80 bands, as SpeechT5 ships it."""
    foreign = {**TINY_HIFIGAN, "model_in_dim": 80, "upsample_rates": [4, 4, 4, 4],
               "upsample_kernel_sizes": [8, 8, 8, 8]}  # fmt: skip
    for normalize, message in (
        (True, r"size of tensor a \(316\) must match the size of tensor b \(80\)"),
        (False, "to have 80 channels, but got 316 channels instead"),
    ):
        raw = SpeechT5HifiGan(SpeechT5HifiGanConfig(**{**foreign, "normalize_before": normalize}))
        with pytest.raises(RuntimeError, match=message):
            raw(torch.zeros(1, 80, 316))
    vocoder = hifigan.HifiGan(Weights("random"), formats.SPEECHT5, Setup(), foreign)
    with pytest.raises(InputError, match=r"not \(1, 80, 316\): the last axis must be bands"):
        vocoder.synthesize(mel_of((1, 80, 316), formats.SPEECHT5))
    # exchanging the axes is not enough: that mel has another scale
    with pytest.raises(InputError, match=r"hop 256, 80 to 7600 Hz, log base 10.*natural log"):
        vocoder.synthesize(mel_of((1, 316, 80)))


def test_a_transposed_mel_is_refused_even_when_both_axes_are_equal() -> None:
    vocoder = hifigan.HifiGan(Weights("random"), MEL, Setup(), TINY_HIFIGAN)
    square = MelSpectrogram(torch.zeros(1, 64, 64), MEL)
    assert vocoder.synthesize(square).shape == (1, 64 * 160)
    with pytest.raises(InputError, match=r"channels 1 x bands 64 x frames 64.*\.transposed\(\)"):
        vocoder.synthesize(square.transposed())
    assert vocoder.synthesize(square.transposed().transposed()).shape == (1, 64 * 160)


def test_the_small_hifigan_on_its_own_format(speech: AudioClip) -> None:
    try:
        codec = create("mel:22k-80/hifigan-22k")
    except UnavailableError as error:
        pytest.skip(str(error))
    decoded = codec.decode(codec.encode(speech)).samples
    assert decoded.std() == pytest.approx(speech.samples.std(), rel=0.2)
    assert abs(correlation(speech.samples, decoded, 16_000)) < 0.3
    with pytest.raises(InputError, match="write mel:22k-80/hifigan-22k"):
        create("mel:16k-64/hifigan-22k")
