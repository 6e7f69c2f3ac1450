"""Ogg files with the encoder's random serial number removed, so the same input gives same bytes."""

from __future__ import annotations

import zlib

from codecmark.errors import CodecError

CAPTURE_PATTERN = b"OggS"
_BIT_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def with_serial_zero(file: bytes) -> bytes:
    """Return the file with serial number 0 in every page (RFC 3533), and new page checksums."""
    pages = bytearray(file)
    start = 0
    while start < len(pages):
        if pages[start : start + 4] != CAPTURE_PATTERN:
            raise CodecError("the encoder wrote an Ogg page without its capture pattern")
        segments = pages[start + 26]
        body = sum(pages[start + 27 : start + 27 + segments])
        end = start + 27 + segments + body
        pages[start + 14 : start + 18] = bytes(4)
        pages[start + 22 : start + 26] = bytes(4)
        checksum = _ogg_crc32(bytes(pages[start:end]))
        pages[start + 22 : start + 26] = checksum.to_bytes(4, "little")
        start = end
    return bytes(pages)


def _ogg_crc32(page: bytes) -> int:
    """Return Ogg's CRC-32: zlib's polynomial without bit reflection, initial and final XOR 0."""
    reflected = zlib.crc32(page.translate(_BIT_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2)
