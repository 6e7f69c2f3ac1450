"""Find by how many samples a decoded signal is late, by cross-correlation.

Conventions: signals are `[channels, samples]` of equal shape; a positive lag means that the
decoded signal comes late. A delay makes a positive peak, and no signal is moved for a negative
one: it says that the output is inverted, or, far more often, that a pitched sound is half a
period off there. For a pure tone the two are the same, and it counts as delayed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codecmark.clip import Samples

SEARCH = 2_048
CONFIDENT = 0.5  # normalised cross-correlation below this is no evidence of a delay
_AS_GOOD = 0.999  # periodic signals peak again at every period: the smallest such lag is taken
# an inverted output has its negative peak near the declared delay, or is a clean copy; codecs that
# bend the phase of low notes have higher negative peaks than positive ones too, half a period off
_NEAR = 8
_CLEAN = 0.95


@dataclass(frozen=True)
class Alignment:
    """Where the cross-correlation peaks.

    Attributes
    ----------
    lag_samples : int
        Of the highest positive peak; the smallest of peaks that are as high.
    peak : float
        Normalised cross-correlation there, 0 to 1.
    inverted : bool
        Whether the output is the reference with its sign changed.
    lowest : float
        The strongest negative peak, -1 to 0.
    """

    lag_samples: int
    peak: float
    inverted: bool = False
    lowest: float = 0.0

    @property
    def confident(self) -> bool:
        """Whether the correlation is high enough to call the lag a delay."""
        return self.peak >= CONFIDENT and not self.inverted


@dataclass(frozen=True)
class Aligned:
    """Two signals cut to where they overlap.

    Attributes
    ----------
    reference, decoded : np.ndarray, shape=(channels, samples)
    lag_samples : int or None
        By how many samples `decoded` was moved; None where no delay was found, and nothing moved.
    reason : str
        Why there is no delay.
    """

    reference: Samples
    decoded: Samples
    lag_samples: int | None
    reason: str = ""


def align(reference: Samples, decoded: Samples) -> Aligned:
    """Move `decoded` by the delay that is found, if moving it brings the samples nearer.

    It is left where it is if no positive peak is clear, if it is inverted, or if the SNR after
    moving were below that of before.
    """
    found = find_lag(reference, decoded)
    lag = found.lag_samples
    reason = ""
    if found.inverted:
        reason = f"the output is inverted: its cross-correlation goes down to {found.lowest:.2f}"
    elif not found.confident:
        reason = f"no clear peak of the cross-correlation ({found.peak:.2f})"
    elif lag and _error(*shifted(reference, decoded, lag)) > _error(reference, decoded):
        reason = f"moving it by the lag that was found, {lag:+d}, would lower its SNR"
    if reason:
        return Aligned(reference, decoded, None, f"{reason}: scored as it is")
    return Aligned(*shifted(reference, decoded, lag), lag)


def find_lag(reference: Samples, decoded: Samples, search: int = SEARCH) -> Alignment:
    """Return the lag of the highest positive cross-correlation, summed over channels.

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
    lag, peak = _highest_peak(total / energy)
    other_lag, depth = _highest_peak(-total / energy)
    near = abs(other_lag) <= min(_NEAR, abs(lag) - 1)
    stronger = depth >= CONFIDENT and _AS_GOOD * depth > peak
    inverted = (near and stronger) or depth >= _CLEAN > peak
    return Alignment(lag, peak, inverted, -depth)


def shifted(reference: Samples, decoded: Samples, lag: int) -> tuple[Samples, Samples]:
    """Return the overlapping parts of both once `decoded` is moved `lag` samples earlier."""
    length = reference.shape[1]
    if lag >= 0:
        return reference[:, : length - lag], decoded[:, lag:]
    return reference[:, -lag:], decoded[:, : length + lag]


def _highest_peak(strength: NDArray[np.float64]) -> tuple[int, float]:
    """Return lag and height of the highest peak above 0, of equals the one nearest to lag 0."""
    search = len(strength) // 2
    if strength.max() <= 0:
        return 0, 0.0
    # peaks only: the flank of one wide peak, as low-pitched sounds have it, is no other lag
    padded = np.pad(strength, 1, constant_values=-np.inf)
    is_peak = (strength >= padded[:-2]) & (strength >= padded[2:])
    lags = np.flatnonzero(is_peak & (strength >= _AS_GOOD * strength.max())) - search
    lag = int(lags[np.argmin(np.abs(lags))])
    return lag, float(strength[lag + search])


def _error(reference: Samples, decoded: Samples) -> float:
    """Return the energy of the error over that of the reference."""
    signal = reference.astype(np.float64)
    energy = float(np.sum(signal**2))
    return float(np.sum((decoded - signal) ** 2)) / energy if energy else np.inf
