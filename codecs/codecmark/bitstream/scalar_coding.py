"""How real numbers become bits: latents of a VAE, or log-mel values, all about unit variance.

`f32`, `f16`   little-endian floats
`int8`         one scale for the clip (its largest magnitude / 127), then a byte a value
`qSTEP`        uniform quantisation at a step, range coded: the number of values of each integer
               level is sent as a table (varints), then the values with exactly these frequencies

The table costs a few dozen bytes and makes the code fit the clip without a trained model. Both
sides derive the coder's fixed-point model from its integers by correctly rounded divisions, so
they cannot disagree.
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
_STEP = re.compile(r"q(\d+(?:\.\d+)?)")


class LatentCoding(Protocol):
    """Values to bytes and back; the shape is known to both sides."""

    def encode(self, values: Samples) -> bytes:
        """Return the coded values."""
        ...

    def decode(self, data: bytes, shape: Sequence[int]) -> Samples:
        """Return float32 values of `shape`, or raise `BitstreamError`."""
        ...


def named(name: str) -> LatentCoding:
    """Return `f32`, `f16`, `int8` or `qSTEP`, e.g. `q0.5`."""
    if name in _FLOATS:
        return FloatCoding(_FLOATS[name])
    if name == "int8":
        return Int8Coding()
    match = _STEP.fullmatch(name)
    if match is None or not 0.01 <= float(match.group(1)) <= 10:
        raise InputError(f"spec: coding {name!r} is not f32, f16, int8, or q0.01 to q10")
    return EntropyCoding(float(match.group(1)))


def bits_per_value(name: str) -> int | None:
    """Return what a coding spends on each value; None where that depends on the values."""
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
    """A byte a value, scaled to the clip."""

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
        if not np.isfinite(scale):
            raise BitstreamError("scale", "is not finite")
        levels = np.frombuffer(data, np.int8, offset=4).reshape(shape)
        values: Samples = (levels * scale).astype(np.float32)
        return values


class EntropyCoding:
    """Uniform quantiser and range coder with the clip's own frequencies."""

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
    """Return the categorical model; two levels at least, since one alone has no code."""
    import constriction

    padded = np.append(counts, 0) if len(counts) == 1 else counts
    probabilities = (padded + 1e-6).astype(np.float64)
    return constriction.stream.model.Categorical(probabilities / probabilities.sum(), perfect=False)


def _require_length(data: bytes, expected: int) -> None:
    if len(data) != expected:
        raise BitstreamError("samples", f"they need {expected} bytes of values, not {len(data)}")
