"""What all residual-vector-quantising codecs share: tokens in, packed bits out, and back."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from codecmark import bitpacking
from codecmark.bitstream import StreamHeader
from codecmark.clip import AudioClip, Samples, fit_length, resample
from codecmark.codec import Codec
from codecmark.errors import BitstreamError, CodecError
from codecmark.token_coding import Tokens as Tokens


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

    @property
    def codebook_of_row(self) -> tuple[int, ...]:
        """The codebook that the tokens of each row index; another one for each, here."""
        return tuple(range(self.codebooks))

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the packed tokens, frame by frame as a live stream sends them."""
        frames_first = self.encode_tokens(clip).transpose(0, 2, 1)
        return bitpacking.pack_integers(frames_first, self.bits)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the channels at the header's rate and length."""
        channels, codebooks, frames = self.token_shape(header)
        count = channels * codebooks * frames
        if len(payload) != bitpacking.packed_bytes(count, self.bits):
            raise BitstreamError("samples", f"{header.n_samples} do not fit {len(payload)} bytes")
        frames_first = bitpacking.unpack_integers(payload, count, self.bits)
        tokens = frames_first.reshape(channels, frames, codebooks).transpose(0, 2, 1)
        return self.decode_tokens(np.ascontiguousarray(tokens), header)

    def encode_tokens(self, clip: AudioClip) -> Tokens:
        """Return the clip as `[channels, codebooks, frames]`."""
        samples = clip.resampled(self.rate_hz).samples
        frames = self._frame_count(samples.shape[1])
        tokens = self.tokenize(self.padded(samples))
        expected = clip.channels, self.codebooks, frames
        if tokens.shape != expected:
            raise CodecError(f"{self.info.spec}: tokens {tokens.shape}, expected {expected}")
        return tokens

    def decode_tokens(self, tokens: Tokens, header: StreamHeader) -> Samples:
        """Return the channels at the header's rate and length."""
        decoded = self.synthesize(tokens)
        return resample(decoded, self.output_rate_hz, header.sample_rate_hz, header.n_samples)

    def token_shape(self, header: StreamHeader) -> tuple[int, int, int]:
        """Return channels, codebooks and frames of a stream."""
        length = -(-header.n_samples * self.rate_hz // header.sample_rate_hz)
        return header.channels, self.codebooks, self._frame_count(length)

    @property
    def output_rate_hz(self) -> int:
        """The rate of what `synthesize` returns."""
        return self.rate_hz

    def _frame_count(self, length: int) -> int:
        return -(-length // self.hop)
