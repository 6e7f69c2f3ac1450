"""Segments of a clip, as EnCodec codes them: what each holds, how long they are, how they join."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch


class Segment(NamedTuple):
    """Tokens `[batch, codebooks, frames]` and levels `[batch]`."""

    tokens: torch.Tensor
    level: torch.Tensor | None


def segment_samples(config: Mapping[str, Any]) -> tuple[int, int]:
    """Return how long a segment is and how far from the next one's start, in samples."""
    length = int(config["chunk_length_s"] * config["sampling_rate"])
    return length, max(1, int((1 - config["overlap"]) * length))


def overlap_add(pieces: Sequence[torch.Tensor], stride: int) -> torch.Tensor:
    """Add pieces `[..., samples]` that start every `stride` samples, each under a triangle.

    Where one piece lies alone the triangle cancels; where two do it fades from one to the other.
    """
    first = pieces[0]
    position = torch.linspace(0, 1, first.shape[-1] + 2, dtype=first.dtype, device=first.device)
    triangle = 0.5 - (position[1:-1] - 0.5).abs()
    samples = stride * (len(pieces) - 1) + pieces[-1].shape[-1]
    total = first.new_zeros((*first.shape[:-1], samples))
    weight = first.new_zeros(samples)
    for index, piece in enumerate(pieces):
        here = slice(index * stride, index * stride + piece.shape[-1])
        total[..., here] += triangle[: piece.shape[-1]] * piece
        weight[here] += triangle[: piece.shape[-1]]
    return total / weight
