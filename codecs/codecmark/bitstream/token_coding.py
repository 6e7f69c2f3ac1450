"""Codec tokens range coded with models that learn as they go: `+ac` in a spec.

Each codebook has a model of its own, an order-0 count of its tokens so far. Every token starts at
`_START`, and each one seen adds a gain: 0 (uniform, so that nothing can grow by much) or a power
of two. The encoder takes the gain that suits the clip best and sends it in 4 bits a codebook:

    gains           4 bits a codebook, packed
    range code      little-endian 32-bit words, frame by frame within a channel

Weights are integers that float64 holds exactly, and so are their sums; the coder's fixed-point
model comes from them by one correctly rounded division each. Two machines cannot disagree.
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
    """Return coded tokens.

    Parameters
    ----------
    tokens : np.ndarray, shape (channels, rows, frames), in [0, 2**bits)
    codebook_of_row : sequence of int
        The codebook that a row's tokens index; rows of one codebook share its model.
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
        If `data` is no such code.
    """
    import constriction

    range_coding.require_bytes_for(prod(shape), data)
    books = np.asarray(codebook_of_row)
    n_books = int(books.max()) + 1
    head = bitpacking.packed_bytes(n_books, _GAIN_BITS)
    if len(data) < head:
        raise BitstreamError("gains", f"{n_books} of them are {head} bytes, {len(data)} are here")
    gains = bitpacking.unpack_integers(data[:head], n_books, _GAIN_BITS)
    coder = constriction.stream.queue.RangeDecoder(range_coding.from_bytes(data, head))
    model = _Model(bits, books, gains)
    tokens = np.empty(shape, np.int64)
    for frame in _frames_first(tokens):
        frame[:] = coder.decode(model.family, model.weights())
        model.learn(frame)
    return tokens


class _Model:
    """The weight of every token in every codebook."""

    def __init__(self, bits: int, books: NDArray[np.intp], gains: Sequence[int] | Tokens) -> None:
        import constriction

        self.family: Any = constriction.stream.model.Categorical(perfect=False)
        self._books = books
        self._gain_of_row = _GAINS[np.asarray(gains)][books]
        self._weights = np.full((len(gains), 1 << bits), float(_START))

    def weights(self) -> NDArray[np.float64]:
        """Return `[rows, 2**bits]`."""
        return self._weights[self._books]

    def learn(self, frame: Tokens) -> None:
        """Count one token of each row."""
        np.add.at(self._weights, (self._books, frame), self._gain_of_row)


def _frames_first(tokens: Tokens) -> Any:
    """Return the frames of all channels in turn, each a writable view of `[rows]`."""
    return (channel[:, index] for channel in tokens for index in range(tokens.shape[2]))


def _best_gain(tokens: Tokens, bits: int) -> int:
    """Return the index of the gain that codes these tokens of one codebook in the fewest bits.

    Order does not matter to the length of such a code, so counts alone give it. It is an
    estimate on the encoder's side only: a decoder reads the choice.
    """
    from scipy.special import gammaln

    counts = np.bincount(tokens.ravel(), minlength=1 << bits)
    start = _START / _GAINS[1:, None]
    all_tokens = gammaln(len(counts) * start + tokens.size) - gammaln(len(counts) * start)
    each_token = (gammaln(counts + start) - gammaln(start)).sum(axis=1, keepdims=True)
    nats = np.append(tokens.size * np.log(len(counts)), all_tokens - each_token)
    return int(np.argmin(nats))
