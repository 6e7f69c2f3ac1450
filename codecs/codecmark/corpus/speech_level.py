"""Active speech level after ITU-T P.56, method B: the level while somebody speaks, pauses left out.

Written from the Recommendation. The constants are its own; between two thresholds the level is
read off a straight line in dB. No band filter comes before the meter.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from codecmark.clip import Samples
from codecmark.errors import MetricError

MARGIN_DB = 15.9  # from the threshold that tells speech from pauses to the active level
_TIME_CONSTANT_S = 0.03  # of each of two smoothing stages
_HANGOVER_S = 0.2  # shorter pauses belong to the speech around them
_THRESHOLDS = 2.0 ** np.arange(-15, 0)  # one step of a 16-bit converter up to half of full scale
FLOOR_DBOV = 20 * math.log10(_THRESHOLDS[0]) + MARGIN_DB


def active_level_dbov(samples: Samples, sample_rate_hz: int) -> float:
    """Return the active speech level in dB below full scale: a square wave of 1.0 has 0 dBov.

    Parameters
    ----------
    samples : np.ndarray, shape=(channels, samples)
        Several channels count as one whose power is, sample by sample, the mean of theirs.

    Raises
    ------
    MetricError
        If the level is below `FLOOR_DBOV`, -74.4, as that of silence is; or if nothing lasts long
        enough to be speech, as with a few clicks.
    """
    power = np.square(samples, dtype=np.float64).mean(axis=0)
    energy = float(power.sum())
    envelope = _envelope(np.sqrt(power), sample_rate_hz)
    hangover = round(_HANGOVER_S * sample_rate_hz)
    below: tuple[float, float] | None = None
    for threshold in _THRESHOLDS:
        active = _active_samples(envelope >= threshold, hangover)
        if not active:
            break
        level_db = 10 * math.log10(energy / active)
        excess_db = level_db - 20 * math.log10(threshold) - MARGIN_DB
        if excess_db <= 0:
            if below is None:
                break
            lower_db, lower_excess_db = below
            share = lower_excess_db / (lower_excess_db - excess_db)
            return lower_db + share * (level_db - lower_db)
        below = level_db, excess_db
    if below is None:
        raise MetricError(f"speech level: below {FLOOR_DBOV:.1f} dBov, where the meter begins")
    raise MetricError("speech level: nothing in it lasts long enough to be speech")


def _envelope(magnitude: NDArray[np.float64], sample_rate_hz: int) -> NDArray[np.float64]:
    from scipy.signal import lfilter

    kept = math.exp(-1 / (sample_rate_hz * _TIME_CONSTANT_S))
    for _ in range(2):
        magnitude = lfilter([1 - kept], [1, -kept], magnitude)
    return magnitude


def _active_samples(above: NDArray[np.bool_], hangover: int) -> int:
    """Count samples above a threshold, and up to `hangover` behind each."""
    positions = np.arange(len(above))
    last_above = np.maximum.accumulate(np.where(above, positions, -hangover - 1))
    return int(np.count_nonzero(positions - last_above <= hangover))
