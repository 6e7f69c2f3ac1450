"""The stream format of every codec: a header that makes the bytes decodable on their own.

Byte layout (multi-byte numbers are LEB128 varints unless stated, low byte first)::

    0    1  magic 0xCD
    1    1  0xE0 | version          (version 1 to 15)
    2    2  codec id, little endian (first 16 bits of SHA-256 of the spec)
    4    1  channels - 1 in the upper 3 bits, index into RATES_HZ in the lower 5
         -  [sample rate in Hz, only if the index is 31]
         3  samples in each channel (3 bytes up to 2 M samples)
         3  payload length in bytes (3 bytes up to 2 MB)
         4  CRC-32 of everything above and of the payload, little endian
         -  payload

The header takes 15 bytes for a clip of up to 40 s, and it counts: the reported size is the length
of the whole stream.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass

from codecmark.clip import MAX_RATE_HZ, MIN_RATE_HZ
from codecmark.errors import BitstreamError
from codecmark.system.execution import MARK

VERSION = 1
RATES_HZ = (
    8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000,
)  # fmt: skip
MAX_SAMPLES = 1 << 36  # six weeks at 16 kHz: beyond it a header is damaged, not ambitious


@dataclass(frozen=True)
class DecodeLimits:
    """How much a stream may claim to hold.

    A few bytes can stand for hours of silence, so what a header asks for is held to this before
    anything is decoded.

    Attributes
    ----------
    seconds : float
        Of the clip.
    audio_bytes : int
        Of its samples as float32, over all channels.
    """

    seconds: float = 7_200.0
    audio_bytes: int = 1 << 31

    def require(self, header: StreamHeader) -> None:
        """Raise `BitstreamError` if a stream claims more; says what to pass to decode it."""
        seconds = header.n_samples / header.sample_rate_hz
        if seconds > self.seconds:
            raise BitstreamError(
                "samples",
                f"the header asks for {seconds:.0f} s, at most {self.seconds:.0f} s are decoded; "
                "set other limits if that is meant",
            )
        audio_bytes = header.n_samples * header.channels * 4
        if audio_bytes > self.audio_bytes:
            raise BitstreamError(
                "samples",
                f"the header asks for {audio_bytes / 1e6:.0f} MB of samples, at most "
                f"{self.audio_bytes / 1e6:.0f} MB are decoded; set other limits if that is "
                "meant",
            )


USUAL_LIMITS = DecodeLimits()
_MAGIC = 0xCD
_VERSION_TAG = 0xE0
_EXPLICIT_RATE = 31


@dataclass(frozen=True)
class StreamHeader:
    """What the header says about the clip, known before the payload is decoded."""

    sample_rate_hz: int
    channels: int
    n_samples: int


def codec_id(spec: str) -> int:
    """Return the 16-bit codec id of `spec`, which does not depend on how the network runs."""
    codec = spec.partition(MARK)[0]
    return int.from_bytes(hashlib.sha256(codec.encode()).digest()[:2], "little")


def pack(spec: str, header: StreamHeader, payload: bytes) -> bytes:
    """Return the stream: header, checksum and payload."""
    rate = header.sample_rate_hz
    rate_index = RATES_HZ.index(rate) if rate in RATES_HZ else _EXPLICIT_RATE
    head = bytearray(struct.pack("<BBH", _MAGIC, _VERSION_TAG | VERSION, codec_id(spec)))
    head.append((header.channels - 1) << 5 | rate_index)
    if rate_index == _EXPLICIT_RATE:
        head += encode_varint(rate)
    head += encode_varint(header.n_samples) + encode_varint(len(payload))
    return bytes(head) + struct.pack("<I", zlib.crc32(payload, zlib.crc32(head))) + payload


def unpack(spec: str, stream: bytes, *, strict: bool = True) -> tuple[StreamHeader, bytes]:
    """Check a stream and split it into header and payload.

    The memory used is bounded by the length of `stream`. If not `strict`, the payload may be cut
    short or damaged; its parts then need checksums of their own.

    Raises
    ------
    BitstreamError
        If the header or the checksum is wrong; names the first wrong field: magic, version, codec,
        sample rate, samples, payload length or checksum.
    """
    if not isinstance(stream, bytes | bytearray | memoryview):
        raise BitstreamError("stream", f"must be bytes, got {type(stream).__name__}")
    stream = bytes(stream)
    if len(stream) < 5:
        raise BitstreamError("header", f"{len(stream)} bytes are too few for a stream")
    magic, tagged_version, stream_codec_id, layout = struct.unpack_from("<BBHB", stream)
    if magic != _MAGIC or tagged_version & 0xF0 != _VERSION_TAG:
        raise BitstreamError("magic", "these bytes are not a codecmark stream")
    version = tagged_version & 0x0F
    if version > VERSION:
        raise BitstreamError(
            "version", f"stream has version {version}, this is {VERSION}; update codecmark"
        )
    if version < 1:
        raise BitstreamError("version", "0 is not a version")
    if stream_codec_id != codec_id(spec):
        raise BitstreamError("codec", f"stream was written by another codec than {spec}")
    offset = 5
    if layout & 0x1F == _EXPLICIT_RATE:
        rate, offset = decode_varint(stream, offset, "sample rate")
    elif layout & 0x1F < len(RATES_HZ):
        rate = RATES_HZ[layout & 0x1F]
    else:
        raise BitstreamError("sample rate", f"index {layout & 0x1F} is not defined")
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        raise BitstreamError("sample rate", f"{rate} is outside {MIN_RATE_HZ}..{MAX_RATE_HZ}")
    n_samples, offset = decode_varint(stream, offset, "samples")
    if not 1 <= n_samples <= MAX_SAMPLES:
        raise BitstreamError("samples", f"{n_samples} is outside 1..{MAX_SAMPLES}")
    length, offset = decode_varint(stream, offset, "payload length")
    if len(stream) < offset + 4:
        raise BitstreamError("checksum", "stream ends inside its header")
    payload = stream[offset + 4 :]
    if not strict:
        return StreamHeader(rate, (layout >> 5) + 1, n_samples), payload
    if len(payload) != length:
        raise BitstreamError(
            "payload length", f"the header says {length} bytes, the stream has {len(payload)}"
        )
    (expected,) = struct.unpack_from("<I", stream, offset)
    if zlib.crc32(payload, zlib.crc32(stream[:offset])) != expected:
        raise BitstreamError("checksum", "the stream is damaged")
    return StreamHeader(rate, (layout >> 5) + 1, n_samples), payload


def encode_varint(value: int) -> bytes:
    """Return `value` (>= 0) as LEB128: seven bits per byte, low bits first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def decode_varint(data: bytes, offset: int, field: str) -> tuple[int, int]:
    """Read one LEB128 number; return it and the offset of the next byte."""
    value = 0
    for position in range(6):
        if offset >= len(data):
            raise BitstreamError(field, "stream ends inside a number")
        byte = data[offset]
        offset += 1
        value |= (byte & 0x7F) << 7 * position
        if byte < 0x80:
            return value, offset
    raise BitstreamError(field, "number is longer than 6 bytes")
