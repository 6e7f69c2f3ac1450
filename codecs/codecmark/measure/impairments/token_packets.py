"""Packets of codecs of tokens that can code a live signal: the tokens of one frame in each.

Their networks conceal nothing by themselves.
"""

from __future__ import annotations

from math import prod

from codecmark.bitstream import bitpacking
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import Samples
from codecmark.codec import Codec
from codecmark.errors import CodecError, InputError
from codecmark.measure.impairments.packets import PacketStream
from codecmark.neural.streaming import ChunkDecoder, Streamable
from codecmark.neural.tokens import TokenCodec


class _Decoder:
    def __init__(self, decode: ChunkDecoder) -> None:
        self._decode = decode

    def decode(self, packet: bytes) -> Samples:
        return self._decode(packet)[None]

    def conceal(self, _following: bytes | None) -> Samples:
        raise CodecError("the network conceals nothing")


def split(codec: Codec, payload: bytes, header: StreamHeader) -> PacketStream:
    """Return the frames of a payload of one channel."""
    if header.channels != 1 or not isinstance(codec, TokenCodec):
        raise InputError(f"{codec.info.spec}: packets can be lost of one channel only; use a mono "
                         "condition")  # fmt: skip
    if not isinstance(codec, Streamable) or codec.chunk_samples != codec.hop:
        raise InputError(f"{codec.info.spec}: cannot be decoded frame by frame here")
    _, rows, frames = shape = codec.token_shape(header)
    tokens = bitpacking.unpack_integers(payload, prod(shape), codec.bits)
    live: Streamable = codec
    return PacketStream(
        header,
        [bitpacking.pack_integers(frame, codec.bits) for frame in tokens.reshape(frames, rows)],
        codec.hop,
        codec.rate_hz,
        0,
        lambda: _Decoder(live.live_decoder()),
    )
