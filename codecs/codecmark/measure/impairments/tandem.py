"""Tandem coding: a clip coded several times in a row, by one codec or by two that take turns."""

from __future__ import annotations

from collections.abc import Sequence

from codecmark.clip import AudioClip
from codecmark.codec import Codec


def earlier_passes(codec: Codec, other: Codec, passes: int) -> list[Codec]:
    """Return what codes a clip before the last pass, which is `codec`'s own, in order."""
    turns = (codec, other)
    return [turns[left % 2] for left in range(passes - 1, 0, -1)]


def passed_through(codecs: Sequence[Codec], clip: AudioClip) -> AudioClip:
    """Return what is left of a clip after these passes; 16-bit samples go from one to the next."""
    for codec in codecs:
        clip = codec.decode(codec.encode(clip)).on_pcm16_grid()
    return clip
