"""Compiled loops of ViSQOL: the same operations as in the library, in the same order.

The library's own compute one band after the other, and what they need of a degraded patch anew for
every reference patch. Here eight bands go through a filter together and those sums are made once.
No operation is joined with another, so the results are equal to the last bit.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

LANES = 8  # bands that are filtered together: as many as a vector register holds
_STATES = 8  # two for each of four stages
_COEFFICIENTS = 14  # two of the shared denominator, three of each stage's numerator

_Array = NDArray[np.float64]


def gammatone_spectrogram(
    signal: _Array,
    window: _Array,
    numerators: _Array,
    denominators: _Array,
    window_size: int,
    hop: int,
    bands: int,
    frames: int,
) -> _Array:
    """Return the RMS of each frame in each band, `[bands, frames]`.

    Parameters
    ----------
    signal, window : np.ndarray, shape=(samples,), (window_size,)
    numerators : np.ndarray, shape=(4, bands, 3)
        Of four stages in a row.
    denominators : np.ndarray, shape=(bands, 3)
        Shared by the stages; the first is 1.
    window_size, hop : int
        In samples.
    """
    blocks = -(-bands // LANES)
    flat = np.zeros((_COEFFICIENTS, blocks * LANES))
    flat[:2, :bands] = denominators.T[1:]
    flat[2:, :bands] = numerators.transpose(0, 2, 1).reshape(-1, bands)
    coefficients = flat.reshape(_COEFFICIENTS, blocks, LANES).swapaxes(0, 1)
    filtered = _filtered(signal, window, np.ascontiguousarray(coefficients), hop, frames)
    return np.ascontiguousarray(filtered.reshape(frames, -1)[:, :bands].T)


@numba.njit(cache=True)
def _filtered(
    signal: _Array, window: _Array, coefficients: _Array, hop: int, frames: int
) -> _Array:
    """Return `[frames, blocks, LANES]`; each frame starts from rest."""
    blocks, size = len(coefficients), len(window)
    rms = np.empty((frames, blocks, LANES))
    frame = np.empty(size)
    # one array, read and written at fixed places: so the compiler sees that nothing overlaps
    w = np.empty((_COEFFICIENTS + _STATES + 1) * LANES)
    z = _COEFFICIENTS * LANES
    energy = z + _STATES * LANES
    for block in range(blocks):
        for index in range(_COEFFICIENTS):
            for lane in range(LANES):
                w[index * LANES + lane] = coefficients[block, index, lane]
        for number in range(frames):
            for index in range(size):
                frame[index] = signal[number * hop + index] * window[index]
            w[z:] = 0.0
            for index in range(size):
                x = frame[index]
                for c in range(LANES):
                    a1, a2 = w[c], w[LANES + c]
                    y0 = w[2 * LANES + c] * x + w[z + c]
                    w[z + c] = w[3 * LANES + c] * x - a1 * y0 + w[z + LANES + c]
                    w[z + LANES + c] = w[4 * LANES + c] * x - a2 * y0
                    y1 = w[5 * LANES + c] * y0 + w[z + 2 * LANES + c]
                    w[z + 2 * LANES + c] = w[6 * LANES + c] * y0 - a1 * y1 + w[z + 3 * LANES + c]
                    w[z + 3 * LANES + c] = w[7 * LANES + c] * y0 - a2 * y1
                    y2 = w[8 * LANES + c] * y1 + w[z + 4 * LANES + c]
                    w[z + 4 * LANES + c] = w[9 * LANES + c] * y1 - a1 * y2 + w[z + 5 * LANES + c]
                    w[z + 5 * LANES + c] = w[10 * LANES + c] * y1 - a2 * y2
                    y3 = w[11 * LANES + c] * y2 + w[z + 6 * LANES + c]
                    w[z + 6 * LANES + c] = w[12 * LANES + c] * y2 - a1 * y3 + w[z + 7 * LANES + c]
                    w[z + 7 * LANES + c] = w[13 * LANES + c] * y2 - a2 * y3
                    w[energy + c] += y3 * y3
            for lane in range(LANES):
                rms[number, block, lane] = np.sqrt(w[energy + lane] / size)
    return rms


@numba.njit(cache=True)
def similarities(
    reference: _Array,
    degraded: _Array,
    lowest: NDArray[np.int64],
    highest: NDArray[np.int64],
    weights: _Array,
    c1: float,
    c3: float,
) -> _Array:
    """Return the NSIM of each reference patch with degraded ones, `[patches, offsets]`.

    Parameters
    ----------
    reference, degraded : np.ndarray, shape=(patches, rows, columns), (offsets, rows, columns)
    lowest, highest : np.ndarray, shape=(patches,)
        The offsets that a patch is compared at, the last one included; elsewhere 0 is returned.
    weights : np.ndarray, shape=(3, 3)
    c1, c3 : float
        Of the NSIM, against division by nearly 0.
    """
    patches, rows, columns = reference.shape
    found = np.zeros((patches, len(degraded)))
    shape = (rows, columns)
    padded = np.empty((rows + 2, columns + 2))
    ones = np.ones(shape)
    means, variances = np.empty(reference.shape), np.empty(reference.shape)
    mean, variance, cross, local = (
        np.empty(shape),
        np.empty(shape),
        np.empty(shape),
        np.empty(columns),
    )
    for patch in range(patches):
        _smooth(reference[patch], ones, weights, padded, means[patch])
        _smooth(reference[patch], reference[patch], weights, padded, variances[patch])
        variances[patch] -= means[patch] * means[patch]
    for offset in range(len(degraded)):
        _smooth(degraded[offset], ones, weights, padded, mean)
        _smooth(degraded[offset], degraded[offset], weights, padded, variance)
        variance -= mean * mean
        for patch in range(patches):
            if not lowest[patch] <= offset <= highest[patch]:
                continue
            _smooth(reference[patch], degraded[offset], weights, padded, cross)
            total = 0.0
            for row in range(rows):
                for column in range(columns):
                    ours, theirs = means[patch, row, column], mean[row, column]
                    both = ours * theirs
                    intensity = (2.0 * both + c1) / (ours * ours + theirs * theirs + c1)
                    product = variances[patch, row, column] * variance[row, column]
                    below = c3 if product < 0.0 else np.sqrt(product) + c3
                    local[column] = intensity * ((cross[row, column] - both + c3) / below)
                band = 0.0
                for column in range(columns):
                    band += local[column]
                total += band / columns
            found[patch, offset] = total / rows
    return found


@numba.njit(cache=True)
def _smooth(a: _Array, b: _Array, weights: _Array, padded: _Array, out: _Array) -> None:
    """Put `a * b`, its edges repeated outwards, through a filter of 3 x 3 weights."""
    rows, columns = a.shape
    for row in range(rows):
        for column in range(columns):
            padded[row + 1, column + 1] = a[row, column] * b[row, column]
        padded[row + 1, 0] = padded[row + 1, 1]
        padded[row + 1, columns + 1] = padded[row + 1, columns]
    padded[0], padded[rows + 1] = padded[1], padded[rows]
    w = weights
    for row in range(rows):
        for column in range(columns):
            out[row, column] = (
                w[0, 0] * padded[row, column]
                + w[0, 1] * padded[row, column + 1]
                + w[0, 2] * padded[row, column + 2]
                + w[1, 0] * padded[row + 1, column]
                + w[1, 1] * padded[row + 1, column + 1]
                + w[1, 2] * padded[row + 1, column + 2]
                + w[2, 0] * padded[row + 2, column]
                + w[2, 1] * padded[row + 2, column + 1]
                + w[2, 2] * padded[row + 2, column + 2]
            )
