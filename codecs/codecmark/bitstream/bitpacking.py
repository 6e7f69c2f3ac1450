"""Integers of a fixed bit width, packed without gaps: a 10-bit code takes 10 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codecmark.errors import BitstreamError, CodecError

MAX_WIDTH = 32


def packed_bytes(count: int, width: int) -> int:
    """Return the size in bytes of `count` packed integers of `width` bits."""
    return -(-count * width // 8)


def pack_integers(values: ArrayLike, width: int) -> bytes:
    """Pack integers in `[0, 2**width)`, most significant bit first; the last byte is zero-padded.

    Raises
    ------
    CodecError
        If a value does not fit; names the value.
    """
    flat = np.ravel(np.asarray(values)).astype(np.int64)
    outside = (flat < 0) | (flat >= 1 << width)
    if outside.any():
        raise CodecError(f"code {int(flat[outside][0])} does not fit {width} bits")
    shifts = np.arange(width - 1, -1, -1)
    bits = (flat[:, None] >> shifts & 1).astype(np.uint8)
    return np.packbits(bits).tobytes()


def unpack_integers(data: bytes, count: int, width: int) -> NDArray[np.int64]:
    """Invert `pack_integers`.

    Raises
    ------
    BitstreamError
        If the length of `data` is not that of `count` integers, or the padding is not zero.
    """
    expected = packed_bytes(count, width)
    if len(data) != expected:
        raise BitstreamError(
            "codes", f"{count} x {width} bits are {expected} bytes, not {len(data)}"
        )
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    if bits[count * width :].any():
        raise BitstreamError("codes", "padding bits are not zero")
    weights = 1 << np.arange(width - 1, -1, -1, dtype=np.int64)
    unpacked: NDArray[np.int64] = bits[: count * width].reshape(count, width) @ weights
    return unpacked
