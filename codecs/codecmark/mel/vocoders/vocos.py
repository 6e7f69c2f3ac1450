"""Vocos (Siuzdak, arXiv 2306.00814): ConvNeXt blocks and an inverse STFT.

The network is implemented here, with the published names of its parameters, because its package
needs torchaudio for mel spectrograms that `mel` computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from codecmark.codec import Weights
from codecmark.errors import DamagedWeightsError
from codecmark.mel.formats import VOCOS
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.mel.stft import inverse_stft
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located

# config.yaml of charactr/vocos-mel-24khz
PUBLISHED: Mapping[str, Any] = {
    "input_channels": 100,
    "dim": 512,
    "intermediate_dim": 1536,
    "num_layers": 8,
    "n_fft": 1024,
}
WEIGHTS_FILE = "pytorch_model.bin"
_CONSTANTS = ("feature_extractor.", "head.istft.")  # windows and filters, computed here
_LARGEST_MAGNITUDE = 100.0


class _Block(nn.Module):
    """ConvNeXt in one dimension, on `[channels, frames, width]`."""

    def __init__(self, width: int, inner: int, scale: float) -> None:
        super().__init__()
        self.dwconv = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.pwconv1 = nn.Linear(width, inner)
        self.pwconv2 = nn.Linear(inner, width)
        self.gamma = nn.Parameter(torch.full((width,), scale))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        mixed = self.norm(self.dwconv(values.mT).mT)
        widened = nn.functional.gelu(self.pwconv1(mixed))
        result: torch.Tensor = values + self.gamma * self.pwconv2(widened)
        return result


class _Backbone(nn.Module):
    def __init__(self, input_channels: int, dim: int, intermediate_dim: int, layers: int) -> None:
        super().__init__()
        self.embed = nn.Conv1d(input_channels, dim, 7, padding=3)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        blocks = (_Block(dim, intermediate_dim, 1 / layers) for _ in range(layers))
        self.convnext = nn.Sequential(*blocks)
        self.final_layer_norm = nn.LayerNorm(dim, eps=1e-6)
        for layer in self.modules():  # its authors' initialisation
            if isinstance(layer, nn.Conv1d | nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)
                nn.init.constant_(layer.get_parameter("bias"), 0.0)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        hidden = self.convnext(self.norm(self.embed(values.mT).mT))
        result: torch.Tensor = self.final_layer_norm(hidden)
        return result


class _Head(nn.Module):
    def __init__(self, dim: int, n_fft: int) -> None:
        super().__init__()
        self.out = nn.Linear(dim, n_fft + 2)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        log_magnitude, phase = self.out(hidden).chunk(2, dim=-1)
        return torch.polar(log_magnitude.exp().clamp(max=_LARGEST_MAGNITUDE), phase)


class VocosNetwork(nn.Module):
    """Log-mel `[channels, frames, bands]` to a complex spectrum of the same frames."""

    def __init__(
        self, *, input_channels: int, dim: int, intermediate_dim: int, num_layers: int, n_fft: int
    ) -> None:
        super().__init__()
        self.backbone = _Backbone(input_channels, dim, intermediate_dim, num_layers)
        self.head = _Head(dim, n_fft)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the spectrum `[channels, frames, n_fft / 2 + 1]`."""
        spectrum: torch.Tensor = self.head(self.backbone(values))
        return spectrum

    @classmethod
    def load(cls, folder: Path, config: Mapping[str, Any]) -> VocosNetwork:
        """Load the published file, without unpickling code.

        Raises
        ------
        DamagedWeightsError
            If the file cannot be read, or does not have exactly these parameters.
        """
        path, network = folder / WEIGHTS_FILE, cls(**config)
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            learned = {k: v for k, v in state.items() if not k.startswith(_CONSTANTS)}
            network.load_state_dict(learned)
        except Exception as error:
            raise DamagedWeightsError(
                f"weights in {path} cannot be read ({type(error).__name__}: {error})",
                "replace the file with the published one",
            ) from error
        return network


class Vocos:
    """Vocos at its published size: 24 kHz, 100 bands."""

    mel = VOCOS

    def __init__(
        self, source: Located | Weights, setup: Setup, config: Mapping[str, Any] = PUBLISHED
    ) -> None:
        self.network = runtime.build(
            source,
            lambda folder: VocosNetwork.load(folder, config),
            lambda: VocosNetwork(**config),
            setup,
        )
        self.parameters = runtime.parameter_count(self.network)

    def synthesize(self, spectrogram: MelSpectrogram) -> torch.Tensor:
        """Turn `[channels, frames, bands]` into `[channels, (frames - 1) * hop]`."""
        values = spectrogram.require(self.mel, "Vocos")
        padded = inverse_stft(self.network(values), self.mel.framing)
        first = self.mel.reflected
        return padded[:, first : first + self.mel.samples(values.shape[1])]
