"""Packets of Opus, decoded by libopus itself."""

from __future__ import annotations

from functools import partial

from codecmark.bitstream.frame import StreamHeader
from codecmark.classic.ffmpeg import _opus_residual, _unpack
from codecmark.codec import Codec
from codecmark.measure.impairments import libopus
from codecmark.measure.impairments.packets import PacketStream


def split(_codec: Codec, payload: bytes, header: StreamHeader) -> PacketStream:
    """Return the packets of a payload."""
    _, extradata, packets = _unpack(payload)
    skipped = int.from_bytes(extradata[10:12], "little")  # RFC 7845: pre-skip
    samples = libopus.packet_samples(packets[0])
    return PacketStream(
        header,
        packets,
        samples,
        libopus.RATE_HZ,
        skipped + _opus_residual(packets),
        partial(libopus.Decoder, header.channels, samples),
    )
