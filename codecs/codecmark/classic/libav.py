"""Encoding to packets and decoding from them with PyAV (the FFmpeg libraries), no container."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from codecmark.clip import Samples, to_pcm16
from codecmark.errors import BitstreamError
from codecmark.neural.streaming import ChunkDecoder, ChunkEncoder

_BLOCK_FRAMES = 512
LAYOUTS = {1: "mono", 2: "stereo"}


@dataclass(frozen=True)
class Encoded:
    """An encoder's output.

    Attributes
    ----------
    packets : list of bytes
    extradata : bytes
        Configuration that the decoder needs before the first packet.
    priming : int
        Samples before the first real one, from the timestamp of the first packet.
    """

    packets: list[bytes]
    extradata: bytes
    priming: int


def encode(
    encoder: str,
    sample_format: str,
    samples: NDArray[Any],
    rate_hz: int,
    bitrate_bps: int | None,
    options: Mapping[str, str] | None = None,
) -> Encoded:
    """Encode `[channels, n]` samples of the type of `sample_format`, and flush the encoder.

    Without a bitrate the options say what is asked for.
    """
    context = open_encoder(encoder, sample_format, samples.shape[0], rate_hz, bitrate_bps, options)
    packets = []
    for start in range(0, samples.shape[1], context.frame_size):
        block = samples[:, start : start + context.frame_size]
        packets += context.encode(audio_frame(context, block, start))
    packets += context.encode(None)
    priming = max(0, -(packets[0].pts or 0))
    return Encoded([bytes(p) for p in packets], bytes(context.extradata or b""), priming)


def open_encoder(
    encoder: str,
    sample_format: str,
    channels: int,
    rate_hz: int,
    bitrate_bps: int | None,
    options: Mapping[str, str] | None = None,
) -> AudioCodecContext:
    """Return an encoder that takes frames of its `frame_size`."""
    context = cast(AudioCodecContext, av.CodecContext.create(encoder, "w"))
    context.sample_rate = rate_hz
    context.format = sample_format
    context.layout = LAYOUTS[channels]
    context.time_base = Fraction(1, rate_hz)
    if bitrate_bps is not None:
        context.bit_rate = bitrate_bps
    context.options = dict(options or {})
    context.open()
    return context


def audio_frame(context: AudioCodecContext, block: NDArray[Any], start: int) -> av.AudioFrame:
    """Return `[channels, n]` as a frame for the encoder; `start` is its position in samples."""
    if not context.format.is_planar:
        block = block.T.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(block), context.format.name, context.layout.name
    )
    frame.sample_rate = context.sample_rate
    frame.pts = start
    frame.time_base = Fraction(1, context.sample_rate)
    return frame


def decode(
    decoder: str, packets: Iterable[bytes], rate_hz: int, channels: int, extradata: bytes = b""
) -> Samples:
    """Decode to `[channels, n]`, including the decoder's delay."""
    blocks = list(decode_blocks(decoder, packets, rate_hz, channels, extradata))
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)


def decode_blocks(
    decoder: str, packets: Iterable[bytes], rate_hz: int, channels: int, extradata: bytes = b""
) -> Iterator[Samples]:
    """Decode to `[channels, n]` blocks of up to a few hundred frames.

    Blocks bound the memory: PyAV's frames take more of it than their samples do.
    """
    context = open_decoder(decoder, rate_hz, channels, extradata)
    frames: list[av.AudioFrame] = []
    for packet in packets:
        frames += context.decode(av.Packet(packet))
        if len(frames) >= _BLOCK_FRAMES:
            yield joined(frames, channels)
            frames.clear()
    with suppress(av.EOFError):  # how some decoders report their end
        frames += context.decode(None)
    if frames:
        yield joined(frames, channels)


def open_decoder(
    decoder: str, rate_hz: int, channels: int, extradata: bytes = b""
) -> AudioCodecContext:
    """Return a decoder of single packets."""
    context = cast(AudioCodecContext, av.CodecContext.create(decoder, "r"))
    context.sample_rate = rate_hz
    context.layout = LAYOUTS[channels]
    if extradata:
        context.extradata = extradata
    return context


def chunk_encoder(context: AudioCodecContext) -> ChunkEncoder:
    """Return an encoder of single mono frames; the first chunks may give no packet yet."""
    integers = context.format.name.startswith("s16")
    start = 0

    def encode(chunk: Samples) -> bytes:
        nonlocal start
        block = to_pcm16(chunk[None]) if integers else chunk[None]
        packets = context.encode(audio_frame(context, block, start))
        start += len(chunk)
        return b"".join(map(bytes, packets))

    return encode


def chunk_decoder(context: AudioCodecContext) -> ChunkDecoder:
    """Return a decoder of single mono packets."""

    def decode(data: bytes) -> Samples:
        frames = context.decode(av.Packet(data))
        return joined(frames, 1)[0] if frames else np.empty(0, np.float32)

    return decode


def joined(frames: list[av.AudioFrame], channels: int) -> Samples:
    """Return the frames as one float32 array `[channels, n]`.

    Raises
    ------
    BitstreamError
        If the packets hold another number of channels.
    """
    for frame in frames:  # before conversion: PyAV reads beyond frames of eight planes
        if frame.layout.nb_channels != channels:
            raise BitstreamError(
                "channels",
                f"the packets hold {frame.layout.nb_channels}, the header says {channels}",
            )
    arrays = [frame.to_ndarray() for frame in frames]
    if frames[0].format.is_planar:
        samples = np.concatenate(arrays, axis=1)
    else:
        samples = np.concatenate(arrays, axis=1).reshape(-1, channels).T
    if samples.dtype == np.int16:
        return samples.astype(np.float32) / np.float32(32_768)
    return samples.astype(np.float32, copy=False)
