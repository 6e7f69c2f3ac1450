"""LTX-2's audio chain: AudioLDM2's geometry, but causal and stereo, with a vocoder at 24 kHz.

Uses diffusers' `AutoencoderKLLTX2Audio` and `LTX2Vocoder`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from diffusers import AutoencoderKLLTX2Audio
from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder

from codecmark.errors import InputError
from codecmark.mel.checkpoint_chain import Checkpoint, CheckpointCodec, Config, Source, build_part
from codecmark.mel.formats import AUDIOLDM2_CENTRED
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.networks import runtime
from codecmark.networks.setup import Setup

# get_ltx2_audio_vae_config and get_ltx2_vocoder_config, version 2.0, in
# huggingface/diffusers:scripts/convert_ltx2_to_diffusers.py
PUBLISHED_VAE: Mapping[str, Any] = {
    "base_channels": 128,
    "output_channels": 2,
    "ch_mult": [1, 2, 4],
    "num_res_blocks": 2,
    "attn_resolutions": None,
    "in_channels": 2,
    "resolution": 256,
    "latent_channels": 8,
    "norm_type": "pixel",
    "causality_axis": "height",
    "dropout": 0.0,
    "mid_block_add_attention": False,
    "sample_rate": 16_000,
    "mel_hop_length": 160,
    "is_causal": True,
    "mel_bins": 64,
    "double_z": True,
}
PUBLISHED_VOCODER: Mapping[str, Any] = {
    "in_channels": 128,
    "hidden_channels": 1024,
    "out_channels": 2,
    "upsample_kernel_sizes": [16, 15, 8, 4, 4],
    "upsample_factors": [6, 5, 2, 2, 2],
    "resnet_kernel_sizes": [3, 7, 11],
    "resnet_dilations": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
    "act_fn": "leaky_relu",
    "leaky_relu_negative_slope": 0.1,
    "antialias": False,
    "antialias_ratio": 2,
    "antialias_kernel_size": 12,
    "final_act_fn": "tanh",
    "final_bias": True,
    "output_sampling_rate": 24_000,
}
# LTX-2's own audio processor computes AudioLDM2's mel with centred frames
MEL = AUDIOLDM2_CENTRED
_STRIDE = 4


class StereoAutoencoder:
    """`[1 or 2, 4 n + 1, 64]` to `[1, 8, n + 1, 16]`, and back to two channels.

    The latent is the mode of the distribution, normalised by the checkpoint's own statistics. Both
    axes are halved twice, time causally, so the first frame has a latent of its own.
    """

    def __init__(self, source: Source, setup: Setup, config: Config) -> None:
        self.network = build_part(source, AutoencoderKLLTX2Audio, "audio_vae", config, setup)
        self.device = runtime.device_of(self.network)
        self._latents = int(self.network.config["latent_channels"])
        # one per latent channel and band, channels first
        shape = 1, self._latents, 1, MEL.bands // _STRIDE
        self._mean = self.network.latents_mean.reshape(shape)
        self._deviation = self.network.latents_std.reshape(shape)

    def latent_shape(self, frames: int, bands: int) -> tuple[int, ...]:
        """Return the latent's shape without its first axis."""
        return self._latents, -(-frames // _STRIDE), bands // _STRIDE

    def encode(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Return the latent; a single channel is duplicated."""
        if len(log_mel) > 2:
            raise InputError(
                f"clip: LTX-2's autoencoder takes 1 or 2 channels, not {len(log_mel)}; mix "
                "it to stereo first"
            )
        mode = self.network.encode(log_mel.expand(2, -1, -1)[None]).latent_dist.mode()
        normalised: torch.Tensor = (mode - self._mean) / self._deviation
        return normalised

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the log-mel of both channels."""
        log_mel: torch.Tensor = self.network.decode(latent * self._deviation + self._mean).sample
        return log_mel[0]


class StereoHifiGan:
    """LTX-2's HiFi-GAN: from a stereo mel at 16 kHz to stereo at 24 kHz."""

    mel = MEL

    def __init__(self, source: Source, setup: Setup, config: Config) -> None:
        self.network = build_part(source, LTX2Vocoder, "vocoder", config, setup)
        self.sample_rate_hz = int(self.network.config["output_sampling_rate"])
        self.parameters = runtime.parameter_count(self.network)

    def synthesize(self, spectrogram: MelSpectrogram) -> torch.Tensor:
        """Turn `[2, frames, bands]` into `[2, samples]` at `sample_rate_hz`."""
        values = spectrogram.require(MEL, "LTX-2's HiFi-GAN")
        waveform: torch.Tensor = self.network(values[None])[0]
        length = MEL.samples(values.shape[1]) * self.sample_rate_hz // MEL.sample_rate_hz
        return waveform[:, :length]


CHECKPOINT = Checkpoint(
    weight_set="Lightricks/LTX-2",
    variant="2.0",
    vocoder_name="hifigan",
    mel=MEL,
    autoencoder=StereoAutoencoder,
    autoencoder_config=PUBLISHED_VAE,
    vocoder=StereoHifiGan,
    vocoder_config=PUBLISHED_VOCODER,
    licence="Apache-2.0 (diffusers); weights LTX-2 Community License",
    notes="the latent is sent: 4 mel values of two channels for each latent value",
)


class LTX2Codec(CheckpointCodec):
    """LTX-2's audio autoencoder and vocoder, for stereo; mono is decoded as the channels' mean."""

    channels = 2
    reference: ClassVar[str] = "arXiv 2601.03233"
    checkpoint = CHECKPOINT

    def coded_channels(self, channels: int) -> int:
        """Return 1: both channels share a latent."""
        del channels
        return 1

    def frame_count(self, samples: int) -> int:
        """Return a multiple of 4, plus one frame, as the causal network decodes it."""
        return -(-(self.mel.frames(samples) - 1) // _STRIDE) * _STRIDE + 1

    @property
    def synthesis_rate_hz(self) -> int:
        """24 kHz for LTX-2's own vocoder, the mel's rate for phase retrieval."""
        if isinstance(self.vocoder, StereoHifiGan):
            return self.vocoder.sample_rate_hz
        return self.mel.sample_rate_hz
