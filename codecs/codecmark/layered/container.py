"""The payload: layers with their own length and checksum, base layers first.

Byte layout of each layer of each channel: length (varint), the low 16 bits of the CRC-32 of the
layer's number and bytes (little endian), then the bytes. If a stream is cut short, or damaged in
one layer, the layers before remain decodable.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from codecmark.bitstream.frame import decode_varint, encode_varint
from codecmark.errors import BitstreamError


@dataclass(frozen=True)
class Dropped:
    """A layer that was not decoded, and why."""

    channel: int
    layer: str
    reason: str


def name(number: int) -> str:
    """Return a layer's name for messages, by its number: base, waveform, waveform 2, ..."""
    return ("base", "waveform")[number] if number < 2 else f"waveform {number}"


def pack(channels: Sequence[tuple[bytes, ...]]) -> bytes:
    """Return the payload for the layers of each channel, base first."""
    out = bytearray()
    for number in range(len(channels[0])):
        for layers in channels:
            body = layers[number]
            out += encode_varint(len(body)) + struct.pack("<H", _check(number, body)) + body
    return bytes(out)


def unpack(
    payload: bytes, channels: int, count: int, upto: int
) -> tuple[list[tuple[bytes | None, ...]], list[Dropped]]:
    """Return the first `upto` of `count` layers of each channel, and the dropped layers.

    Lost layers are None.

    Raises
    ------
    BitstreamError
        If bytes follow the last layer.
    """
    bodies: list[list[bytes | None]] = [[] for _ in range(channels)]
    dropped: list[Dropped] = []
    offset = 0
    broken = ""
    for number in range(count):
        for channel in range(channels):
            body: bytes | None = None
            reason = broken
            if not broken:
                try:
                    body, offset = _layer(payload, offset, number)
                except BitstreamError as error:
                    reason = broken = str(error)  # the start of the next layer is unknown too
                else:
                    if body is None:
                        reason = "checksum: the layer is damaged"
            if number < upto:
                bodies[channel].append(body)
                if body is None:
                    dropped.append(Dropped(channel, name(number), reason))
            else:
                dropped.append(Dropped(channel, name(number), "not requested"))
    if not broken and offset != len(payload):
        raise BitstreamError("layers", f"{len(payload) - offset} bytes follow the last layer")
    return [tuple(layers) for layers in bodies], dropped


def _layer(payload: bytes, offset: int, number: int) -> tuple[bytes | None, int]:
    """Return the layer's bytes, or None if damaged, and the offset of the next layer."""
    length, offset = decode_varint(payload, offset, f"{name(number)} layer")
    start = offset + 2
    if len(payload) < start + length:
        raise BitstreamError(f"{name(number)} layer", "the stream ends inside it")
    (expected,) = struct.unpack_from("<H", payload, offset)
    body = payload[start : start + length]
    return body if _check(number, body) == expected else None, start + length


def _check(number: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(bytes([number]))) & 0xFFFF
