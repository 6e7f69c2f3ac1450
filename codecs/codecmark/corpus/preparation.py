"""What a condition does to the samples of a clip once, before any codec is given them."""

from __future__ import annotations

import math

import numpy as np

from codecmark.clip import AudioClip, Samples
from codecmark.corpus.loudness import loudness_lufs
from codecmark.corpus.speech_level import active_level_dbov
from codecmark.errors import MetricError

HEADROOM_DB = 1.0  # below full scale, kept by every clip whose level is set
_ORDER = 4  # run forwards and backwards


def high_passed(samples: Samples, sample_rate_hz: int, cutoff_hz: float) -> Samples:
    """Remove what is below `cutoff_hz`, without delay: a Butterworth filter in both directions.

    An octave below the cutoff 48 dB are taken, at five times the cutoff less than 0.01 dB. Beyond
    its ends the clip goes on as its mirror image: an offset then has no step there, and a clip
    that is cut off in the middle of a sound is not bent towards its end.
    """
    from scipy import signal

    sections = signal.butter(_ORDER, cutoff_hz, "highpass", fs=sample_rate_hz, output="sos")
    padding = min(samples.shape[1] - 1, sample_rate_hz // 2)
    filtered = signal.sosfiltfilt(
        sections, samples.astype(np.float64), padtype="even", padlen=padding
    )
    return np.asarray(filtered, np.float32)


def gain_to_speech_level(clip: AudioClip, level_dbov: float) -> tuple[float, str]:
    """Return the gain to an active speech level (ITU-T P.56), see `_gain`."""
    try:
        measured_dbov = active_level_dbov(clip.samples, clip.sample_rate_hz)
    except MetricError as error:
        return 1.0, f"left as it is: {error}"
    return _gain(clip, measured_dbov, level_dbov, "dBov")


def gain_to_loudness(clip: AudioClip, level_lufs: float) -> tuple[float, str]:
    """Return the gain to an integrated loudness (ITU-R BS.1770), see `_gain`."""
    try:
        measured_lufs = loudness_lufs(clip)
    except MetricError as error:
        return 1.0, f"left as it is: {error}"
    return _gain(clip, measured_lufs, level_lufs, "LUFS")


def _gain(clip: AudioClip, measured_db: float, asked_db: float, unit: str) -> tuple[float, str]:
    """Return one gain for all channels.

    Returns
    -------
    gain : float
        1 for a clip whose level cannot be measured.
    note : str
        Why the level is not the one asked for, e.g. to keep `HEADROOM_DB`; else empty.
    """
    gain = 10 ** ((asked_db - measured_db) / 20)
    most = 10 ** (-HEADROOM_DB / 20) / float(np.abs(clip.samples).max())
    if gain <= most:
        return gain, ""
    held_db = measured_db + 20 * math.log10(most)
    return most, (
        f"held at {held_db:.1f} {unit} instead of {asked_db:g}: "
        f"{HEADROOM_DB:g} dB of headroom are kept"
    )
