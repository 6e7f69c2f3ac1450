"""Base of mel chains with an autoencoder."""

from __future__ import annotations

import torch

from codecmark.mel.autoencoders.base import Autoencoder
from codecmark.mel.chain import ChainCodec


class LatentCodec(ChainCodec):
    """A chain that codes the latent of an autoencoder."""

    autoencoder: Autoencoder

    def analyse(self, values: torch.Tensor) -> torch.Tensor:
        """Return the latent."""
        return self.autoencoder.encode(values)

    def restore(self, coded: torch.Tensor) -> torch.Tensor:
        """Return the log-mel."""
        return self.autoencoder.decode(coded)

    def coded_shape(self, frames: int) -> tuple[int, ...]:
        """Return the latent's shape."""
        return self.autoencoder.latent_shape(frames, self.mel.bands)
