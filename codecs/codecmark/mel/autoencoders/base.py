"""What an autoencoder of mel spectrograms is to the chains: log-mel to latent and back."""

from __future__ import annotations

from typing import Protocol

import torch


class Autoencoder(Protocol):
    """Log-mel to latent and back, by a network on `device`."""

    device: torch.device

    def latent_shape(self, frames: int, bands: int) -> tuple[int, ...]:
        """Return the latent's shape without its first axis."""
        ...

    def encode(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Return the latent of `[channels, frames, bands]`, of about unit variance."""
        ...

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the log-mel."""
        ...
