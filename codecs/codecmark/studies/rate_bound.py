"""An estimate of what coefficients cost at an SNR, if contexts knew everything near them.

Each coefficient counts as Gaussian with the mean of the squares around it (three blocks by three
bins, itself among them) as its variance. Reverse water-filling (Cover and Thomas, Elements of
Information Theory, 2nd ed., 10.3.3) gives the least rate at a distortion. No theorem bounds a real
coder by it: a Gaussian is the costliest source of its variance, but the variance here knows more
than a decoder can, and is sent for nothing.
"""

from __future__ import annotations

import numpy as np
import scipy.ndimage

from codecmark.layered import mdct
from codecmark.layered.mdct import BLOCKS, SUPERFRAME, Floats

_NEAR = 3
_HALVINGS = 60


def water_filling_bits(variances: Floats, distortion: float) -> float:
    """Return the least bits for independent Gaussians at a sum of squared errors."""
    low, high = -100.0, 100.0  # log2 of the water's level
    for _ in range(_HALVINGS):
        level = (low + high) / 2
        if np.minimum(variances, 2.0**level).sum() > distortion:
            high = level
        else:
            low = level
    return float(np.maximum(0, 0.5 * np.log2(np.maximum(variances, 1e-300)) - low / 2).sum())


def least_bits(signal: Floats, snr_db: float) -> float:
    """Return the estimate for `[samples]`, at the one block length that suits them best."""
    count = mdct.superframes(len(signal))
    distortion = float(np.sum(signal**2)) / 10 ** (snr_db / 10)
    bits = []
    for mode, blocks in enumerate(BLOCKS):
        squared = mdct.analyse(signal, np.full(count, mode)) ** 2
        by_block = squared.reshape(count * blocks, SUPERFRAME // blocks)
        near = scipy.ndimage.uniform_filter(by_block, _NEAR, mode="constant")
        bits.append(water_filling_bits(near, distortion))
    return min(bits)
