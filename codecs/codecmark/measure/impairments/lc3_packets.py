"""Packets of LC3: single frames of 10 ms, with the concealment of liblc3.

The library conceals where it is given no data. Its package has no way to say so, and is reached
round for that.
"""

from __future__ import annotations

import ctypes
from functools import partial

import lc3
import numpy as np

from codecmark.bitstream.frame import StreamHeader
from codecmark.classic.frames import FrameCodec
from codecmark.clip import Samples
from codecmark.codec import Codec
from codecmark.errors import CodecError, InputError
from codecmark.measure.impairments.packets import PacketStream

_FRAME_US = 10_000
_FLOAT = 3  # LC3_PCM_FORMAT_FLOAT of lc3.h


class _Decoder:
    def __init__(self, rate_hz: int) -> None:
        self._decoder = lc3.Decoder(_FRAME_US, rate_hz)

    def decode(self, packet: bytes) -> Samples:
        return np.array([self._decoder.decode(packet)], np.float32)

    def conceal(self, _following: bytes | None) -> Samples:
        decoder = self._decoder
        [state] = decoder._Decoder__decoders
        sound = np.empty((1, decoder.get_frame_samples()), np.float32)
        pointer = ctypes.c_void_p(sound.ctypes.data)
        # 1 is how it says that it concealed
        if decoder.lib.lc3_decode(state, None, 0, _FLOAT, pointer, 1) != 1:
            raise CodecError("lc3: the library conceals nothing")
        return sound


def split(codec: Codec, payload: bytes, header: StreamHeader) -> PacketStream:
    """Return the frames of a payload of one channel."""
    if not isinstance(codec, FrameCodec) or header.channels != 1:
        raise InputError(f"{codec.info.spec}: packets can be lost of one channel only; use a mono "
                         "condition")  # fmt: skip
    frames = codec.frames(header.sample_rate_hz)
    size = frames.bytes(1)
    return PacketStream(
        header,
        [payload[start : start + size] for start in range(0, len(payload), size)],
        frames.samples,
        frames.rate_hz,
        frames.delay_samples,
        partial(_Decoder, frames.rate_hz),
    )
