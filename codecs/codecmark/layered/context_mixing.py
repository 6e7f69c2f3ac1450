"""Context mixing: adaptive binary models mixed in the logistic domain, and an arithmetic coder.

A symbol is coded as a few binary decisions. For each decision, several contexts give an adaptive
probability each, and a small mixture that is trained online weighs them (Mahoney, "Adaptive
weighing of context models for lossless data compression", Florida Tech CS-2005-16). The models
change after every decision, so model and coder share one compiled loop; a coder that takes one
model per call (`constriction`, which the latents use) would need a Python call per decision.

All arithmetic is on integers, so encoder and decoder agree on every machine, with any number of
threads. Floating point is used only to build tables, which are rounded to integers whose checksum
a test verifies.

The same functions encode, decode and count bits, as `coder[MODE]` says.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from codecmark.errors import BitstreamError, CodecError

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

ENCODE, DECODE, COUNT = 0, 1, 2
MODE, _LOW, _HIGH, _CODE, _POSITION, _COST = 0, 1, 2, 3, 4, 5
BITS = 1 << 16  # one bit, in units of the cost

_ONE = 1 << 16  # probability 1
_WEIGHT = 1 << 16  # mixing weight 1
_RATE = 10  # learning rate of the mixture, as a right shift
_STRETCHED = 2047  # largest log-odds, in 1/256
_BEYOND = 64  # bytes that a decoder may read after its data: an encoder leaves out zeros at the end


def _squash_table() -> Ints:
    odds = np.arange(-_STRETCHED - 1, _STRETCHED + 1) / 256
    table: Ints = np.rint(_ONE / (1 + np.exp(-odds))).astype(np.int64).clip(16, _ONE - 16)
    return table


def _stretch_table() -> Ints:
    p = (np.arange(4096) + 0.5) / 4096
    table: Ints = np.rint(256 * np.log(p / (1 - p))).astype(np.int64)
    return table


def _cost_table() -> Ints:
    p = (np.arange(4096) + 0.5) / 4096
    table: Ints = np.rint(-BITS * np.log2(p)).astype(np.int64)
    return table


SQUASH = _squash_table()
STRETCH = _stretch_table()
COST = _cost_table()


def new_models(contexts: int, inputs: int, sets: int) -> tuple[Ints, Ints, Ints]:
    """Return initial probabilities, counts and mixing weights."""
    probabilities = np.full(contexts, _ONE // 2, np.int64)
    weights = np.full((sets, inputs), _WEIGHT * 2 // (inputs + 2), np.int64)
    return probabilities, np.zeros(contexts, np.int64), weights


def new_coder(mode: int, size: int = 0) -> tuple[Ints, Bytes]:
    """Return the state of a coder, and a buffer of `size` bytes to write to."""
    coder = np.zeros(6, np.int64)
    coder[MODE] = mode
    coder[_HIGH] = 0xFFFFFFFF
    return coder, np.zeros(size, np.uint8)


def open_decoder(data: bytes) -> tuple[Ints, Bytes]:
    """Return the state of a decoder, which reads zeros after the end of `data`."""
    coder, _ = new_coder(DECODE)
    buffer = np.frombuffer(data + bytes(4), np.uint8).copy()
    coder[_CODE] = int.from_bytes(buffer[:4].tobytes(), "big")
    coder[_POSITION] = 4
    return coder, buffer


def finish(coder: Ints, buffer: Bytes) -> bytes:
    """Return the coded bytes, no more than the decoder needs.

    Raises
    ------
    CodecError
        If the buffer was too short for them.
    """
    low, high = int(coder[_LOW]), int(coder[_HIGH])
    if coder[_POSITION] > len(buffer):
        raise CodecError(f"the coded levels are longer than {len(buffer)} bytes")
    for kept in range(5):  # the shortest number within low..high, continued with zeros
        unit = 1 << 8 * (4 - kept)
        value = -(-low // unit) * unit
        if value <= high:
            tail = value.to_bytes(5, "big")[1 : 1 + kept]
            break
    return (buffer[: coder[_POSITION]].tobytes() + tail).rstrip(b"\0")


def require_data(coder: Ints, buffer: Bytes, layer: str) -> None:
    """Raise `BitstreamError` if the decoder of a layer has run out of data, see `is_beyond`."""
    if is_beyond(coder, buffer):
        raise BitstreamError(f"{layer} layer", "its data ends before its levels do")


@numba.njit(cache=True, inline="always")
def is_beyond(coder: Ints, buffer: Bytes) -> bool:
    """Return whether a decoder is further past the end of its data than any encoder's zeros go.

    A decision costs 0.0003 bits or more, so this bounds the time that a byte can cost.
    """
    beyond: bool = coder[MODE] == DECODE and coder[_POSITION] > len(buffer) + _BEYOND
    return beyond


@numba.njit(cache=True, inline="always")
def _code_bit(coder: Ints, buffer: Bytes, bit: int, p: int) -> int:
    """Code one decision, with a probability of `p` / 65536 for 1."""
    if coder[MODE] == COUNT:
        share = p >> 4 if bit else 4095 - (p >> 4)
        coder[_COST] += COST[share]
        return bit
    low, high = coder[_LOW], coder[_HIGH]
    middle = low + ((high - low) >> 16) * p + ((((high - low) & 0xFFFF) * p) >> 16)
    if coder[MODE] == DECODE:
        bit = 1 if coder[_CODE] <= middle else 0
    if bit:
        high = middle
    else:
        low = middle + 1
    while ((low ^ high) & 0xFF000000) == 0:
        if coder[MODE] == DECODE:
            following = 0
            if coder[_POSITION] < len(buffer):
                following = buffer[coder[_POSITION]]
            coder[_CODE] = ((coder[_CODE] << 8) & 0xFFFFFFFF) | following
        elif coder[_POSITION] < len(buffer):
            buffer[coder[_POSITION]] = high >> 24
        coder[_POSITION] += 1
        low = (low << 8) & 0xFFFFFFFF
        high = ((high << 8) & 0xFFFFFFFF) | 255
    coder[_LOW], coder[_HIGH] = low, high
    return bit


@numba.njit(cache=True)
def mixed_bit(
    coder: Ints,
    buffer: Bytes,
    probabilities: Ints,
    counts: Ints,
    weights: Ints,
    contexts: Ints,
    chosen: int,
    limit: int,
    bit: int,
) -> int:
    """Code one decision with the mixture of `contexts`, and update the models.

    Parameters
    ----------
    contexts : Ints, shape=(inputs,)
        Index of each context's probability.
    chosen : int
        Index of the set of mixing weights.
    limit : int
        Count at which the adaptation rate of a context stops falling.
    bit : int
        The decision to code; ignored by a decoder.

    Returns
    -------
    int
        The decision, 0 or 1.
    """
    inputs = len(contexts)
    total = 0
    for i in range(inputs):
        total += weights[chosen, i] * STRETCH[probabilities[contexts[i]] >> 4]
    total >>= 16
    total = min(max(total, -_STRETCHED), _STRETCHED)
    p = SQUASH[total + _STRETCHED + 1]
    bit = _code_bit(coder, buffer, bit, p)
    error = (bit << 16) - p
    for i in range(inputs):
        at = contexts[i]
        weights[chosen, i] += (STRETCH[probabilities[at] >> 4] * error) >> _RATE
        seen = counts[at]
        step = ((bit << 16) - probabilities[at]) * 2 // (2 * seen + 3)
        probabilities[at] = min(max(probabilities[at] + step, 32), _ONE - 32)
        if seen < limit:
            counts[at] = seen + 1
    return bit


@numba.njit(cache=True)
def even_bit(coder: Ints, buffer: Bytes, bit: int) -> int:
    """Code one decision with probability 1/2, without a model."""
    return _code_bit(coder, buffer, bit, _ONE // 2)
