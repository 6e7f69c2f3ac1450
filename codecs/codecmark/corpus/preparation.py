"""What a condition may do to the samples of a clip once, before any codec is given them."""

from __future__ import annotations

import math

import numpy as np

from codecmark.clip import Samples

HEADROOM_DB = 1.0  # below full scale, kept by every clip whose level is set
_ORDER = 4  # run forwards and backwards


def high_passed(samples: Samples, sample_rate_hz: int, cutoff_hz: float) -> Samples:
    """Remove what is below `cutoff_hz`, without delay: a Butterworth filter in both directions.

    An octave below the cutoff 48 dB are taken, at five times the cutoff less than 0.01 dB.
    """
    from scipy import signal

    sections = signal.butter(_ORDER, cutoff_hz, "highpass", fs=sample_rate_hz, output="sos")
    padding = min(samples.shape[1] - 1, sample_rate_hz // 2)
    filtered = signal.sosfiltfilt(sections, samples.astype(np.float64), padlen=padding)
    return np.asarray(filtered, np.float32)


def gain_to_rms(samples: Samples, level_dbov: float) -> tuple[float, str]:
    """Return the gain to a root mean square over all channels, in dB below full scale (1.0).

    Returns
    -------
    gain : float
        1 for silence.
    note : str
        That the clip is held below the level to keep `HEADROOM_DB`, and where; else empty.
    """
    rms = math.sqrt(float(np.mean(np.square(samples, dtype=np.float64))))
    if rms == 0:
        return 1.0, ""
    gain = 10 ** (level_dbov / 20) / rms
    most = 10 ** (-HEADROOM_DB / 20) / float(np.abs(samples).max())
    if gain <= most:
        return gain, ""
    held_dbov = 20 * math.log10(most * rms)
    return most, (
        f"held at {held_dbov:.1f} dBov instead of {level_dbov:g}: "
        f"{HEADROOM_DB:g} dB of headroom are kept"
    )
