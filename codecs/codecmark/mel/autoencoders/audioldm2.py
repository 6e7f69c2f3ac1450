"""The AudioLDM2 variational autoencoder: log-mel to latent and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from diffusers import AutoencoderKL

from codecmark.codec import Weights
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located

GEOMETRY: Mapping[str, Any] = {  # gives a latent of 8 x T/4 x F/4, whatever the widths
    "in_channels": 1,
    "out_channels": 1,
    "down_block_types": ["DownEncoderBlock2D"] * 3,
    "up_block_types": ["UpDecoderBlock2D"] * 3,
    "act_fn": "silu",
    "latent_channels": 8,
    "sample_size": 1024,
}
# vae/config.json of cvssp/audioldm2 (base, -music and -large share the architecture)
PUBLISHED: Mapping[str, Any] = {
    **GEOMETRY,
    "block_out_channels": [128, 256, 512],
    "layers_per_block": 2,
    "norm_num_groups": 32,
    "scaling_factor": 0.4110932946205139,
    "force_upcast": True,
}
# get_audioldm_48k_config in haoheliu/AudioLDM2:audioldm2/utils.py, in diffusers' terms; its latent
# scale was learned and is only in the checkpoint, so latents are not scaled here
FULLBAND: Mapping[str, Any] = {
    **PUBLISHED,
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "block_out_channels": [128, 256, 512, 1024],
    "latent_channels": 16,
    "scaling_factor": 1.0,
}
CHUNK_FRAMES = 1024  # 10.24 s, the length it was trained on; attention grows quadratically


def network_of(config: Mapping[str, Any]) -> Any:
    """Return diffusers' `AutoencoderKL` of a configuration."""
    model: Any = AutoencoderKL  # its constructor is not typed
    return model(**config)


class MelAutoencoder:
    """`[channels, frames, bands]` to `[channels, latents, frames / s, bands / s]` and back.

    `s` is `stride`: 4 at 16 kHz, with 8 latent channels, and 8 at 48 kHz, with 16 latent channels.
    The latent is the mode of the distribution, scaled to unit variance. Long spectrograms are
    processed in chunks of 1024 frames.
    """

    def __init__(
        self, source: Located | Weights, setup: Setup, config: Mapping[str, Any] = PUBLISHED
    ) -> None:
        network = runtime.build(
            source,
            lambda folder: runtime.load_pretrained(AutoencoderKL, folder, subfolder="vae"),
            lambda: network_of(config),
            setup,
        )
        self._take(network)

    def _take(self, network: Any) -> None:
        """Use `network`, ready to run, with the sizes in its configuration."""
        self.network: Any = network
        self.device = runtime.device_of(network)
        self._scale = float(network.config["scaling_factor"])
        self.latent_channels = int(network.config["latent_channels"])
        halvings = len(network.config["block_out_channels"]) - 1
        self.stride = 2**halvings

    def latent_shape(self, frames: int, bands: int) -> tuple[int, int, int]:
        """Return the latent's shape without the channel axis, for a multiple of `stride` frames."""
        return self.latent_channels, frames // self.stride, bands // self.stride

    def encode(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Return the scaled latent; frames and bands must be multiples of `stride`."""
        chunks = torch.split(log_mel[:, None], CHUNK_FRAMES, dim=2)
        modes = [self.network.encode(chunk).latent_dist.mode() for chunk in chunks]
        return torch.cat(modes, dim=2) * self._scale

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the log-mel `[channels, frames, bands]` of a scaled latent."""
        chunks = torch.split(latent / self._scale, CHUNK_FRAMES // self.stride, dim=2)
        return torch.cat([self.network.decode(chunk).sample for chunk in chunks], dim=2)[:, 0]
