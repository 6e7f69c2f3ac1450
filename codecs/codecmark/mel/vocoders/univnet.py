"""UnivNet (Jang et al., arXiv 2106.07889), with transformers' `UnivNetModel`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from transformers import UnivNetConfig, UnivNetModel

from codecmark.codec import Weights
from codecmark.mel.formats import UNIVNET
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located

# the defaults of transformers' UnivNetConfig, which are those of dg845/univnet-dev
PUBLISHED: Mapping[str, Any] = {
    "model_in_channels": 64,
    "model_hidden_channels": 32,
    "num_mel_bins": 100,
    "resblock_kernel_sizes": [3, 3, 3],
    "resblock_stride_sizes": [8, 8, 4],
    "resblock_dilation_sizes": [[1, 3, 9, 27], [1, 3, 9, 27], [1, 3, 9, 27]],
    "kernel_predictor_num_blocks": 3,
    "kernel_predictor_hidden_channels": 64,
    "kernel_predictor_conv_size": 3,
    "kernel_predictor_dropout": 0.0,
    "initializer_range": 0.01,
    "leaky_relu_slope": 0.2,
}
_NOISE_SEED = 0


class UnivNet:
    """Turns seeded noise into a waveform, conditioned on a log-mel; deterministic."""

    mel = UNIVNET

    def __init__(
        self, source: Located | Weights, setup: Setup, config: Mapping[str, Any] = PUBLISHED
    ) -> None:
        self.network = runtime.build(
            source,
            lambda folder: runtime.load_pretrained(UnivNetModel, folder),
            lambda: UnivNetModel(UnivNetConfig(**config)),
            setup,
        )
        self.parameters = runtime.parameter_count(self.network)

    def synthesize(self, spectrogram: MelSpectrogram) -> torch.Tensor:
        """Turn `[channels, frames, bands]` into `[channels, frames * hop]`."""
        values = spectrogram.require(self.mel, "UnivNet")
        # drawn on the host for one channel, so the noise does not depend on device and channels
        generator = torch.Generator().manual_seed(_NOISE_SEED)
        width = self.network.config.model_in_channels
        noise = torch.randn(values.shape[1], width, generator=generator)
        sequence = noise.to(values).expand(len(values), -1, -1)
        waveform: torch.Tensor = self.network(values, noise_sequence=sequence).waveforms
        return waveform
