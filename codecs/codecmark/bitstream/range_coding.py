"""Bytes of range coders: whole 32-bit words, whose number bounds how many symbols they hold.

Nearly certain symbols cost next to no bits, so a few bytes could claim to hold any number of them.
The code is therefore padded to one word per 16,384 symbols, and a decoder refuses a higher count
before it allocates memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from codecmark.errors import BitstreamError

SYMBOLS_PER_WORD = 1 << 14


def to_bytes(encoder: Any, count: int) -> bytes:
    """Return the bytes that a constriction range encoder wrote for `count` symbols, padded."""
    words = encoder.get_compressed().astype("<u4")
    packed: bytes = np.pad(words, (0, max(0, count // SYMBOLS_PER_WORD - len(words)))).tobytes()
    return packed


def require_bytes_for(count: int, data: bytes) -> None:
    """Raise `BitstreamError` if `data` is too short for any stream of `count` symbols."""
    if count // SYMBOLS_PER_WORD * 4 > len(data):
        raise BitstreamError("samples", f"{count} values cannot come from {len(data)} bytes")


def from_bytes(data: bytes, offset: int) -> NDArray[np.uint32]:
    """Return the words of `data` from `offset`, or raise `BitstreamError` for a partial word."""
    if (len(data) - offset) % 4:
        raise BitstreamError("range code", "is not a whole number of words")
    return np.frombuffer(data, "<u4", offset=offset).astype(np.uint32)
