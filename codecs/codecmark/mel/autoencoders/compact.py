"""A compact autoencoder with AudioLDM2's geometry and weights that this project trained.

diffusers' `AutoencoderKL` with a seventeenth of the published parameters. The latent has the same
shape, 8 x T/4 x 16, so it can replace the published autoencoder in the chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from codecmark.mel.autoencoders.audioldm2 import GEOMETRY, MelAutoencoder, network_of
from codecmark.mel.log_levels import scaled, unscaled
from codecmark.networks import runtime, trained_sets
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located

FILE, KIND = "vae.safetensors", "compact"
CONFIG: Mapping[str, Any] = {
    **GEOMETRY,
    "block_out_channels": [32, 64, 128],
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "scaling_factor": 1.0,
}


class CompactAutoencoder(MelAutoencoder):
    """`[channels, frames, bands]` to `[channels, 8, frames / 4, bands / 4]` and back."""

    def __init__(self, network: Any) -> None:
        self._take(network)

    @classmethod
    def load(cls, located: Located, setup: Setup) -> CompactAutoencoder:
        """Build from a located set.

        Raises
        ------
        DamagedWeightsError
            If its file is not a complete network.
        """
        network = trained_sets.build(located.folder / FILE, KIND, network_of)
        return cls(runtime.ready(network, setup))

    def encode(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Return the scaled latent; frames and bands must be multiples of 4."""
        return super().encode(scaled(log_mel))

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the log-mel `[channels, frames, bands]` of a scaled latent."""
        return unscaled(super().decode(latent))
