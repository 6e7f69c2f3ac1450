"""Long clips in segments, each coded by itself, so that memory does not go by a clip's length.

A clip of up to `SEGMENT` superframes is one segment, and its payload that of the segment. The
payload of a longer one is a zero byte, which no other payload begins with since no base layer is
empty, then for each segment its length as a varint and its payload. How many there are follows
from the length of the clip.
"""

from __future__ import annotations

from collections.abc import Sequence

from codecmark.bitstream.frame import decode_varint, encode_varint
from codecmark.errors import BitstreamError
from codecmark.layered import mdct

SEGMENT = 1_500  # superframes, a minute
_SEVERAL = b"\0"


def bounds(samples: int) -> list[tuple[int, int]]:
    """Return the first sample of each segment, and the one after its last."""
    size = SEGMENT * mdct.SUPERFRAME
    return [(start, min(start + size, samples)) for start in range(0, samples, size)]


def are_several(payload: bytes) -> bool:
    """Return whether a payload has segments; a long one from before there were any has not."""
    return payload.startswith(_SEVERAL)


def pack(payloads: Sequence[bytes]) -> bytes:
    """Return the payload of all segments."""
    if len(payloads) == 1:
        return payloads[0]
    return _SEVERAL + b"".join(encode_varint(len(each)) + each for each in payloads)


def unpack(payload: bytes, count: int) -> list[bytes]:
    """Return the payloads of `count` segments.

    Raises
    ------
    BitstreamError
        If the payload ends before them, or goes on after them.
    """
    offset, payloads = len(_SEVERAL), []
    for number in range(1, count + 1):
        length, offset = decode_varint(payload, offset, f"segment {number}")
        if len(payload) < offset + length:
            raise BitstreamError(f"segment {number}", "the stream ends inside it")
        payloads.append(payload[offset : offset + length])
        offset += length
    if offset != len(payload):
        raise BitstreamError("segments", f"{len(payload) - offset} bytes follow the last one")
    return payloads
