"""What all codecs of tokens share: tokens in, packed bits out, and back."""

from __future__ import annotations

from abc import abstractmethod
from math import prod

import numpy as np

from codecmark.bitstream import bitpacking
from codecmark.bitstream.frame import StreamHeader
from codecmark.bitstream.token_coding import Tokens as Tokens
from codecmark.clip import AudioClip, Samples, fit_length, resample
from codecmark.codec import Codec
from codecmark.errors import BitstreamError, CodecError


class TokenPayloadCodec(Codec):
    """A codec whose payload is tokens, behind bytes of another kind where it has such.

    Attributes
    ----------
    bits : int
        Width of a token.
    frames_first : bool
        Whether tokens are packed frame by frame, as a live stream sends them, or row by row.
    """

    bits: int
    frames_first = True

    @property
    @abstractmethod
    def codebook_of_row(self) -> tuple[int, ...]:
        """The codebook that the tokens of each row index."""

    @abstractmethod
    def encode_parts(self, clip: AudioClip) -> tuple[bytes, Tokens]:
        """Return what stands before the tokens, and them as `[channels, rows, frames]`."""

    @abstractmethod
    def decode_parts(self, head: bytes, tokens: Tokens, header: StreamHeader) -> Samples:
        """Return the channels at the header's rate and length."""

    def head_bytes(self, header: StreamHeader) -> int:  # noqa: ARG002 - none in most codecs
        """Return how many bytes stand before the tokens; raises where it has no such streams."""
        return 0

    @abstractmethod
    def token_shape(self, header: StreamHeader) -> tuple[int, int, int]:
        """Return channels, rows and frames of a stream that is as long as its head."""

    def split(self, payload: bytes, header: StreamHeader) -> tuple[bytes, bytes]:
        """Return the head and the rest, or raise `BitstreamError` where the head is not whole."""
        head = self.head_bytes(header)
        if len(payload) < head:
            raise _misfit(payload, header)
        return payload[:head], payload[head:]

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the head and the packed tokens."""
        head, tokens = self.encode_parts(clip)
        ordered = tokens.transpose(0, 2, 1) if self.frames_first else tokens
        return head + bitpacking.pack_integers(ordered, self.bits)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the channels at the header's rate and length."""
        head, packed = self.split(payload, header)
        channels, rows, frames = shape = self.token_shape(header)
        if len(packed) != bitpacking.packed_bytes(prod(shape), self.bits):
            raise _misfit(payload, header)
        tokens = bitpacking.unpack_integers(packed, prod(shape), self.bits)
        if self.frames_first:
            tokens = tokens.reshape(channels, frames, rows).transpose(0, 2, 1)
        return self.decode_parts(head, np.ascontiguousarray(tokens).reshape(shape), header)


def _misfit(payload: bytes, header: StreamHeader) -> BitstreamError:
    return BitstreamError("samples", f"{header.n_samples} do not fit {len(payload)} bytes")


class TokenCodec(TokenPayloadCodec):
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

    def encode_parts(self, clip: AudioClip) -> tuple[bytes, Tokens]:
        """Return the clip as `[channels, codebooks, frames]`, and nothing before it."""
        samples = clip.resampled(self.rate_hz).samples
        frames = self._frame_count(samples.shape[1])
        tokens = self.tokenize(self.padded(samples))
        expected = clip.channels, self.codebooks, frames
        if tokens.shape != expected:
            raise CodecError(f"{self.info.spec}: tokens {tokens.shape}, expected {expected}")
        return b"", tokens

    def decode_parts(
        self,
        head: bytes,  # noqa: ARG002 - empty
        tokens: Tokens,
        header: StreamHeader,
    ) -> Samples:
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
