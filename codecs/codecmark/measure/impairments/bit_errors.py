"""Bits of packets that arrive wrong, as on a radio channel without a checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np


def flipped(packets: Sequence[bytes], rate: float, clip: str) -> list[bytes]:
    """Return the packets, each bit of which is wrong with probability `rate`.

    Seeded with the name of the clip, so that a codec's wrong bits are the same on every machine;
    lengths of packets arrive whole.
    """
    digest = hashlib.sha256(f"{rate:g} {clip}".encode()).digest()
    generator = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))
    damaged = []
    for packet in packets:
        wrong = np.packbits(generator.random(8 * len(packet)) < rate)
        damaged.append(np.bitwise_xor(np.frombuffer(packet, np.uint8), wrong).tobytes())
    return damaged
