"""A bank of triangular mel filters, as `librosa.filters.mel` gives by default.

Written here because librosa brings a compiler and a machine-learning library, for one matrix. The
mel scale is that of Slaney's Auditory Toolbox (Interval Research Technical Report 1998-010): linear
up to 1 kHz, logarithmic above; each triangle has the area 1, frequencies taken in Hz.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

_LINEAR_HZ = 200 / 3  # a mel, below 1 kHz
_CORNER_HZ = 1_000.0
_CORNER_MEL = _CORNER_HZ / _LINEAR_HZ
_STEP = np.log(6.4) / 27  # of the logarithm, a mel, above 1 kHz


@cache
def mel_bank(sample_rate_hz: int, n_fft: int, bands: int) -> NDArray[np.float32]:
    """Return the weights of spectral bins in mel bands, from 0 Hz to half the rate.

    Returns
    -------
    np.ndarray, shape=(bands, n_fft // 2 + 1)
        Read-only, since it is shared.
    """
    half_hz = sample_rate_hz / 2
    bins_hz = np.linspace(0, half_hz, n_fft // 2 + 1)
    edges_hz = _hz(np.linspace(0, _mel(half_hz), bands + 2))
    widths_hz = np.diff(edges_hz)[:, None]
    rising = (bins_hz - edges_hz[:-2, None]) / widths_hz[:-1]
    falling = (edges_hz[2:, None] - bins_hz) / widths_hz[1:]
    triangles = np.maximum(0, np.minimum(rising, falling))
    bank = (triangles * (2 / (edges_hz[2:] - edges_hz[:-2]))[:, None]).astype(np.float32)
    bank.flags.writeable = False
    return bank


def _mel(hz: float) -> float:
    if hz < _CORNER_HZ:
        return hz / _LINEAR_HZ
    return float(_CORNER_MEL + np.log(hz / _CORNER_HZ) / _STEP)


def _hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _CORNER_HZ * np.exp(_STEP * (mel - _CORNER_MEL))
    return np.where(mel < _CORNER_MEL, mel * _LINEAR_HZ, above)
