"""Spectral metrics: how near the magnitudes come, phase aside.

Conventions: `[channels, samples]`, equal shapes, averaged over channels; 0 for equal signals,
lower is better.

References
----------
Log-spectral distance: Gray and Markel, IEEE ASSP 24(5), 1976. Multi-resolution STFT distance:
Yamamoto et al., arXiv 1910.11480, as auraloss defines it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from codecmark.clip import Samples
from codecmark.errors import MetricError
from codecmark.metrics.mel_bank import mel_bank

FRAME_S = 0.032
RANGE_DB = 80.0
MEL_BANDS = 80
# frame of the FFT, hop, window
_MRSTFT_RESOLUTIONS = ((1_024, 120, 600), (2_048, 240, 1_200), (512, 50, 240))
_MRSTFT_LONGEST = 2_048
_MRSTFT_LEAST_POWER = 1e-8


def lsd_db(reference: Samples, decoded: Samples, sample_rate_hz: int) -> float:
    """Log-spectral distance in dB, 0 upwards: RMS over bins, mean over frames.

    Frames are the power of two nearest to 32 ms (32 ms at 16 kHz, 43 ms at 48 kHz). Magnitudes are
    floored 80 dB below the reference's strongest bin, so that digital silence
    does not dominate.
    """
    levels = _levels_db(reference, decoded, sample_rate_hz, None)
    difference = levels[0] - levels[1]
    return float(np.sqrt(np.mean(difference**2, axis=-1)).mean())


def mel_distance_db(reference: Samples, decoded: Samples, sample_rate_hz: int) -> float:
    """Mean absolute difference of 80-band mel levels in dB, 0 upwards; floor as for LSD."""
    bank = mel_bank(sample_rate_hz, _frame_size(sample_rate_hz), MEL_BANDS)
    levels = _levels_db(reference, decoded, sample_rate_hz, bank)
    return float(np.abs(levels[0] - levels[1]).mean())


def mrstft_distance(reference: Samples, decoded: Samples, sample_rate_hz: int) -> float:
    """Multi-resolution STFT distance, 0 upwards, no unit, over all channels together.

    Spectral convergence plus the mean difference of log magnitudes, averaged over windows of 600,
    1200 and 240 samples. These are the defaults of auraloss, which needs PyTorch; a test compares
    the two.
    """
    if reference.shape[1] < _MRSTFT_LONGEST:
        raise MetricError(f"too short: {reference.shape[1]} samples, {_MRSTFT_LONGEST} are needed")
    return float(np.mean([_stft_distance(reference, decoded, *r) for r in _MRSTFT_RESOLUTIONS]))


def _stft_distance(reference: Samples, decoded: Samples, size: int, hop: int, window: int) -> float:
    ours, theirs = (_padded_magnitudes(x, size, hop, window) for x in (reference, decoded))
    convergence = np.linalg.norm(ours - theirs) / np.linalg.norm(ours)
    return float(convergence + np.abs(np.log(ours) - np.log(theirs)).mean())


def _padded_magnitudes(samples: Samples, size: int, hop: int, window: int) -> NDArray[np.float64]:
    """Return `[channels, frames, bins]`; the signal is mirrored at its ends, a frame a hop.

    The periodic Hann window is as long as `window`, in the middle of a frame of `size` samples.
    """
    half = size // 2
    margin = (size - window) // 2
    mirrored = np.pad(samples.astype(float), ((0, 0), (half, half)), mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(mirrored, size, axis=1)[:, ::hop]
    hann = np.pad(np.hanning(window + 1)[:-1], (margin, size - window - margin))
    power = np.abs(np.fft.rfft(frames * hann)) ** 2
    magnitudes: NDArray[np.float64] = np.sqrt(np.maximum(power, _MRSTFT_LEAST_POWER))
    return magnitudes


def _frame_size(sample_rate_hz: int) -> int:
    return int(2 ** round(np.log2(FRAME_S * sample_rate_hz)))


def _levels_db(
    reference: Samples,
    decoded: Samples,
    sample_rate_hz: int,
    bank: NDArray[np.float32] | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Levels `[channels, frames, bins or bands]` of both signals in dB."""
    from scipy.signal import stft

    size = _frame_size(sample_rate_hz)
    if reference.shape[1] < size:
        raise MetricError(f"too short: {reference.shape[1]} samples, {size} are needed")
    magnitudes = [
        np.abs(stft(x.astype(float), nperseg=size, noverlap=3 * size // 4)[2]).swapaxes(-1, -2)
        for x in (reference, decoded)
    ]
    if bank is not None:
        magnitudes = [magnitude @ bank.T for magnitude in magnitudes]
    strongest = magnitudes[0].max()
    if strongest == 0:
        raise MetricError("undefined: the reference is silent")
    floor = strongest * 10 ** (-RANGE_DB / 20)
    ours, theirs = (20 * np.log10(np.maximum(m, floor)) for m in magnitudes)
    return ours, theirs
