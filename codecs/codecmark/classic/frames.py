"""Base of codecs with frames of fixed length and size: padding, frame count and delay removal."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codecmark.bitstream import bitpacking
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples, fit_length, resample, to_pcm16
from codecmark.codec import Codec
from codecmark.errors import BitstreamError, CodecError

Pcm = NDArray[np.int16]


@dataclass(frozen=True)
class Frames:
    """How a channel is divided into frames.

    Attributes
    ----------
    rate_hz : int
        Sample rate of the channel.
    samples : int
        Samples per frame.
    bits : int
        Bits per coded frame.
    delay_samples : int
        Delay of the decoded channel.
    """

    rate_hz: int
    samples: int
    bits: int
    delay_samples: int

    def count(self, length: int) -> int:
        """Return the number of frames needed to decode `length` samples, delay included."""
        return -(-(length + self.delay_samples) // self.samples)

    def bytes(self, count: int) -> int:
        """Return the size in bytes of `count` coded frames."""
        return bitpacking.packed_bytes(count, self.bits)


class FrameCodec(Codec):
    """A codec of mono 16-bit PCM in frames of fixed size.

    Clips are resampled to the codec's rate, coded channel by channel, and zero-padded to whole
    frames. The number of frames follows from the length in the header, so it is not stored.
    """

    @abstractmethod
    def frames(self, clip_rate_hz: int) -> Frames:
        """Return how a clip at this rate is divided into frames."""

    @abstractmethod
    def encode_channel(self, pcm: Pcm, frames: Frames) -> bytes:
        """Encode `[count * frames.samples]` to `frames.bytes(count)` bytes."""

    @abstractmethod
    def decode_channel(self, data: bytes, count: int, frames: Frames) -> Samples:
        """Decode `frames.bytes(count)` bytes to `[count * frames.samples]`, delay included."""

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the coded frames, channel after channel."""
        frames = self.frames(clip.sample_rate_hz)
        samples = clip.resampled(frames.rate_hz).samples
        count = frames.count(samples.shape[1])
        pcm = to_pcm16(fit_length(samples, count * frames.samples))
        coded = [self.encode_channel(channel, frames) for channel in pcm]
        for channel in coded:
            if len(channel) != frames.bytes(count):
                raise CodecError(
                    f"{self.info.spec}: {len(channel)} bytes, {frames.bytes(count)} expected"
                )
        return b"".join(coded)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the channels at the header's rate and length, without the delay."""
        frames = self.frames(header.sample_rate_hz)
        length = -(-header.n_samples * frames.rate_hz // header.sample_rate_hz)
        count = frames.count(length)
        size = frames.bytes(count)
        if len(payload) != header.channels * size:
            raise BitstreamError(
                "samples",
                f"{header.n_samples} in {header.channels} channels need "
                f"{header.channels * size} bytes, got {len(payload)}",
            )
        channels = [
            self.decode_channel(payload[start : start + size], count, frames)
            for start in range(0, len(payload), size)
        ]
        for channel in channels:
            if len(channel) != count * frames.samples:
                raise BitstreamError("payload", f"frames hold {len(channel)} samples")
        decoded = np.stack(channels)[:, frames.delay_samples :]
        return resample(decoded, frames.rate_hz, header.sample_rate_hz, header.n_samples)
