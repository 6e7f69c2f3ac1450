"""Changes of a clip before it is coded: noise, level, clipping, a shift; all on the 16-bit grid.

What comes out is what the codec is given and judged against: a row says how well noisy speech was
kept, not how well the noise was removed.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codecmark.clip import AudioClip


def with_noise(audio: AudioClip, snr_db: float, name: str) -> AudioClip:
    """Return the clip with white Gaussian noise at `snr_db` below its power; silence stays silent.

    The noise is seeded with `name`, so that every codec is given the same.
    """
    signal = audio.samples.astype(np.float64)
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    noise = np.random.default_rng(seed).standard_normal(signal.shape)
    noise *= np.sqrt(np.square(signal).sum() / 10 ** (snr_db / 10) / np.square(noise).sum())
    return _clip(signal + noise, audio)


def at_level(audio: AudioClip, gain_db: float) -> AudioClip:
    """Return the clip with a gain; beyond full scale it is clipped."""
    return _clip(audio.samples * 10 ** (gain_db / 20), audio)


def overdriven(audio: AudioClip, overdrive_db: float) -> AudioClip:
    """Return the clip as if its peak had gone `overdrive_db` beyond full scale, at its old level.

    The peak is brought to full scale and further up by the overdrive, what goes beyond is cut off,
    and the gain is taken back: the damage without the loudness.
    """
    peak = float(np.abs(audio.samples).max())
    limit = peak / 10 ** (overdrive_db / 20)
    return _clip(np.clip(audio.samples, -limit, limit), audio)


def shifted(audio: AudioClip, samples: int) -> AudioClip:
    """Return the clip after `samples` of silence, at its old length: as much is lost at its end."""
    delayed = np.zeros_like(audio.samples)
    delayed[:, samples:] = audio.samples[:, : max(0, audio.n_samples - samples)]
    return _clip(delayed, audio)


def _clip(samples: NDArray[Any], like: AudioClip) -> AudioClip:
    return AudioClip(samples.astype(np.float32), like.sample_rate_hz).on_pcm16_grid()
