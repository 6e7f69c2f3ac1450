"""DAC as its authors' package `descript-audio-codec` computes it.

Its own `.dac` files are pickles and are never read; only `encode` and `decode` are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from codecmark.codec import Weights
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located
from codecmark.neural import original_checkpoints, original_packages


class OriginalDac:
    """`dac.DAC`, on frames that are whole."""

    def __init__(self, config: Mapping[str, Any], source: Located | Weights, setup: Setup) -> None:
        self.model: Any = runtime.build(
            source,
            lambda folder: original_checkpoints.load_folder(make(config), folder),
            lambda: make(config),
            setup,
        )
        self.parameters = runtime.parameter_count(self.model)

    def encode(self, batch: torch.Tensor, codebooks: int) -> torch.Tensor:
        """Turn `[batch, 1, n * hop]` into `[batch, codebooks, n]`."""
        tokens: torch.Tensor = self.model.encode(batch, codebooks)[1]
        return tokens

    def decode(self, tokens: torch.Tensor) -> torch.Tensor:
        """Turn `[batch, codebooks, n]` into `[batch, about n * hop]`."""
        latent = self.model.quantizer.from_codes(tokens)[0]
        decoded: torch.Tensor = self.model.decode(latent)[:, 0]
        return decoded


def make(config: Mapping[str, Any]) -> Any:
    """Return a network of this size; its constructor draws the weights."""
    return original_packages.load("dac").DAC(
        encoder_dim=config["encoder_hidden_size"],
        encoder_rates=config["downsampling_ratios"],
        latent_dim=config["hidden_size"],
        decoder_dim=config["decoder_hidden_size"],
        decoder_rates=config["upsampling_ratios"],
        n_codebooks=config["n_codebooks"],
        codebook_size=config["codebook_size"],
        codebook_dim=config["codebook_dim"],
        sample_rate=config["sampling_rate"],
    )
