"""Metrics that were PyTorch's or librosa's, held to those libraries."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import torch
from auraloss.freq import MultiResolutionSTFTLoss

from codecmark import AudioClip
from codecmark.clip import Samples
from codecmark.metrics import spectral
from codecmark.metrics.mel_bank import mel_bank
from known_signals import RATE, with_noise


@pytest.mark.parametrize(("rate", "size"), [(8_000, 256), (16_000, 512), (48_000, 2_048)])
def test_the_mel_bank_is_librosas(rate: int, size: int) -> None:
    theirs = librosa.filters.mel(sr=rate, n_fft=size, n_mels=80)
    ours = mel_bank(rate, size, 80)
    assert ours.shape == theirs.shape == (80, size // 2 + 1)
    assert np.abs(ours - theirs).max() < 1e-8
    assert not ours.flags.writeable


@pytest.mark.parametrize("snr_db", [0, 20, 60])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_distance_of_many_resolutions_is_auralosss(
    speech: AudioClip, snr_db: float, channels: int
) -> None:
    decoded = with_noise(speech, snr_db)
    ours, theirs = (_with_channels(x, channels) for x in (speech.samples, decoded))
    with torch.inference_mode():
        expected = MultiResolutionSTFTLoss()(torch.tensor(theirs)[None], torch.tensor(ours)[None])
    assert spectral.mrstft_distance(ours, theirs, RATE) == pytest.approx(float(expected), rel=1e-4)


def _with_channels(samples: Samples, channels: int) -> Samples:
    """Return one channel, or it and its quieter mirror image."""
    return np.concatenate([samples, samples[:, ::-1] / 3])[:channels]
