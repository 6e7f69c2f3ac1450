"""What range-coded payloads share: whole 32-bit words, and a length that bounds their content.

A symbol that is all but certain costs next to no bits, so a few bytes could promise any number of
them. A stream is therefore padded to a word for every 16,384 symbols, and a decoder that is told
of more allocates nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from codecmark.errors import BitstreamError

SYMBOLS_PER_WORD = 1 << 14


def to_bytes(encoder: Any, count: int) -> bytes:
    """Return what a constriction range encoder wrote for `count` symbols."""
    words = encoder.get_compressed().astype("<u4")
    packed: bytes = np.pad(words, (0, max(0, count // SYMBOLS_PER_WORD - len(words)))).tobytes()
    return packed


def require_bytes_for(count: int, data: bytes) -> None:
    """Raise `BitstreamError` if `data` is too short for any stream of `count` symbols."""
    if count // SYMBOLS_PER_WORD * 4 > len(data):
        raise BitstreamError("samples", f"{count} values cannot come from {len(data)} bytes")


def from_bytes(data: bytes, offset: int) -> NDArray[np.uint32]:
    """Return the words of `data` from `offset` on, or raise `BitstreamError`."""
    if (len(data) - offset) % 4:
        raise BitstreamError("range code", "is not a whole number of words")
    return np.frombuffer(data, "<u4", offset=offset).astype(np.uint32)
