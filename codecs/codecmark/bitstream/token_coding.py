"""Range coding of codec tokens with adaptive models: `+ac` in a spec.

Each codebook has its own order-0 model. The count of every token starts at `_START` and grows by a
gain each time the token occurs: by 0 (a uniform model, so that the size can never grow by much) or
by a power of two. The encoder chooses the best gain per codebook and sends it:

    gains           4 bits per codebook, packed
    range code      little-endian 32-bit words, frame by frame within each channel

Counts and their sums are integers that float64 represents exactly, and the coder's fixed-point
model follows from them by one correctly rounded division each, so all machines agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codecmark.bitstream import bitpacking, range_coding
from codecmark.errors import BitstreamError

Tokens = NDArray[np.int64]
_START = 8
_GAIN_BITS = 4
_GAINS = np.array([0, *(1 << shift for shift in range((1 << _GAIN_BITS) - 1))], np.float64)


def encode(tokens: Tokens, bits: int, codebook_of_row: Sequence[int]) -> bytes:
    """Return the coded tokens.

    Parameters
    ----------
    tokens : np.ndarray, shape (channels, rows, frames), in [0, 2**bits)
    codebook_of_row : sequence of int
        The codebook of each row; rows of the same codebook share a model.
    """
    import constriction

    books = np.asarray(codebook_of_row)
    gains = [_best_gain(tokens[:, books == book], bits) for book in range(books.max() + 1)]
    coder = constriction.stream.queue.RangeEncoder()
    model = _Model(bits, books, gains)
    for frame in _frames_first(tokens):
        coder.encode(frame.astype(np.int32), model.family, model.weights())
        model.learn(frame)
    return bitpacking.pack_integers(gains, _GAIN_BITS) + range_coding.to_bytes(coder, tokens.size)


def decode(
    data: bytes, shape: tuple[int, int, int], bits: int, codebook_of_row: Sequence[int]
) -> Tokens:
    """Invert `encode`; `shape` is that of the tokens.

    Raises
    ------
    BitstreamError
        If `data` is not such a code.
    """
    import constriction

    range_coding.require_bytes_for(prod(shape), data)
    books = np.asarray(codebook_of_row)
    n_books = int(books.max()) + 1
    head = bitpacking.packed_bytes(n_books, _GAIN_BITS)
    if len(data) < head:
        raise BitstreamError("gains", f"{n_books} gains need {head} bytes, got {len(data)}")
    gains = bitpacking.unpack_integers(data[:head], n_books, _GAIN_BITS)
    coder = constriction.stream.queue.RangeDecoder(range_coding.from_bytes(data, head))
    model = _Model(bits, books, gains)
    tokens = np.empty(shape, np.int64)
    for frame in _frames_first(tokens):
        frame[:] = coder.decode(model.family, model.weights())
        model.learn(frame)
    return tokens


class _Model:
    """The adaptive count of every token in every codebook."""

    def __init__(self, bits: int, books: NDArray[np.intp], gains: Sequence[int] | Tokens) -> None:
        import constriction

        self.family: Any = constriction.stream.model.Categorical(perfect=False)
        self._books = books
        self._gain_of_row = _GAINS[np.asarray(gains)][books]
        self._weights = np.full((len(gains), 1 << bits), float(_START))

    def weights(self) -> NDArray[np.float64]:
        """Return the token counts of each row's codebook, `[rows, 2**bits]`."""
        return self._weights[self._books]

    def learn(self, frame: Tokens) -> None:
        """Count the frame's tokens, one per row."""
        np.add.at(self._weights, (self._books, frame), self._gain_of_row)


def _frames_first(tokens: Tokens) -> Any:
    """Yield the frames of each channel in turn, as writable views of shape `[rows]`."""
    return (channel[:, index] for channel in tokens for index in range(tokens.shape[2]))


def _best_gain(tokens: Tokens, bits: int) -> int:
    """Return the index of the gain that codes the tokens of one codebook in the fewest bits.

    The length of such a code does not depend on the order of the tokens, so it follows from their
    counts. Only the encoder estimates it; the decoder reads the choice.
    """
    from scipy.special import gammaln

    counts = np.bincount(tokens.ravel(), minlength=1 << bits)
    start = _START / _GAINS[1:, None]
    all_tokens = gammaln(len(counts) * start + tokens.size) - gammaln(len(counts) * start)
    each_token = (gammaln(counts + start) - gammaln(start)).sum(axis=1, keepdims=True)
    nats = np.append(tokens.size * np.log(len(counts)), all_tokens - each_token)
    return int(np.argmin(nats))
