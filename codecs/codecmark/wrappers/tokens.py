"""What all residual-vector-quantising codecs share: tokens in, packed bits out, and back."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from codecmark import bitpacking
from codecmark.bitstream import StreamHeader
from codecmark.clip import AudioClip, Samples, fit_length, resample
from codecmark.codec import Codec
from codecmark.errors import BitstreamError, CodecError

Tokens = NDArray[np.int64]


class TokenCodec(Codec):
    """A mono network at a fixed rate that turns `hop` samples into one token per codebook.

    Other rates are resampled, further channels are coded one by one, and the clip is padded to
    whole frames. Tokens are packed to `bits` bits each, so the size is what the codes need.

    Attributes
    ----------
    rate_hz, hop, codebooks, bits : int
    """

    rate_hz: int
    hop: int
    codebooks: int
    bits: int

    @abstractmethod
    def tokenize(self, frames: Samples) -> Tokens:
        """Turn `[channels, n * hop]` into `[channels, codebooks, n]`."""

    @abstractmethod
    def synthesize(self, tokens: Tokens) -> Samples:
        """Turn `[channels, codebooks, n]` into `[channels, about n * hop]`, free of delay."""

    def padded(self, samples: Samples) -> Samples:
        """Return whole frames: zeros at the end, where the network has no rule of its own."""
        return fit_length(samples, self._frame_count(samples.shape[1]) * self.hop)

    @property
    def bitrate_kbps(self) -> float:
        """Bits of the tokens of one channel, per second."""
        return self.codebooks * self.bits * self.rate_hz / self.hop / 1000

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the packed tokens, frame by frame within a codebook within a channel."""
        samples = clip.resampled(self.rate_hz).samples
        frames = self._frame_count(samples.shape[1])
        tokens = self.tokenize(self.padded(samples))
        expected = clip.channels, self.codebooks, frames
        if tokens.shape != expected:
            raise CodecError(f"{self.info.spec}: tokens {tokens.shape}, expected {expected}")
        return bitpacking.pack_integers(tokens, self.bits)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the channels at the header's rate and length."""
        length = -(-header.n_samples * self.rate_hz // header.sample_rate_hz)
        shape = header.channels, self.codebooks, self._frame_count(length)
        count = shape[0] * shape[1] * shape[2]
        if len(payload) != bitpacking.packed_bytes(count, self.bits):
            raise BitstreamError("samples", f"{header.n_samples} do not fit {len(payload)} bytes")
        tokens = bitpacking.unpack_integers(payload, count, self.bits).reshape(shape)
        decoded = self.synthesize(tokens)
        return resample(decoded, self.rate_hz, header.sample_rate_hz, header.n_samples)

    def _frame_count(self, length: int) -> int:
        return -(-length // self.hop)
