"""Align a decoded file that was made elsewhere with its reference.

A codec of this package returns as many samples as went in, without delay. A file from elsewhere
may be shorter or longer, late, inverted or at another level: what was found and done about it is
noted, and a file that cannot be a decoded version of the reference is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from codecmark.clip import AudioClip, Samples
from codecmark.errors import InputError
from codecmark.metrics import alignment

LONGEST_DELAY_S = 1.0
_MOST_MISSING_S = 0.5  # of audio, or
_MOST_MISSING = 0.05  # of the clip, whichever is more
_NOTED_LEVEL_DB = 1.0
_FRAME_S = 0.01
_ALIKE = 0.3  # log envelopes of unrelated clips correlate by up to 0.27
_CLEARLY = 1.5  # how much higher the inverted signal's correlation has to be
_COPY = 0.95


@dataclass(frozen=True)
class Pair:
    """Reference and decoded signal of one length, ready to be scored.

    Attributes
    ----------
    reference, decoded : np.ndarray, shape=(channels, samples)
    as_it_is : np.ndarray, shape=(channels, samples)
        `decoded` before it was shifted and its sign changed, cut to the reference's length.
    moved_samples : int
        By how many samples `decoded` was moved to the front, beyond what the metrics' own alignment
        reaches.
    level_db : float or None
        Energy of `decoded` over that of the reference; None where one is silent.
    notes : dict
        What was found, by topic.
    """

    reference: Samples
    decoded: Samples
    as_it_is: Samples
    moved_samples: int = 0
    level_db: float | None = None
    notes: dict[str, str] = field(default_factory=dict)


def pair(reference: AudioClip, decoded: AudioClip) -> Pair:
    """Align two prepared clips of the same rate and channel count.

    Raises
    ------
    InputError
        If rates or channel counts differ, or the lengths differ too much.
    """
    for name in ("sample_rate_hz", "channels"):
        if getattr(reference, name) != getattr(decoded, name):
            raise InputError(
                f"{name}: {getattr(reference, name)} of the reference and {getattr(decoded, name)} "
                "of the decoded signal differ; prepare both under one condition first"
            )
    require_versions(reference, decoded)
    rate_hz = reference.sample_rate_hz
    notes = _note_length(reference, decoded)
    length = min(reference.n_samples, decoded.n_samples)
    ours, theirs = reference.samples[:, :length], decoded.samples[:, :length]
    as_it_is = theirs
    if _is_inverted(ours, theirs, rate_hz):
        theirs = -theirs
        notes["polarity"] = "decoded inverted: its sign was changed before scoring"
    lag = _far_lag(ours, theirs, rate_hz)
    if lag:
        ours, theirs = alignment.shifted(ours, theirs, lag)
        late = "late" if lag > 0 else "early"
        notes["delay"] = f"decoded {abs(lag)} samples {late}: moved before scoring"
    level_db = _level_db(ours, theirs)
    if level_db is not None and abs(level_db) >= _NOTED_LEVEL_DB:
        notes["level"] = (
            f"decoded {level_db:+.1f} dB in level: SNR counts that as error, SI-SDR does not"
        )
    likeness = envelope_correlation(ours, theirs, rate_hz)
    if likeness < _ALIKE:
        notes["content"] = f"envelopes correlate by {likeness:.2f} only: is it the same recording?"
    return Pair(ours, theirs, as_it_is, lag, level_db, notes)


def require_versions(reference: AudioClip, decoded: AudioClip) -> None:
    """Raise `InputError` unless both have nearly one length."""
    missing_s = abs(decoded.duration_s - reference.duration_s)
    if missing_s > max(_MOST_MISSING_S, _MOST_MISSING * reference.duration_s):
        raise InputError(
            f"decoded: {decoded.duration_s:.2f} s long, the reference {reference.duration_s:.2f} "
            "s: these are no versions of one clip; cut both to the same part first"
        )


def envelope_correlation(reference: Samples, decoded: Samples, rate_hz: int) -> float:
    """Correlation of the log envelopes, -1 to 1; 1 where neither changes."""
    ours, theirs = (_log_envelope(signal, rate_hz) for signal in (reference, decoded))
    ours, theirs = ours - ours.mean(), theirs - theirs.mean()
    scale = float(np.linalg.norm(ours) * np.linalg.norm(theirs))
    return 1.0 if scale == 0 else float(ours @ theirs) / scale


def _log_envelope(signal: Samples, rate_hz: int) -> NDArray[np.float64]:
    size = min(max(1, round(_FRAME_S * rate_hz)), signal.shape[1])
    frames = signal.shape[1] // size
    power = (signal[:, : frames * size].astype(np.float64) ** 2).sum(axis=0)
    energy: NDArray[np.float64] = power.reshape(frames, size).sum(axis=1)
    return np.log10(energy + 1e-6 * max(float(energy.max()), 1e-12))


def _is_inverted(reference: Samples, decoded: Samples, rate_hz: int) -> bool:
    """Codecs without phase may correlate negatively by chance: only clear cases count."""
    upright = _correlation_when_moved(reference, decoded, rate_hz)
    inverted = _correlation_when_moved(reference, -decoded, rate_hz)
    is_copy = inverted >= _COPY > upright
    return is_copy or (inverted >= alignment.CONFIDENT and inverted >= _CLEARLY * upright)


def _correlation_when_moved(reference: Samples, decoded: Samples, rate_hz: int) -> float:
    found = alignment.find_lag(reference, decoded, round(LONGEST_DELAY_S * rate_hz))
    ours, theirs = alignment.shifted(reference, decoded, found.lag_samples)
    scale = float(np.linalg.norm(ours) * np.linalg.norm(theirs))
    return 0.0 if scale == 0 else float(np.vdot(ours, theirs)) / scale


def _far_lag(reference: Samples, decoded: Samples, rate_hz: int) -> int:
    """Return the delay if it is clear and beyond the reach of the metrics' own alignment, or 0."""
    found = alignment.find_lag(reference, decoded, round(LONGEST_DELAY_S * rate_hz))
    is_far = abs(found.lag_samples) > alignment.SEARCH
    return found.lag_samples if found.confident and is_far else 0


def _note_length(reference: AudioClip, decoded: AudioClip) -> dict[str, str]:
    difference = decoded.n_samples - reference.n_samples
    if difference == 0:
        return {}
    longer = "longer" if difference > 0 else "shorter"
    milliseconds = 1000 * abs(difference) / reference.sample_rate_hz
    return {"length": f"decoded {milliseconds:.0f} ms {longer}: judged where both are"}


def _level_db(reference: Samples, decoded: Samples) -> float | None:
    ours, theirs = (float(np.sum(x.astype(np.float64) ** 2)) for x in (reference, decoded))
    return None if ours == 0 or theirs == 0 else 10 * float(np.log10(theirs / ours))
