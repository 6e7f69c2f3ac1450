"""Find by how many samples a decoded signal is late, by cross-correlation.

Conventions: signals are `[channels, samples]` of equal shape; a positive lag means that the
decoded signal comes late.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codecmark.clip import Samples

SEARCH = 2_048
CONFIDENT = 0.5  # normalised cross-correlation below this is no evidence of a delay
_AS_GOOD = 0.999  # periodic signals peak again at every period: the smallest such lag is taken


@dataclass(frozen=True)
class Alignment:
    """A lag in samples and the normalised cross-correlation there, 0 to 1."""

    lag_samples: int
    peak: float

    @property
    def confident(self) -> bool:
        """Whether the correlation is high enough to call the lag a delay."""
        return self.peak >= CONFIDENT


def find_lag(reference: Samples, decoded: Samples, search: int = SEARCH) -> Alignment:
    """Return the lag with the highest absolute cross-correlation, summed over channels.

    Parameters
    ----------
    search : int
        Lags from -search to +search samples are considered.
    """
    from scipy.signal import correlate  # slow to import, and a rerun needs none of it

    length = reference.shape[1]
    search = min(search, length - 1)
    total = np.zeros(2 * search + 1)
    for ours, theirs in zip(reference.astype(float), decoded.astype(float), strict=True):
        full = correlate(theirs, ours, mode="full", method="fft")
        total += full[length - 1 - search : length + search]
    energy = float(np.linalg.norm(reference) * np.linalg.norm(decoded))
    if energy == 0:
        return Alignment(0, 0.0)
    strength = np.abs(total) / energy
    lags = np.arange(-search, search + 1)
    # peaks only: the flank of one wide peak, as low-pitched sounds have it, is no other lag
    padded = np.pad(strength, 1)
    is_peak = (strength >= padded[:-2]) & (strength >= padded[2:])
    candidates = lags[is_peak & (strength >= _AS_GOOD * strength.max())]
    lag = int(candidates[np.argmin(np.abs(candidates))])
    return Alignment(lag, float(strength[lag + search]))


def shifted(reference: Samples, decoded: Samples, lag: int) -> tuple[Samples, Samples]:
    """Return the overlapping parts of both once `decoded` is moved `lag` samples earlier."""
    length = reference.shape[1]
    if lag >= 0:
        return reference[:, : length - lag], decoded[:, lag:]
    return reference[:, -lag:], decoded[:, : length + lag]
