"""The interface of autoencoders in mel chains."""

from __future__ import annotations

from typing import Protocol

import torch


class Autoencoder(Protocol):
    """Converts a log-mel to a latent and back, with a network on `device`."""

    device: torch.device

    def latent_shape(self, frames: int, bands: int) -> tuple[int, ...]:
        """Return the latent's shape without its first axis."""
        ...

    def encode(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Return the latent of a log-mel `[channels, frames, bands]`, of about unit variance."""
        ...

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the log-mel `[channels, frames, bands]` of a latent."""
        ...
