"""A small network that estimates the pitch of a voice from its log-mel."""

from __future__ import annotations

import math

import torch
from torch import nn

from codecmark.mel.harmonic.convnext import Block

LOWEST_HZ, HIGHEST_HZ = 50.0, 600.0


class PitchNetwork(nn.Module):
    """`[batch, frames, bands]` to logits `[batch, frames, 1 + pitches]`: voicing, then pitches."""

    def __init__(self, bands: int, width: int, layers: int, pitches: int) -> None:
        super().__init__()
        self.enter = nn.Linear(bands, width)
        self.blocks = nn.Sequential(*(Block(width, 3 * width, layers) for _ in range(layers)))
        self.leave = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1 + pitches))

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        """Return the logits of scaled log-mel values."""
        logits: torch.Tensor = self.leave(self.blocks(self.enter(levels)))
        return logits

    def hz(self, levels: torch.Tensor) -> torch.Tensor:
        """Return the pitch `[batch, frames]` of scaled log-mels in Hz, 0 if unvoiced."""
        logits = self(levels)
        likely = torch.softmax(logits[..., 1:], dim=-1)
        best = likely.argmax(-1, keepdim=True)
        index = torch.arange(likely.shape[-1], device=likely.device)
        near = likely * ((index - best).abs() <= 3)
        mean = (near * index).sum(-1) / near.sum(-1)
        pitch: torch.Tensor = pitch_at(mean, likely.shape[-1]) * (logits[..., 0] > 0)
        return pitch


def pitch_at(index: torch.Tensor, pitches: int) -> torch.Tensor:
    """Return the pitch in Hz for an index into the pitches, which are evenly spaced in octaves."""
    octaves = math.log2(HIGHEST_HZ / LOWEST_HZ)
    return LOWEST_HZ * torch.exp2(index * (octaves / (pitches - 1)))


def index_of(pitch_hz: torch.Tensor, pitches: int) -> torch.Tensor:
    """Return the fractional index of a pitch; the inverse of `pitch_at`."""
    octaves = math.log2(HIGHEST_HZ / LOWEST_HZ)
    return torch.log2(pitch_hz.clamp(min=1.0) / LOWEST_HZ) * ((pitches - 1) / octaves)
