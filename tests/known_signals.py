"""Signals whose figures are known before anything is measured."""

from __future__ import annotations

import numpy as np

from codecmark import AudioClip
from codecmark.clip import Samples

RATE = 16_000


def with_noise(clip: AudioClip, snr_db: float) -> Samples:
    """Add noise orthogonal to the signal at exactly this SNR."""
    signal = clip.samples.astype(float)
    added = np.random.default_rng(3).standard_normal(signal.shape)
    added -= signal * (np.sum(added * signal) / np.sum(signal * signal))
    added *= np.sqrt(np.sum(signal**2) / np.sum(added**2)) * 10 ** (-snr_db / 20)
    noisy: Samples = (signal + added).astype(np.float32)
    return noisy
