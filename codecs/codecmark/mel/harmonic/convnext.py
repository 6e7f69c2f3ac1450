"""ConvNeXt blocks over frames.

References
----------
Liu et al., arXiv 2201.03545; over frames of a vocoder: Vocos (arXiv 2306.00814).
"""

from __future__ import annotations

import torch
from torch import nn


class Block(nn.Module):
    """ConvNeXt over frames: `[batch, frames, width]` to the same."""

    def __init__(self, width: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, hidden)
        self.narrow = nn.Linear(hidden, width)
        self.scale = nn.Parameter(torch.full((width,), 1 / layers))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` plus the block's residual."""
        mixed = self.norm(self.mix(x.transpose(1, 2)).transpose(1, 2))
        residual: torch.Tensor = self.narrow(nn.functional.gelu(self.widen(mixed)))
        return x + self.scale * residual
