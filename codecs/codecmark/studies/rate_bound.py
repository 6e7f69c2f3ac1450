"""An estimate of the least rate of MDCT coefficients at an SNR, given ideal contexts.

Each coefficient is modelled as Gaussian, with the mean of the squares around it (three blocks by
three bins, itself included) as its variance. Reverse water-filling (Cover and Thomas, Elements of
Information Theory, 2nd ed., 10.3.3) gives the least rate at a distortion. It is not a strict bound
for real coders: a Gaussian is the most expensive source of its variance, but these variances
contain more than a decoder can know, and cost nothing here.
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
    low, high = -100.0, 100.0  # bounds of the water level, as log2
    for _ in range(_HALVINGS):
        level = (low + high) / 2
        if np.minimum(variances, 2.0**level).sum() > distortion:
            high = level
        else:
            low = level
    return float(np.maximum(0, 0.5 * np.log2(np.maximum(variances, 1e-300)) - low / 2).sum())


def least_bits(signal: Floats, snr_db: float) -> float:
    """Return the estimated bits for `[samples]`, with the one block length that needs fewest."""
    count = mdct.superframes(len(signal))
    distortion = float(np.sum(signal**2)) / 10 ** (snr_db / 10)
    bits = []
    for mode, blocks in enumerate(BLOCKS):
        squared = mdct.analyse(signal, np.full(count, mode)) ** 2
        by_block = squared.reshape(count * blocks, SUPERFRAME // blocks)
        near = scipy.ndimage.uniform_filter(by_block, _NEAR, mode="constant")
        bits.append(water_filling_bits(near, distortion))
    return min(bits)
