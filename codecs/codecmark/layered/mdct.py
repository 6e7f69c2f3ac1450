"""The MDCT, with a block length that follows the signal.

A superframe of 640 samples is one block of 640, or 2 of 320, 4 of 160, 8 of 80: long blocks for
tones, short ones for attacks. Two neighbours overlap as far as the shorter one is long, with a
sine window. The transform is orthonormal: first the samples on both sides of each boundary are
turned against each other by the window's angles, then each block has its DCT-IV (Malvar, Signal
Processing with Lapped Transforms, 1992), so whatever the blocks are, the inverse is exact.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

SUPERFRAME = 640
BLOCKS = (1, 2, 4, 8)  # in a superframe, by mode

Floats = NDArray[np.float64]
Modes = NDArray[np.int64]


def superframes(samples: int) -> int:
    """Return how many superframes hold `samples`."""
    return -(-samples // SUPERFRAME)


def analyse(signal: Floats, modes: Modes) -> Floats:
    """Return coefficients `[superframes, 640]`, block after block, from `[samples]`.

    The signal is taken as zero behind its end.
    """
    work = np.zeros(len(modes) * SUPERFRAME)
    work[: len(signal)] = signal
    _rotate(work, modes, 1.0)
    return _block_dct(work, modes)


def synthesise(coefficients: Floats, modes: Modes) -> Floats:
    """Return the signal `[superframes * 640]`."""
    work = _block_dct(coefficients.ravel(), modes).ravel()
    _rotate(work, modes, -1.0)
    return work


def _rotate(work: Floats, modes: Modes, direction: float) -> None:
    """Turn the samples around every boundary, in place."""
    lengths = SUPERFRAME // np.array(BLOCKS)[modes]
    inner = np.repeat(lengths, SUPERFRAME // lengths)  # by block
    starts = np.cumsum(inner)[:-1]
    overlaps = np.minimum(inner[:-1], inner[1:])
    for overlap in np.unique(overlaps):
        at = starts[overlaps == overlap][:, None]
        reach = np.arange(overlap // 2)
        cosine, sine = _angles(int(overlap))
        before, after = work[at - 1 - reach], work[at + reach]
        work[at - 1 - reach] = cosine * before - direction * sine * after
        work[at + reach] = cosine * after + direction * sine * before


def _block_dct(work: Floats, modes: Modes) -> Floats:
    """Transform each block; DCT-IV is its own inverse."""
    rows = work.reshape(-1, SUPERFRAME)
    out = np.empty_like(rows)
    for mode in np.unique(modes):
        chosen = modes == mode
        blocks = rows[chosen].reshape(-1, SUPERFRAME // BLOCKS[mode])
        out[chosen] = scipy.fft.dct(blocks, type=4, norm="ortho", axis=1).reshape(-1, SUPERFRAME)
    return out


@cache
def _angles(overlap: int) -> tuple[Floats, Floats]:
    """Return the sine window's values after and before a boundary, by distance from it."""
    reach = np.arange(overlap // 2) + 0.5
    angle = np.pi / 4 + np.pi / 2 * reach / overlap
    return np.sin(angle), np.cos(angle)
