"""Coding of real numbers of about unit variance: latents of a VAE, or log-mel values.

`f32`, `f16`   little-endian floats
`int8`         one scale per clip (largest magnitude / 127), then one byte per value
`qSTEP`        uniform quantisation with step size STEP, range coded: first a table (varints) of how
               often each integer level occurs, then the levels, coded with these frequencies

The table costs a few dozen bytes and adapts the code to the clip without a trained model. Encoder
and decoder derive the coder's fixed-point model from its integers by correctly rounded divisions,
so they always agree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from codecmark.bitstream import range_coding
from codecmark.bitstream.frame import decode_varint, encode_varint
from codecmark.clip import Samples
from codecmark.errors import BitstreamError, CodecError, InputError

MAX_LEVEL = 1 << 12
_LARGEST = float(np.finfo(np.float32).max)
_STEP = re.compile(r"q(\d+(?:\.\d+)?)")


class LatentCoding(Protocol):
    """Codes values of a shape that both encoder and decoder know."""

    def encode(self, values: Samples) -> bytes:
        """Return the coded values."""
        ...

    def decode(self, data: bytes, shape: Sequence[int]) -> Samples:
        """Return float32 values of `shape`, or raise `BitstreamError`."""
        ...


def named(name: str) -> LatentCoding:
    """Return the coding `f32`, `f16`, `int8` or `qSTEP`, e.g. `q0.5`; STEP is 0.01 to 10.

    Raises
    ------
    InputError
        If there is no such coding.
    """
    if name in _FLOATS:
        return FloatCoding(_FLOATS[name])
    if name == "int8":
        return Int8Coding()
    match = _STEP.fullmatch(name)
    if match is None or not 0.01 <= float(match.group(1)) <= 10:
        raise InputError(f"spec: coding {name!r} is not f32, f16, int8, or q0.01 to q10")
    return EntropyCoding(float(match.group(1)))


def bits_per_value(name: str) -> int | None:
    """Return the bits per value of a coding; None if they depend on the values."""
    return {"f32": 32, "f16": 16, "int8": 8}.get(name)


_FLOATS = {"f32": "<f4", "f16": "<f2"}


class FloatCoding:
    """Plain floats."""

    def __init__(self, dtype: str) -> None:
        self._dtype = np.dtype(dtype)

    def encode(self, values: Samples) -> bytes:
        """Return the coded values."""
        coded = values.astype(self._dtype)
        if not np.isfinite(coded).all():
            raise CodecError(f"values are outside the range of {self._dtype.name}")
        return coded.tobytes()

    def decode(self, data: bytes, shape: Sequence[int]) -> Samples:
        """Return the values."""
        _require_length(data, prod(shape) * self._dtype.itemsize)
        values = np.frombuffer(data, self._dtype).reshape(shape).astype(np.float32)
        if not np.isfinite(values).all():
            raise BitstreamError("values", "hold NaN or Inf")
        return values


class Int8Coding:
    """One byte per value, scaled to the largest magnitude of the clip."""

    def encode(self, values: Samples) -> bytes:
        """Return the scale and the bytes."""
        scale = np.float32(max(float(np.abs(values).max()), 1e-12) / 127)
        levels = np.rint(values / scale).astype(np.int8)
        coded: bytes = scale.astype("<f4").tobytes() + levels.tobytes()
        return coded

    def decode(self, data: bytes, shape: Sequence[int]) -> Samples:
        """Return the values."""
        _require_length(data, 4 + prod(shape))
        (scale,) = np.frombuffer(data[:4], "<f4")
        if not abs(float(scale)) * 128 <= _LARGEST:  # nor is what is no number
            raise BitstreamError("scale", "its values are beyond what a float holds")
        levels = np.frombuffer(data, np.int8, offset=4).reshape(shape)
        values: Samples = (levels * scale).astype(np.float32)
        return values


class EntropyCoding:
    """Uniform quantiser, and a range coder with the frequencies of the clip's own levels."""

    def __init__(self, step: float) -> None:
        self._step = step

    def encode(self, values: Samples) -> bytes:
        """Return the frequency table and the range-coded levels."""
        import constriction

        levels = np.rint(values.ravel() / self._step).astype(np.int64)
        lowest, highest = int(levels.min()), int(levels.max())
        if highest - lowest >= MAX_LEVEL or abs(lowest) >= MAX_LEVEL:
            raise CodecError(f"values span more than {MAX_LEVEL} steps of {self._step:g}")
        counts = np.bincount(levels - lowest, minlength=highest - lowest + 1)
        coder = constriction.stream.queue.RangeEncoder()
        coder.encode((levels - lowest).astype(np.int32), _model(counts))
        head = encode_varint(lowest + MAX_LEVEL) + encode_varint(len(counts))
        table = b"".join(encode_varint(int(count)) for count in counts)
        return head + table + range_coding.to_bytes(coder, levels.size)

    def decode(self, data: bytes, shape: Sequence[int]) -> Samples:
        """Return the dequantised values."""
        import constriction

        total = prod(shape)
        range_coding.require_bytes_for(total, data)
        shifted, offset = decode_varint(data, 0, "lowest level")
        size, offset = decode_varint(data, offset, "table size")
        if not 1 <= size <= min(MAX_LEVEL, len(data)):
            raise BitstreamError("table size", f"{size} levels")
        counts = np.zeros(size, np.int64)
        for index in range(size):
            counts[index], offset = decode_varint(data, offset, "frequency table")
        if counts.sum() != total:
            raise BitstreamError("frequency table", f"{counts.sum()} values, {total} expected")
        decoder = constriction.stream.queue.RangeDecoder(range_coding.from_bytes(data, offset))
        levels = decoder.decode(_model(counts), total).astype(np.int64)
        if not np.array_equal(np.bincount(levels, minlength=size), counts):
            raise BitstreamError("range code", "does not hold the values its table counts")
        restored: NDArray[np.float64] = (levels + shifted - MAX_LEVEL) * self._step
        return restored.reshape(shape).astype(np.float32)


def _model(counts: NDArray[np.int64]) -> object:
    """Return the categorical model of at least two levels, the fewest that can be coded."""
    import constriction

    padded = np.append(counts, 0) if len(counts) == 1 else counts
    probabilities = (padded + 1e-6).astype(np.float64)
    return constriction.stream.model.Categorical(probabilities / probabilities.sum(), perfect=False)


def _require_length(data: bytes, expected: int) -> None:
    if len(data) != expected:
        raise BitstreamError("samples", f"need {expected} bytes of values, got {len(data)}")
