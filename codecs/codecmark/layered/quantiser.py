"""Quantisation of MDCT coefficients: choice of block lengths, and rate-distortion optimised levels.

Only the encoder makes these decisions. They use float64 on one thread, so the bytes depend on
neither the load of the machine nor its number of threads.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from codecmark.layered import shaping
from codecmark.layered.coefficient_coding import RATIOS
from codecmark.layered.context_mixing import Ints
from codecmark.layered.mdct import BLOCKS, SUPERFRAME, Floats, Modes, analyse

STEPS = 1024  # number of step indices
STEPS_PER_OCTAVE = 64
UNITS_PER_STEP = 1024 // STEPS_PER_OCTAVE  # units of the mel between neighbouring step indices
LARGEST = 4095  # largest magnitude of a level
PRICE = 0.16  # price of a bit, in squared steps
_SWITCHING_BITS = 1.0  # what a block length other than 320 must save per superframe
_COUNTS = np.array(BLOCKS, np.int64)


def step_size(index: int) -> float:
    """Return the step size for an index; index 0 has the largest, 1.0."""
    return float(2.0 ** (-index / STEPS_PER_OCTAVE))


def mel_over_step(envelope: Ints, step_index: int) -> Ints:
    """Return the mel's envelope relative to the step, in the mel's unit (1/1024 octave)."""
    shifted: Ints = envelope + step_index * UNITS_PER_STEP
    return shifted


def choose_modes(
    signal: Floats, superframes: int, step: float, offsets: Ints | None = None
) -> Modes:
    """Return the block mode of each superframe that needs the fewest bits at `step`.

    `offsets` is what noise shaping adds to the step, see `shaping`.
    """
    costs = np.empty((len(BLOCKS), superframes))
    for mode in range(len(BLOCKS)):
        modes = np.full(superframes, mode, np.int64)
        values = analyse(signal, modes) / shaping.weights(offsets, modes)
        costs[mode] = np.log2(1 + (values / step) ** 2).sum(axis=1)
        costs[mode] += 0 if mode == 1 else _SWITCHING_BITS
    chosen: Modes = costs.argmin(axis=0).astype(np.int64)
    return chosen


def quantise(
    coefficients: Floats, modes: Modes, ratio: Ints, step: float, price: float = PRICE
) -> Ints:
    """Return the levels `[superframes, 640]` of least squared error plus bits times `price`.

    Bits are estimated from the statistics of a first, plain quantisation.
    """
    scaled = coefficients / step
    levels = np.sign(scaled) * np.floor(np.abs(scaled) + 0.4)
    plain: Ints = np.clip(levels, -LARGEST, LARGEST).astype(np.int64)
    counts = np.zeros((RATIOS, 8, 3))
    _count(plain, modes, ratio, counts)
    # smooth the counts of each context towards its mel class, and those towards the total
    everywhere = counts.sum(axis=(0, 1)) + np.array([1.0, 0.1, 0.05])
    by_mel = counts.sum(axis=1) + 2 * everywhere / everywhere.sum()
    by_context = counts + 4 * (by_mel / by_mel.sum(axis=-1, keepdims=True))[:, None]
    bits = -np.log2(by_context / by_context.sum(axis=-1, keepdims=True))
    bits[..., 1:] += 1  # the sign
    _decide(scaled, plain, modes, ratio, bits, price)
    return plain


def centroids(coefficients: Floats, levels: Ints, step: float) -> tuple[int, int]:
    """Return the mean distance of magnitudes below their level, in 1/32 step, -8 to 7.

    The first is that of level 1, the second that of larger levels.
    """
    inward = np.abs(levels) - np.abs(coefficients) / step
    size = np.abs(levels)
    offsets = []
    for chosen in (size == 1, size > 1):
        mean = float(inward[chosen].mean()) if chosen.any() else 0.0
        offsets.append(int(np.clip(np.rint(mean * 32), -8, 7)))
    return offsets[0], offsets[1]


def dequantise(levels: Ints, step: float, inward: tuple[int, int]) -> Floats:
    """Return coefficients; `inward` is what `centroids` returned."""
    size = np.abs(levels)
    offset = np.where(size == 1, inward[0], inward[1]) / 32
    values: Floats = np.where(size > 0, np.sign(levels) * (size - offset) * step, 0.0)
    return values


@numba.njit(cache=True)
def _neighbours(levels: Ints, last: Ints, u: int, start: int, k: int, blocks: int) -> int:
    fine = k * blocks + blocks // 2
    total = 2 * last[fine] + last[max(fine - blocks, 0)] + last[fine + blocks]
    if k > 0:
        total += 2 * abs(levels[u, start + k - 1])
    if k > 1:
        total += abs(levels[u, start + k - 2])
    return int(min(total, 7))


@numba.njit(cache=True)
def _count(levels: Ints, modes: Modes, ratio: Ints, counts: NDArray[np.float64]) -> None:
    """Count levels 0, 1 and larger in each context."""
    last = np.zeros(SUPERFRAME + 16, np.int64)
    for u in range(len(modes)):
        blocks = _COUNTS[modes[u]]
        size = SUPERFRAME // blocks
        for start in range(0, SUPERFRAME, size):
            for k in range(size):
                near = _neighbours(levels, last, u, start, k, blocks)
                counts[ratio[u, start + k], near, min(abs(levels[u, start + k]), 2)] += 1
            for f in range(SUPERFRAME):
                last[f] = abs(levels[u, start + f // blocks])


@numba.njit(cache=True)
def _decide(
    scaled: Floats,
    levels: Ints,
    modes: Modes,
    ratio: Ints,
    bits: NDArray[np.float64],
    bit_price: float,
) -> None:
    """Lower levels, in coding order, where the bits saved are worth more than the added error."""
    last = np.zeros(SUPERFRAME + 16, np.int64)
    for u in range(len(modes)):
        blocks = _COUNTS[modes[u]]
        size = SUPERFRAME // blocks
        for start in range(0, SUPERFRAME, size):
            for k in range(size):
                at = start + k
                value = abs(scaled[u, at])
                if value > 0.4:
                    near = _neighbours(levels, last, u, start, k, blocks)
                    mel = ratio[u, at]
                    best, cheapest = 0, value * value + bit_price * bits[mel, near, 0]
                    for size_ in range(max(1, int(value)), int(value + 0.5) + 1):
                        price = bits[mel, near, min(size_, 2)] + max(0, size_ - 2)
                        cost = (value - size_) ** 2 + bit_price * price
                        if cost < cheapest:
                            best, cheapest = size_, cost
                    best = min(best, LARGEST)
                    levels[u, at] = best if scaled[u, at] > 0 else -best
                else:
                    levels[u, at] = 0
            for f in range(SUPERFRAME):
                last[f] = abs(levels[u, start + f // blocks])
