"""Programme loudness after ITU-R BS.1770-4: K-weighting, blocks of 0.4 s, two gates."""

from __future__ import annotations

import math

import numpy as np

from codecmark.clip import AudioClip
from codecmark.errors import MetricError

RATE_HZ = 48_000
_BLOCK_S, _STEP_S = 0.4, 0.1
_ABSOLUTE_GATE_LUFS, _RELATIVE_GATE_LU = -70.0, -10.0
_OFFSET = -0.691
# second-order sections at 48 kHz, tables 1 and 2 of the recommendation: head, then high-pass
_K_WEIGHTING = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241,
     0.73248077421585),
    (1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621),
)  # fmt: skip


def loudness_lufs(clip: AudioClip) -> float:
    """Return the integrated loudness of mono or stereo audio.

    Raises
    ------
    MetricError
        If every block is below the absolute gate of -70 LUFS, as silence is.
    """
    from scipy.signal import sosfilt

    audio = clip.resampled(RATE_HZ).samples.astype(float)
    power = np.square(sosfilt(np.array(_K_WEIGHTING), audio, axis=1)).sum(0)
    block, step = round(_BLOCK_S * RATE_HZ), round(_STEP_S * RATE_HZ)
    if len(power) < block:  # shorter than a block: as one
        power = np.pad(power, (0, block - len(power)))
        power *= block / audio.shape[1]
    sums = np.concatenate([[0.0], np.cumsum(power)])
    starts = np.arange(0, len(power) - block + 1, step)
    blocks = (sums[starts + block] - sums[starts]) / block
    kept = blocks[blocks > _power(_ABSOLUTE_GATE_LUFS)]
    if not len(kept):
        raise MetricError("loudness: every block is below -70 LUFS, so there is none")
    gate = _power(_lufs(float(kept.mean())) + _RELATIVE_GATE_LU)
    return _lufs(float(kept[kept > gate].mean()))


def _lufs(power: float) -> float:
    return _OFFSET + 10 * math.log10(power)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET) / 10))
