"""Context-mixing coding of a latent's levels, conditioned on their neighbours.

A latent is an image with several channels, whose neighbouring values are similar in value and
magnitude. A level is coded as its difference from a prediction from the previous level in time and
the one below in frequency. The contexts are these and further neighbours, the channels already
coded at the same position, and the position itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np

from codecmark.layered.context_mixing import (
    DECODE,
    ENCODE,
    MODE,
    Bytes,
    Ints,
    finish,
    is_beyond,
    mixed_bit,
    new_coder,
    new_models,
    open_decoder,
    require_data,
)

LARGEST = 255  # largest magnitude of a level

_INPUTS, _KINDS, _SLOTS = 6, 7, 4096  # contexts, kinds of decision, probabilities for each
_CHANNELS, _BANDS = 16, 16  # numbers of channels and bands that contexts distinguish
_LIMIT = 160


def encode(levels: Ints) -> bytes:
    """Return the coded levels `[channels, frames, bands]`, of magnitude up to `LARGEST`."""
    coder, buffer = new_coder(ENCODE, 64 + levels.size * 8)
    _code(levels.copy(), coder, buffer, *_models())
    return finish(coder, buffer)


def decode(data: bytes, shape: Sequence[int]) -> Ints:
    """Return the decoded levels `[channels, frames, bands]`.

    Any bytes decode, or raise `BitstreamError` if they are too few.
    """
    coder, buffer = open_decoder(data)
    levels = np.zeros(shape, np.int64)
    _code(levels, coder, buffer, *_models())
    require_data(coder, buffer, "base")
    return levels


def _models() -> tuple[Ints, Ints, Ints]:
    return new_models(_INPUTS * _KINDS * _SLOTS, _INPUTS, _KINDS * _CHANNELS)


@numba.njit(cache=True, inline="always")
def _clipped(value: int, most: int) -> int:
    """Clip a value to -most..most and shift it to 0..2 * most."""
    return min(max(value, -most), most) + most


@numba.njit(cache=True)
def _code(
    levels: Ints, coder: Ints, buffer: Bytes, probabilities: Ints, counts: Ints, weights: Ints
) -> None:
    """Code the levels, or decode them in place."""
    decoding = coder[MODE] == DECODE
    channels, frames, bands = levels.shape
    contexts, places = np.zeros(_INPUTS, np.int64), np.zeros(_INPUTS, np.int64)
    for t in range(frames):
        for b in range(bands):
            for c in range(channels):
                if is_beyond(coder, buffer):
                    return
                before = levels[c, t - 1, b] if t > 0 else 0
                older = levels[c, t - 2, b] if t > 1 else 0
                above = levels[c, t - 1, b + 1] if t > 0 and b + 1 < bands else 0
                below = levels[c, t, b - 1] if b > 0 else 0
                corner = levels[c, t - 1, b - 1] if t > 0 and b > 0 else 0
                lower = levels[c, t, b - 2] if b > 1 else 0
                last = levels[c - 1, t, b] if c > 0 else 0
                earlier = levels[c - 2, t, b] if c > 1 else 0
                predicted = 2 * before + 3 * below  # in eighths
                prediction = (predicted + 4) >> 3
                near = abs(before) + abs(below)
                around = min(2 * near + abs(above) + abs(corner), 15)
                which = min(c, _CHANNELS - 1)
                places[0] = (which * 7 + _clipped(before, 3)) * 7 + _clipped(below, 3)
                places[1] = (which * _BANDS + min(b, _BANDS - 1)) * 3 + min(near, 2)
                places[2] = which * 16 + around
                places[3] = ((which * 5 + _clipped(last, 2)) * 5 + _clipped(earlier, 2)) * 3
                places[3] += min(near, 2)
                places[4] = ((which * 3 + _clipped(older, 1)) * 3 + _clipped(lower, 1)) * 5
                places[4] += _clipped(above, 2)
                places[5] = which * 33 + _clipped(predicted, 16)
                rest = levels[c, t, b] - prediction
                size, k = abs(rest), 0
                negative = 0
                while k < 2 * LARGEST:
                    kind = min(k + 1, _KINDS - 1) if k > 0 else 0
                    for i in range(_INPUTS):
                        contexts[i] = (i * _KINDS + kind) * _SLOTS + places[i]
                    more = mixed_bit(
                        coder, buffer, probabilities, counts, weights, contexts,
                        kind * _CHANNELS + which, _LIMIT, 1 if size > k else 0,
                    )  # fmt: skip
                    if more == 0:
                        break
                    if k == 0:
                        for i in range(_INPUTS):
                            contexts[i] = (i * _KINDS + 1) * _SLOTS + places[i]
                        negative = mixed_bit(
                            coder, buffer, probabilities, counts, weights, contexts,
                            _CHANNELS + which, _LIMIT, 1 if rest < 0 else 0,
                        )  # fmt: skip
                    k += 1
                if decoding:
                    value = prediction - k if negative else prediction + k
                    levels[c, t, b] = min(max(value, -LARGEST), LARGEST)
