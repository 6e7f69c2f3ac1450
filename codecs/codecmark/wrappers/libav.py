"""Samples to packets and back through PyAV (the FFmpeg libraries), without a container."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from codecmark.clip import Samples
from codecmark.errors import BitstreamError

LAYOUTS = {1: "mono", 2: "stereo"}


@dataclass(frozen=True)
class Encoded:
    """What an encoder returned.

    Attributes
    ----------
    packets : list of bytes
    extradata : bytes
        What the decoder needs to know before the first packet.
    priming : int
        Samples before the first real one, as the first packet's time says.
    """

    packets: list[bytes]
    extradata: bytes
    priming: int


def encode(
    encoder: str,
    sample_format: str,
    samples: NDArray[Any],
    rate_hz: int,
    bitrate_bps: int,
    options: Mapping[str, str] | None = None,
) -> Encoded:
    """Encode `[channels, n]`, whose type is that of `sample_format`, and flush the encoder."""
    layout = LAYOUTS[samples.shape[0]]
    context = cast(AudioCodecContext, av.CodecContext.create(encoder, "w"))
    context.sample_rate = rate_hz
    context.format = sample_format
    context.layout = layout
    context.time_base = Fraction(1, rate_hz)
    context.bit_rate = bitrate_bps
    context.options = dict(options or {})
    context.open()
    packets = []
    for start in range(0, samples.shape[1], context.frame_size):
        block = samples[:, start : start + context.frame_size]
        if not av.AudioFormat(sample_format).is_planar:
            block = block.T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), sample_format, layout)
        frame.sample_rate = rate_hz
        frame.pts = start
        frame.time_base = Fraction(1, rate_hz)
        packets += context.encode(frame)
    packets += context.encode(None)
    priming = max(0, -(packets[0].pts or 0))
    return Encoded([bytes(p) for p in packets], bytes(context.extradata or b""), priming)


def decode(
    decoder: str, packets: Iterable[bytes], rate_hz: int, channels: int, extradata: bytes = b""
) -> Samples:
    """Decode to `[channels, n]` with the decoder's delay still in it."""
    context = cast(AudioCodecContext, av.CodecContext.create(decoder, "r"))
    context.sample_rate = rate_hz
    context.layout = LAYOUTS[channels]
    if extradata:
        context.extradata = extradata
    frames = [frame for packet in packets for frame in context.decode(av.Packet(packet))]
    with suppress(av.EOFError):  # how some decoders report their end
        frames += context.decode(None)
    return _joined(frames, channels)


def _joined(frames: list[av.AudioFrame], channels: int) -> Samples:
    """Return the frames as one float array, converted once: there are hundreds of them."""
    arrays = [frame.to_ndarray() for frame in frames]
    if frames[0].format.is_planar:
        samples = np.concatenate(arrays, axis=1)
    else:
        samples = np.concatenate(arrays, axis=1).reshape(-1, channels).T
    if samples.shape[0] != channels:
        raise BitstreamError("channels", f"packets hold {samples.shape[0]}, header {channels}")
    if samples.dtype == np.int16:
        return samples.astype(np.float32) / np.float32(32_768)
    return samples.astype(np.float32, copy=False)
