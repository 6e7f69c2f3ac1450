"""The MDCT with signal-adaptive block length.

A superframe of 640 samples is one block of 640, 2 of 320, 4 of 160 or 8 of 80: long blocks for
tones, short ones for attacks. Neighbouring blocks overlap by the length of the shorter one, with a
sine window. The transform is orthonormal: the samples on both sides of each boundary are rotated
against each other by the angles of the window, then each block is transformed by a DCT-IV (Malvar,
Signal Processing with Lapped Transforms, 1992), so the inverse is exact for any choice of blocks.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

SUPERFRAME = 640
BLOCKS = (1, 2, 4, 8)  # blocks per superframe, by mode

Floats = NDArray[np.float64]
Modes = NDArray[np.int64]


def superframes(samples: int) -> int:
    """Return the number of superframes that hold `samples`."""
    return -(-samples // SUPERFRAME)


def analyse(signal: Floats, modes: Modes) -> Floats:
    """Return the MDCT coefficients of `[samples]`, `[superframes, 640]`, block after block.

    The signal is zero-padded at its end. `modes` is the block length of each superframe, as an
    index into `BLOCKS`.
    """
    work = np.zeros(len(modes) * SUPERFRAME)
    work[: len(signal)] = signal
    _rotate(work, modes, 1.0)
    return _block_dct(work, modes)


def synthesise(coefficients: Floats, modes: Modes) -> Floats:
    """Return the signal `[superframes * 640]`; the inverse of `analyse`."""
    work = _block_dct(coefficients.ravel(), modes).ravel()
    _rotate(work, modes, -1.0)
    return work


def _rotate(work: Floats, modes: Modes, direction: float) -> None:
    """Rotate the samples around every block boundary, in place."""
    lengths = SUPERFRAME // np.array(BLOCKS)[modes]
    block_lengths = np.repeat(lengths, SUPERFRAME // lengths)
    boundaries = np.cumsum(block_lengths)[:-1]
    overlaps = np.minimum(block_lengths[:-1], block_lengths[1:])
    for overlap in np.unique(overlaps):
        at = boundaries[overlaps == overlap][:, None]
        reach = np.arange(overlap // 2)
        cosine, sine = _angles(int(overlap))
        before, after = work[at - 1 - reach], work[at + reach]
        work[at - 1 - reach] = cosine * before - direction * sine * after
        work[at + reach] = cosine * after + direction * sine * before


def _block_dct(work: Floats, modes: Modes) -> Floats:
    """Transform each block by a DCT-IV, which is its own inverse."""
    rows = work.reshape(-1, SUPERFRAME)
    out = np.empty_like(rows)
    for mode in np.unique(modes):
        chosen = modes == mode
        blocks = rows[chosen].reshape(-1, SUPERFRAME // BLOCKS[mode])
        out[chosen] = scipy.fft.dct(blocks, type=4, norm="ortho", axis=1).reshape(-1, SUPERFRAME)
    return out


@cache
def _angles(overlap: int) -> tuple[Floats, Floats]:
    """Return the sine window after and before a boundary, by distance from the boundary."""
    reach = np.arange(overlap // 2) + 0.5
    angle = np.pi / 4 + np.pi / 2 * reach / overlap
    return np.sin(angle), np.cos(angle)
