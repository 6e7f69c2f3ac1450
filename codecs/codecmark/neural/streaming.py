"""Live use: a chunk in, bytes out; bytes in, a chunk out; and how long each chunk takes.

A codec that can do that follows `Streamable`. What it sends chunk by chunk is what `encode` puts
into a stream, so the two ways can be compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from codecmark.clip import Samples
from codecmark.errors import InputError

ChunkEncoder = Callable[[Samples], bytes]
ChunkDecoder = Callable[[bytes], Samples]


@runtime_checkable
class Streamable(Protocol):
    """A codec of one channel that can code a live signal.

    Attributes
    ----------
    live_rate_hz, chunk_samples : int
        The rate and length of the chunks it takes and gives.
    """

    live_rate_hz: int
    chunk_samples: int

    def live_encoder(self) -> ChunkEncoder:
        """Return a fresh encoder: float32 `[chunk_samples]` to the chunk's bytes.

        It may return nothing at first and more later, where the encoder looks ahead.
        """
        ...

    def live_decoder(self) -> ChunkDecoder:
        """Return a fresh decoder: the bytes of one chunk to float32 `[n]`, delay included."""
        ...


@dataclass(frozen=True)
class ChunkTimes:
    """Seconds that each chunk took, `[n]` each, and the length of a chunk."""

    chunk_s: float
    encode_s: NDArray[np.float64]
    decode_s: NDArray[np.float64]


def time_chunks(codec: Streamable, signal: Samples) -> ChunkTimes:
    """Send `signal`, float32 `[n]` at `live_rate_hz`, chunk by chunk and time each.

    Raises
    ------
    InputError
        If the signal is shorter than two chunks: the first one warms up and is left out.
    """
    size = codec.chunk_samples
    count = len(signal) // size
    if count < 2:
        raise InputError(f"signal: {len(signal)} samples, two chunks of {size} are needed at least")
    encode, decode = codec.live_encoder(), codec.live_decoder()
    encode_s, decode_s = np.empty(count), np.empty(count)
    for index, chunk in enumerate(signal[: count * size].reshape(count, size)):
        begin = time.perf_counter()
        data = encode(chunk)
        between = time.perf_counter()
        if data:
            decode(data)
        encode_s[index] = between - begin
        decode_s[index] = time.perf_counter() - between
    return ChunkTimes(size / codec.live_rate_hz, encode_s[1:], decode_s[1:])
