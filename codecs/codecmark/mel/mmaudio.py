"""MMAudio's chain at 44.1 kHz: a one-dimensional VAE over the mel's frames, and BigVGAN.

Uses diffusers' `MMAudioVAE` and `MMAudioVocoder`, as Kandinsky 6 does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from diffusers import MMAudioVAE, MMAudioVocoder

from codecmark.mel.checkpoint_chain import Checkpoint, CheckpointCodec, Config, Source, build_part
from codecmark.mel.formats import MMAUDIO
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.networks import runtime
from codecmark.networks.setup import Setup

# the defaults of diffusers' MMAudioVAE, which are those of the 44.1 kHz model of
# hkchengrex/MMAudio:mmaudio/ext/autoencoder/vae.py
PUBLISHED_VAE: Mapping[str, Any] = {
    "mel_bins": 128,
    "latent_channels": 40,
    "hidden_channels": 512,
    "channel_multipliers": [1, 2, 4],
    "layers_per_block": 2,
    "sample_rate": 44_100,
    "n_fft": 2048,
    "hop_length": 512,
    "scaling_factor": 0.417,
}
# the defaults of diffusers' MMAudioVocoder: BigVGAN v2, 44 kHz, 128 bands, 512 times
PUBLISHED_VOCODER: Mapping[str, Any] = {
    "num_mels": 128,
    "upsample_initial_channel": 1536,
    "upsample_rates": [8, 4, 2, 2, 2, 2],
    "upsample_kernel_sizes": [16, 8, 4, 4, 4, 4],
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
}
_STRIDE = 2
_CHUNK_FRAMES = 690  # 8 s, the length it was trained on; attention grows quadratically


class FrameAutoencoder:
    """`[channels, frames, 128]` to `[channels, 40, frames / 2]` and back.

    The latent is the mode of the distribution, scaled to unit variance.
    """

    def __init__(self, source: Source, setup: Setup, config: Config) -> None:
        self.network = build_part(source, MMAudioVAE, "audio_vae", config, setup)
        self.device = runtime.device_of(self.network)
        self._latents = int(self.network.config["latent_channels"])
        self._scale = float(self.network.config["scaling_factor"])

    def latent_shape(self, frames: int, bands: int) -> tuple[int, ...]:
        """Return the latent's shape without its first axis, for an even number of frames."""
        del bands  # a latent frame codes all bands
        return self._latents, frames // _STRIDE

    def encode(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Return the latent."""
        chunks = torch.split(log_mel.mT, _CHUNK_FRAMES, dim=2)
        # the network's own encode() takes a waveform; moments are means first, then variances
        moments = torch.cat([self.network.vae.encode(chunk) for chunk in chunks], dim=2)
        return moments[:, : self._latents] * self._scale

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the log-mel."""
        chunks = torch.split(latent / self._scale, _CHUNK_FRAMES // _STRIDE, dim=2)
        return torch.cat([self.network.decode(chunk).sample for chunk in chunks], dim=2).mT


class BigVgan:
    """BigVGAN v2 (arXiv 2206.04658) at 44.1 kHz."""

    mel = MMAUDIO

    def __init__(self, source: Source, setup: Setup, config: Config) -> None:
        self.network = build_part(source, MMAudioVocoder, "vocoder", config, setup)
        self.parameters = runtime.parameter_count(self.network)

    def synthesize(self, spectrogram: MelSpectrogram) -> torch.Tensor:
        """Turn `[channels, frames, bands]` into `[channels, frames * hop]`."""
        values = spectrogram.require(MMAUDIO, "BigVGAN")
        waveform: torch.Tensor = self.network(values.mT).sample
        return waveform[:, 0]


CHECKPOINT = Checkpoint(
    weight_set="kandinskylab/Kandinsky-6.0-Pro-distill-5s-Diffusers",
    variant="44k",
    vocoder_name="bigvgan",
    mel=MMAUDIO,
    autoencoder=FrameAutoencoder,
    autoencoder_config=PUBLISHED_VAE,
    vocoder=BigVgan,
    vocoder_config=PUBLISHED_VOCODER,
    licence="Apache-2.0 (diffusers); licence of the weights: see their source",
    notes="the latent is sent: 6.4 mel values for each latent value",
)


class MMAudioCodec(CheckpointCodec):
    """MMAudio's autoencoder and its vocoder."""

    reference: ClassVar[str] = "arXiv 2412.15322"
    checkpoint = CHECKPOINT
