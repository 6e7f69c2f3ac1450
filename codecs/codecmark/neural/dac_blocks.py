"""How far DAC's layers see, and the blocks that follow from it: a long signal in bounded memory.

The networks are convolutions alone, so what a frame becomes depends on a stretch of the signal
and on nothing before or behind it. A block with at least that stretch on both sides gives what
the whole signal gives, up to rounding; at the ends of the signal the layers pad as they always do.

Positions are counted in samples at the codec's rate. Each layer widens the stretch by its taps on
either side of the position, times the samples that lie between two of its positions:

- a residual unit of 7 taps at dilation d: 3 d, so 39 for the three at 1, 3 and 9;
- a convolution of 2 s taps at stride s, padded by c = ceil(s / 2): c on one side, 2 s - 1 - c on
  the other; transposed, the other way round;
- the convolutions at both ends, of 7 taps, and of 3 over the encoder's frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

_UNITS = 3 * (1 + 3 + 9)
_WIDE = 3  # taps on either side of the first and last convolutions,
_NARROW = 1  # and of the one that makes frames


class Reach(NamedTuple):
    """Samples before and behind a position that reach it."""

    before: int
    behind: int

    def frames(self, hop: int) -> int:
        """Return the whole frames that cover the longer side."""
        return -(-max(self) // hop)


class Block(NamedTuple):
    """Frames `first..end` are kept of what the network makes of `seen_first..seen_end`."""

    first: int
    end: int
    seen_first: int
    seen_end: int

    @property
    def skipped(self) -> int:
        """Frames of context in front of the first one kept."""
        return self.first - self.seen_first


def encoder_reach(downsampling_ratios: Sequence[int]) -> Reach:
    """Return which samples reach a frame, from the frame's first one on."""
    before = behind = _WIDE + _NARROW * prod(downsampling_ratios)
    scale = 1
    for ratio in downsampling_ratios:
        padding = -(-ratio // 2)
        before += scale * (_UNITS + padding)
        behind += scale * (_UNITS + 2 * ratio - 1 - padding)
        scale *= ratio
    return Reach(before, behind)


def decoder_reach(upsampling_ratios: Sequence[int]) -> Reach:
    """Return which frames reach a sample, each counted at its first sample."""
    scale = prod(upsampling_ratios)
    before = behind = _WIDE + _WIDE * scale
    for ratio in upsampling_ratios:
        padding = -(-ratio // 2)
        scale //= ratio
        before += scale * (_UNITS + 2 * ratio - 1 - padding)
        behind += scale * (_UNITS + padding)
    return Reach(before, behind)


def blocks(frames: int, block_frames: int, context_frames: int) -> Iterator[Block]:
    """Cut `frames` into blocks, each seen with its context as far as the signal has one."""
    for first in range(0, frames, block_frames):
        end = min(first + block_frames, frames)
        yield Block(first, end, max(0, first - context_frames), min(frames, end + context_frames))
