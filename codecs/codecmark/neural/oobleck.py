"""Stable Audio's autoencoder on diffusers' `AutoencoderOobleck`: latent straight to waveform."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import torch
from diffusers import AutoencoderOobleck

from codecmark.bitstream import scalar_coding
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples, fit_length, resample
from codecmark.codec import Codec
from codecmark.errors import InputError
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

# vae/config.json of stabilityai/stable-audio-open-1.0
PUBLISHED: Mapping[str, Any] = {
    "encoder_hidden_size": 128,
    "downsampling_ratios": [2, 4, 4, 8, 8],
    "channel_multiples": [1, 2, 4, 8, 16],
    "decoder_channels": 128,
    "decoder_input_channels": 64,
    "audio_channels": 2,
    "sampling_rate": 44_100,
}
VARIANT = "stable-audio"
_CHANNELS = 2


class OobleckCodec(Codec):
    """64 latents for each 2,048 samples of 44.1 kHz stereo, coded as the setting says.

    Takes the mode of the latent distribution: a codec adds no noise. Mono goes in as two equal
    channels and comes out as their mean; more than two channels are refused.
    """

    def __init__(self, coding: str, setup: Setup, config: Mapping[str, Any] = PUBLISHED) -> None:
        source = setup.weights.locate_or_random("stabilityai/stable-audio-open-1.0")
        model: Any = AutoencoderOobleck  # its constructors are not typed
        self._network: Any = runtime.build(
            source,
            lambda folder: runtime.load_pretrained(model, folder, subfolder="vae"),
            lambda: model(**config),
            setup,
        )
        self._device = runtime.device_of(self._network)
        loaded = self._network.config
        self._rate_hz = int(loaded["sampling_rate"])
        self._hop = int(prod(loaded["downsampling_ratios"]))
        self._latents = int(loaded["decoder_input_channels"])
        self._coding = scalar_coding.named(coding)
        bits = scalar_coding.bits_per_value(coding)
        self.info = runtime.info(
            self._network,
            source,
            setup,
            spec=f"oobleck:{VARIANT}@{coding}",
            family="oobleck",
            sample_rate_hz=self._rate_hz,
            channels=_CHANNELS,
            nominal_bitrate_kbps=bits and bits * self._latents * self._rate_hz / self._hop / 1000,
            algorithmic_delay_samples=None,
            licence="Apache-2.0 (diffusers); weights Stability AI Community License",
            reference="arXiv 2407.14358",
            notes="not causal: the delay is a lower bound; weights are gated at their source",
        )

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> OobleckCodec:
        """Build from e.g. `oobleck:stable-audio@f16`."""
        if spec.variant != VARIANT:
            raise InputError(f"spec: {spec}: variant must be {VARIANT}")
        scalar_coding.named(spec.setting or "f16")  # a wrong one is refused before the network
        return cls(spec.setting or "f16", setup)

    @torch.inference_mode()
    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the coded latent `[1, latents, frames]`."""
        stereo = clip.with_channels(_CHANNELS).resampled(self._rate_hz).samples
        padded = fit_length(stereo, self._frame_count(stereo.shape[1]) * self._hop)
        latent = self._network.encode(
            runtime.to_tensor(padded, self._device)[None]
        ).latent_dist.mode()
        return self._coding.encode(runtime.to_array(latent))

    @torch.inference_mode()
    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the channels at the header's rate and length."""
        length = -(-header.n_samples * self._rate_hz // header.sample_rate_hz)
        shape = 1, self._latents, self._frame_count(length)
        latent = self._coding.decode(payload, shape)
        decoded = runtime.to_array(
            self._network.decode(runtime.to_tensor(latent, self._device)).sample[0]
        )
        if header.channels == 1:
            decoded = decoded.mean(axis=0, keepdims=True)
        return resample(decoded, self._rate_hz, header.sample_rate_hz, header.n_samples)

    def _frame_count(self, length: int) -> int:
        return -(-length // self._hop)
