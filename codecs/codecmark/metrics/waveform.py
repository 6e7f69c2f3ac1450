"""Waveform metrics: how near the samples themselves come.

Conventions: `reference` and `decoded` are float arrays `[channels, samples]` of equal shape; all
channels count together; higher is better. These measures follow the waveform, not what is heard:
a codec that does not send phase scores near or below 0 dB however good it sounds, and silence
scores exactly 0 dB.

References
----------
SI-SDR: Le Roux et al., arXiv 1811.02508. Segmental SNR: Hansen and Pellom, ICSLP 1998.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from codecmark.clip import Samples
from codecmark.errors import MetricError

SEGMENT_S = 0.02
SEGMENT_RANGE_DB = (-10.0, 35.0)
_INFINITE = "infinite: output equals input"

_Signal = NDArray[np.float64]


def snr_db(reference: Samples, decoded: Samples, sample_rate_hz: int) -> float:
    """Signal-to-noise ratio, -inf to inf dB, no gain correction.

    Raises
    ------
    MetricError
        For equal signals, or a silent reference.
    """
    signal, error = _signal_and_error(reference, decoded)
    return _ratio_db(_energy(signal), _energy(error))


def si_sdr_db(reference: Samples, decoded: Samples, sample_rate_hz: int) -> float:
    """Scale-invariant signal-to-distortion ratio in dB: the SNR after the best gain.

    Means are not removed.
    """
    signal, output = reference.astype(float).ravel(), decoded.astype(float).ravel()
    power = float(signal @ signal)
    if power == 0:
        raise MetricError("undefined: the reference is silent")
    target = signal * (float(output @ signal) / power)
    if not target.any():
        raise MetricError("undefined: the output has no component along the reference")
    return _ratio_db(_energy(target), _energy(output - target))


def segmental_snr_db(reference: Samples, decoded: Samples, sample_rate_hz: int) -> float:
    """Mean SNR of 20 ms segments, each limited to -10..35 dB; silent segments are left out.

    A segment counts as silent 60 dB or more below the loudest.
    """
    size = max(1, round(SEGMENT_S * sample_rate_hz))
    signal, error = _signal_and_error(reference, decoded)
    signal_power, error_power = _segments(signal, size), _segments(error, size)
    if not signal_power.any():
        raise MetricError("undefined: the reference is silent")
    active = signal_power > signal_power.max() * 1e-6
    signal_power, error_power = signal_power[active], error_power[active]
    if not error_power.any():
        raise MetricError(_INFINITE)
    with np.errstate(divide="ignore"):
        ratios = 10 * np.log10(signal_power / error_power)
    return float(np.clip(ratios, *SEGMENT_RANGE_DB).mean())


def correlation(reference: Samples, decoded: Samples, sample_rate_hz: int) -> float:
    """Pearson correlation of the samples, -1 to 1."""
    a, b = reference.astype(float).ravel(), decoded.astype(float).ravel()
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.linalg.norm(a) * np.linalg.norm(b))
    if scale == 0:
        raise MetricError("undefined: one of the signals is constant")
    return float(np.clip(a @ b / scale, -1, 1))


def _signal_and_error(reference: Samples, decoded: Samples) -> tuple[_Signal, _Signal]:
    signal: _Signal = reference.astype(np.float64)
    return signal, decoded.astype(np.float64) - signal


def _energy(signal: _Signal) -> float:
    return float(np.sum(signal * signal))


def _segments(signal: _Signal, size: int) -> _Signal:
    """Power of consecutive segments, all channels together; a short rest is its own segment."""
    power = np.sum(signal * signal, axis=0)
    summed: _Signal = np.add.reduceat(power, np.arange(0, len(power), size))
    return summed


def _ratio_db(signal: float, error: float) -> float:
    if signal == 0:
        raise MetricError("undefined: the reference is silent")
    if error == 0:
        raise MetricError(_INFINITE)
    return 10 * float(np.log10(signal / error))
