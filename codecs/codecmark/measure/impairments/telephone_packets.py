"""Packets of AMR and G.722, 20 ms each.

AMR is decoded by OpenCORE's decoder, which conceals a frame that says that it holds no data as
3GPP TS 26.091 asks; FFmpeg's own takes no such frame. G.722's decoder conceals nothing: the
appendices of the standard that do are not part of it.
"""

from __future__ import annotations

from functools import partial

import av

from codecmark.bitstream.frame import StreamHeader
from codecmark.classic import libav
from codecmark.classic.telephone import TelephoneCodec
from codecmark.clip import Samples
from codecmark.codec import Codec
from codecmark.errors import BitstreamError, CodecError, InputError
from codecmark.measure.impairments.packets import PacketStream

_PACKET_S = 0.02
_DECODERS = {"amr": "libopencore_amrnb", "g722": "g722"}
_NO_DATA = {"amr": b"\x7c"}  # frame type 15 of RFC 4867


class _Decoder:
    def __init__(self, family: str, rate_hz: int) -> None:
        self._family = family
        self._context = libav.open_decoder(_DECODERS[family], rate_hz, 1)

    def decode(self, packet: bytes) -> Samples:
        try:
            frames = self._context.decode(av.Packet(packet))
        except av.FFmpegError as error:
            raise BitstreamError("packet", str(error)) from error
        if not frames:
            raise BitstreamError("packet", f"{self._family}: holds no sound")
        return libav.joined(frames, 1)

    def conceal(self, _following: bytes | None) -> Samples:
        if self._family not in _NO_DATA:
            raise CodecError(f"{self._family}: its decoder conceals nothing")
        return self.decode(_NO_DATA[self._family])


def split(codec: Codec, payload: bytes, header: StreamHeader) -> PacketStream:
    """Return the packets of a payload of one channel."""
    if not isinstance(codec, TelephoneCodec) or header.channels != 1:
        raise InputError(f"{codec.info.spec}: packets can be lost of one channel only; use a mono "
                         "condition")  # fmt: skip
    frames = codec.frames(header.sample_rate_hz)
    at_once = round(_PACKET_S * frames.rate_hz / frames.samples)
    size = at_once * frames.bytes(1)
    return PacketStream(
        header,
        [payload[start : start + size] for start in range(0, len(payload), size)],
        at_once * frames.samples,
        frames.rate_hz,
        frames.delay_samples,
        partial(_Decoder, codec.info.family, frames.rate_hz),
    )
