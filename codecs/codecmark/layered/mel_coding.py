"""Transform coding of a log-mel spectrogram as an image, for the base layer.

Blocks of 16 frames x 64 bands are transformed by a two-dimensional DCT. Slow changes (below about
10 Hz) and the shape over frequency matter most to the ear, so fast changes get larger steps. The
levels are coded by context mixing.

The decoder uses integer arithmetic: the waveform layer's models are conditioned on the decoded mel,
which must therefore be identical on every machine. Its unit is 1/1024 octave of magnitude.
"""

from __future__ import annotations

import math
from functools import cache

import numba
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from codecmark.layered.context_mixing import (
    COUNT,
    DECODE,
    ENCODE,
    MODE,
    Bytes,
    Ints,
    even_bit,
    finish,
    is_beyond,
    mixed_bit,
    new_coder,
    new_models,
    open_decoder,
    require_data,
)

FRAMES, BANDS = 16, 64  # of a block
UNIT = 1024  # units of the decoded mel per octave, a factor of two in magnitude
STEPS = 64  # number of step indices
FLOOR, CEILING = -17 * UNIT, 11 * UNIT

LARGEST = 4095  # largest magnitude of a level
_FINE = 12  # fractional bits of the integer DCT basis
_INPUTS, _SETS, _SLOTS = 5, 72, 4096  # contexts, sets of weights, probabilities per context
_KINDS = 6  # kinds of decision: is the magnitude 0, is it 1, ...
_LIMIT = 120

Floats = NDArray[np.float64]


def blocks(frames: int) -> int:
    """Return the number of blocks that hold `frames`."""
    return -(-frames // FRAMES)


@cache
def steps(index: int) -> Ints:
    """Return the quantiser steps `[16, 64]` in 1/1024, for index 0 (finest) to 63."""
    base = 0.35 * 2.0 ** (index / 12)
    slow = np.arange(FRAMES)[:, None] / 8
    shape = np.sqrt(1 + slow**2) * np.where(np.arange(BANDS) < 24, 1.0, 1.5)
    table: Ints = np.rint(UNIT * base * shape).astype(np.int64)
    return table


def quantise(log2_mel: Floats, step_index: int, rounding: float) -> Ints:
    """Return levels `[blocks, 16, 64]` of a log2-mel `[frames, 64]`."""
    count = blocks(len(log2_mel))
    missing = count * FRAMES - len(log2_mel)
    tiles = np.pad(log2_mel, ((0, missing), (0, 0)), "edge").reshape(count, FRAMES, BANDS)
    values = scipy.fft.dctn(tiles, axes=(1, 2), norm="ortho") / (steps(step_index) / UNIT)
    levels = np.sign(values) * np.floor(np.abs(values) + rounding)
    quantised: Ints = np.clip(levels, -LARGEST, LARGEST).astype(np.int64)
    return quantised


def dequantise(levels: Ints, step_index: int) -> Ints:
    """Return the decoded log2-mel `[blocks * 16, 64]` in units of 1/1024 octave."""
    values = np.clip(levels * steps(step_index), -(1 << 21), 1 << 21)
    half = 1 << (_FINE - 1)
    wide = np.zeros_like(values)
    for band in range(BANDS):  # integer sums, written out: no BLAS, no rounding
        wide += values[:, :, band, None] * _basis(BANDS)[band]
    wide = (wide + half) >> _FINE
    out = np.zeros_like(values)
    for frame in range(FRAMES):
        out += wide[:, frame, None, :] * _basis(FRAMES)[frame][None, :, None]
    out = (out + half) >> _FINE
    decoded: Ints = np.clip(out, FLOOR, CEILING).reshape(-1, BANDS)
    return decoded


def natural_log(mel: Ints) -> NDArray[np.float32]:
    """Return a decoded mel in natural logarithms, as AudioLDM2's networks take it."""
    return mel.astype(np.float32) * np.float32(math.log(2) / UNIT)


def encode(levels: Ints) -> bytes:
    """Return the coded levels `[blocks, 16, 64]`."""
    coder, buffer = new_coder(ENCODE, 64 + levels.size * 8)
    _code(levels.copy(), coder, buffer, *_models())
    return finish(coder, buffer)


def cost_bits(levels: Ints) -> float:
    """Return the number of bits that `encode` would spend."""
    coder, buffer = new_coder(COUNT)
    _code(levels.copy(), coder, buffer, *_models())
    return float(coder[-1]) / 65536


def decode(data: bytes, count: int) -> Ints:
    """Return the decoded levels of `count` blocks, or raise `BitstreamError` for too few bytes."""
    coder, buffer = open_decoder(data)
    levels = np.zeros((count, FRAMES, BANDS), np.int64)
    _code(levels, coder, buffer, *_models())
    require_data(coder, buffer, "base")
    return levels


def _models() -> tuple[Ints, Ints, Ints]:
    return new_models(_SLOTS * _INPUTS * _KINDS, _INPUTS, _SETS)


@cache
def _basis(size: int) -> Ints:
    """Return the orthonormal DCT-II basis `[order, position]` as integers, scaled by 4096."""
    basis = scipy.fft.idct(np.eye(size), axis=1, norm="ortho")
    table: Ints = np.rint(basis * (1 << _FINE)).astype(np.int64)
    return table


@numba.njit(cache=True)
def _code(
    levels: Ints, coder: Ints, buffer: Bytes, probabilities: Ints, counts: Ints, weights: Ints
) -> None:
    """Code or decode `levels` in place; the means of the blocks are coded as differences."""
    count, frames, bands = levels.shape
    contexts = np.zeros(_INPUTS, np.int64)
    decoding = coder[MODE] == DECODE
    mean = 0
    for n in range(count):
        for j in range(bands):
            column = j if j < 6 else (6 + (j - 6) // 4 if j < 22 else 10 + (j - 22) // 14)
            for i in range(frames):
                if is_beyond(coder, buffer):
                    return
                row = i if i < 4 else (4 + (i - 4) // 3 if i < 10 else min(6 + (i - 10) // 8, 9))
                near = 0
                if j > 0:
                    near += 2 * abs(levels[n, i, j - 1])
                    if i + 1 < frames:
                        near += abs(levels[n, i + 1, j - 1])
                    if i > 0:
                        near += abs(levels[n, i - 1, j - 1])
                if j > 1:
                    near += abs(levels[n, i, j - 2])
                if i > 0 and i + j > 1:
                    near += 2 * abs(levels[n, i - 1, j])
                if i > 1 and i + j > 2:
                    near += abs(levels[n, i - 2, j])
                before = 0
                if n > 0 and i + j > 0:
                    before += 2 * abs(levels[n - 1, i, j])
                    if i > 0 and i + j > 1:
                        before += abs(levels[n - 1, i - 1, j])
                    if i + 1 < frames:
                        before += abs(levels[n - 1, i + 1, j])
                    if j > 0 and i + j > 1:
                        before += abs(levels[n - 1, i, j - 1])
                    if j + 1 < bands:
                        before += abs(levels[n - 1, i, j + 1])
                near, before = min(near, 11), min(before, 7)
                value = levels[n, i, j]
                if i + j == 0 and not decoding:
                    value -= mean
                size, k = abs(value), 0
                while k < 2 * LARGEST:
                    kind = min(k, 5)
                    contexts[0] = kind * _SLOTS + row * 16 + column
                    contexts[1] = (6 + kind) * _SLOTS + near * 8 + before
                    contexts[2] = (12 + kind) * _SLOTS + near * 16 + column
                    contexts[3] = (18 + kind) * _SLOTS + row * 12 + near
                    contexts[4] = (24 + kind) * _SLOTS + (row * 8 + before) * 16 + column
                    more = mixed_bit(
                        coder, buffer, probabilities, counts, weights, contexts,
                        kind * 12 + near, _LIMIT, 1 if size > k else 0,
                    )  # fmt: skip
                    if more == 0:
                        break
                    k += 1
                negative = 0
                if k > 0:
                    negative = even_bit(coder, buffer, 1 if value < 0 else 0)
                if decoding:
                    value = -k if negative else k
                    levels[n, i, j] = value + mean if i + j == 0 else value
        mean = levels[n, 0, 0]
