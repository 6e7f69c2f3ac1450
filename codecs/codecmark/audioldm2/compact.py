"""A compact autoencoder in the published geometry, with the weights that this project trained.

diffusers' `AutoencoderKL` with a seventeenth of the published parameters: the same latent, 8 x T/4
x 16, so that it takes the published one's place in the chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from diffusers import AutoencoderKL

from codecmark import networks, trained_weights
from codecmark.audioldm2.autoencoder import MelAutoencoder
from codecmark.audioldm2.harmonic import scaled, unscaled
from codecmark.errors import DamagedWeightsError
from codecmark.weights import Located

FILE, KIND = "vae.safetensors", "compact"
CONFIG: Mapping[str, Any] = {
    "in_channels": 1,
    "out_channels": 1,
    "down_block_types": ["DownEncoderBlock2D"] * 3,
    "up_block_types": ["UpDecoderBlock2D"] * 3,
    "block_out_channels": [32, 64, 128],
    "layers_per_block": 1,
    "act_fn": "silu",
    "latent_channels": 8,
    "norm_num_groups": 8,
    "sample_size": 1024,
    "scaling_factor": 1.0,
}


class CompactAutoencoder(MelAutoencoder):
    """`[channels, frames, bands]` to `[channels, 8, frames / 4, bands / 4]` and back."""

    def __init__(self, network: Any) -> None:
        self.network = network.eval().requires_grad_(False).to(networks.device())
        self._scale = float(network.config["scaling_factor"])
        self.latent_channels = int(network.config["latent_channels"])
        self.stride = 2 ** (len(network.config["block_out_channels"]) - 1)

    @classmethod
    def load(cls, located: Located) -> CompactAutoencoder:
        """Build from a located set.

        Raises
        ------
        DamagedWeightsError
            If its file is not a whole network.
        """
        path = located.folder / FILE
        config, state = trained_weights.read(path, KIND)
        model: Any = AutoencoderKL  # its constructor is not typed
        try:
            network = model(**config)
            network.load_state_dict(state)
        except Exception as error:
            raise DamagedWeightsError(
                f"{path} is not a whole network ({str(error).splitlines()[0]})", "replace it"
            ) from error
        return cls(network)

    def encode(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Return the scaled latent; frames and bands must be multiples of 4."""
        return super().encode(scaled(log_mel))

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the log-mel `[channels, frames, bands]` of a scaled latent."""
        return unscaled(super().decode(latent))
