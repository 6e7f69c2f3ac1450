"""Damage to bytes and to text: what every mutator here is made of.

Everything is drawn from the generator that is given, so a seed is an input.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_KINDS = (0, 0, 0, 1, 1, 2, 2, 7, 8, 3, 4, 5, 6)  # most keep the length
# what readers of text trip over
TEXTS = (
    "", " ", "null", "true", "NaN", "1e999", "-1e999", "-0.0", "9" * 400, "0.1e-400", "{}", "[]",
    "[" * 2_000, '"' * 50, "\\ud800", "\ud800", "\u202e", "\x00", "\x1b[31m", "\r\n", "\u2028",
    "\ufeff", "../../../etc/passwd", "file:///etc/passwd", "tcp:127.0.0.1:9",
    "=cmd|' /C calc'!A0",
    "<script>", "](javascript:x)", "a" * 5_000, "-1", "1.5", "\N{PILE OF POO}", "%s%n", "${x}",
)  # fmt: skip


def damaged(data: bytes, pool: Sequence[bytes], chance: random.Random) -> bytes:
    """Return bytes with one to eight changes: bits, numbers, lengths, order, parts of others."""
    out = bytearray(data)
    for _ in range(1 << chance.randrange(4)):
        _damage(out, pool, chance)
    return bytes(out)


def _damage(out: bytearray, pool: Sequence[bytes], chance: random.Random) -> None:
    kind = chance.choice(_KINDS)
    if not out:
        out += bytes([chance.randrange(256)])
    at = chance.randrange(len(out))
    if kind == 0:
        out[at] ^= 1 << chance.randrange(8)
    elif kind == 1:
        out[at] = chance.randrange(256)
    elif kind == 2:
        width = chance.choice((1, 2, 4, 8))
        order = chance.choice(("little", "big"))
        number = chance.choice(_NUMBERS) % (1 << 8 * width)
        out[at : at + width] = number.to_bytes(width, order)  # type: ignore[arg-type]
    elif kind == 3:
        del out[at : at + chance.randint(1, 16)]
    elif kind == 4:
        out[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 16)))
    elif kind == 5:
        del out[at:]
    elif kind == 6:  # a part once more
        part = out[at : at + chance.randint(1, 64)]
        out[at:at] = part * chance.randint(1, 4)
    elif kind == 7:
        other = chance.choice(pool)
        start = chance.randrange(len(other) + 1)
        taken = other[start : start + chance.randint(1, 64)]
        out[at : at + len(taken)] = taken
    else:
        count = chance.randint(1, 8)
        out[at : at + count] = bytes([chance.choice((0, 255))]) * count


def reworded(text: str, chance: random.Random) -> str:
    """Return text in which some words or numbers stand in place of others."""
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 1, 1, 4, 12)))
        text = text[:start] + chance.choice(TEXTS) + text[end:]
    return text


def encoded(text: str) -> bytes:
    """Return text as bytes, half surrogates too, which no reader may take for text."""
    return text.encode("utf-8", "surrogatepass")
