"""Ways from a log-mel spectrogram to a waveform: phase retrieval and HiFi-GAN."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

from codecmark import networks
from codecmark.audioldm2.mel import MelFormat, magnitude_from_mel
from codecmark.audioldm2.phase import griffin_lim
from codecmark.errors import InputError
from codecmark.weights import Located, Weights

# vocoder/config.json of cvssp/audioldm2
PUBLISHED_HIFIGAN: Mapping[str, Any] = {
    "model_in_dim": 64,
    "sampling_rate": 16_000,
    "upsample_initial_channel": 1024,
    "upsample_rates": [5, 4, 2, 2, 2],
    "upsample_kernel_sizes": [16, 16, 8, 4, 4],
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
    "initializer_range": 0.01,
    "leaky_relu_slope": 0.1,
    "normalize_before": False,
}
_GRIFFIN_LIM = re.compile(r"griffinlim-(\d{1,5})")


class Vocoder(Protocol):
    """Last stage of the chain."""

    parameters: int

    def synthesize(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Turn `[channels, frames, bands]` into `[channels, frames * hop]`."""
        ...


class GriffinLimVocoder:
    """Non-negative mel inversion, then accelerated Griffin-Lim; nothing learned."""

    parameters = 0

    def __init__(self, mel: MelFormat, iterations: int) -> None:
        self._mel = mel
        self._iterations = iterations

    @classmethod
    def from_stage(cls, stage: str, mel: MelFormat) -> GriffinLimVocoder:
        """Build from `griffinlim-64`."""
        match = _GRIFFIN_LIM.fullmatch(stage)
        if match is None:
            raise InputError(f"spec: stage {stage!r} is not griffinlim-N, e.g. griffinlim-64")
        return cls(mel, int(match.group(1)))

    def synthesize(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Turn `[channels, frames, bands]` into `[channels, frames * hop]`."""
        magnitude = magnitude_from_mel(log_mel, self._mel)
        padded = griffin_lim(magnitude, self._mel, self._iterations)
        return padded[:, self._mel.padding : padded.shape[1] - self._mel.padding]


class HifiGanVocoder:
    """AudioLDM2's HiFi-GAN on transformers' `SpeechT5HifiGan`.

    Its first transposed convolution (kernel 16, stride 5) yields 5 T + 1 samples, 32 too many in
    the end; they are cropped at the end, as the AudioLDM2 pipeline does.
    """

    def __init__(
        self,
        source: Located | Weights,
        mel: MelFormat,
        config: Mapping[str, Any] = PUBLISHED_HIFIGAN,
    ) -> None:
        self.network = networks.build(
            source,
            lambda folder: SpeechT5HifiGan.from_pretrained(
                folder, subfolder="vocoder", local_files_only=True
            ),
            lambda: SpeechT5HifiGan(SpeechT5HifiGanConfig(**config)),
        )
        bands = self.network.config.model_in_dim
        if bands != mel.bands:
            raise InputError(
                f"vocoder: takes {bands} mel bands, the front end gives {mel.bands}; "
                "use a vocoder that was trained on this mel format"
            )
        self._hop = mel.hop
        self.parameters = networks.parameter_count(self.network)

    def synthesize(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Turn `[channels, frames, bands]` into `[channels, frames * hop]`."""
        waveform: torch.Tensor = self.network(log_mel)
        return waveform[:, : log_mel.shape[1] * self._hop]
