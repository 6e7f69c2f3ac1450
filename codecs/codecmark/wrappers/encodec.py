"""EnCodec on transformers' `EncodecModel`."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import torch
from transformers import EncodecConfig, EncodecModel

from codecmark import networks
from codecmark.clip import Samples
from codecmark.codec import CodecInfo
from codecmark.errors import InputError
from codecmark.spec import Spec
from codecmark.weights import locate_or_random
from codecmark.wrappers.tokens import TokenCodec, Tokens

# config.json of facebook/encodec_24khz, every field that shapes the network
PUBLISHED_24KHZ: Mapping[str, Any] = {
    "target_bandwidths": [1.5, 3.0, 6.0, 12.0, 24.0],
    "sampling_rate": 24_000,
    "audio_channels": 1,
    "normalize": False,
    "chunk_length_s": None,
    "overlap": None,
    "hidden_size": 128,
    "num_filters": 32,
    "num_residual_layers": 1,
    "upsampling_ratios": [8, 5, 4, 2],
    "norm_type": "weight_norm",
    "kernel_size": 7,
    "last_kernel_size": 7,
    "residual_kernel_size": 3,
    "dilation_growth_rate": 2,
    "use_causal_conv": True,
    "pad_mode": "reflect",
    "compress": 2,
    "num_lstm_layers": 2,
    "trim_right_ratio": 1.0,
    "codebook_size": 1024,
    "codebook_dim": 128,
    "use_conv_shortcut": True,
}


class EncodecCodec(TokenCodec):
    """EnCodec 24 kHz: 75 frames a second, 10 bits for each codebook."""

    def __init__(self, bitrate_kbps: float, config: Mapping[str, Any] = PUBLISHED_24KHZ) -> None:
        source = locate_or_random("facebook/encodec_24khz")
        self._model: Any = networks.build(
            source,
            lambda folder: networks.load_pretrained(EncodecModel, folder),
            lambda: random_model(config),
        )
        self._bandwidth = bitrate_kbps
        self.rate_hz = int(config["sampling_rate"])
        self.hop = prod(config["upsampling_ratios"])
        self.bits = (int(config["codebook_size"]) - 1).bit_length()
        self.codebooks = round(bitrate_kbps * 1000 * self.hop / self.rate_hz / self.bits)
        self.info = CodecInfo(
            spec=f"encodec:24khz@{bitrate_kbps:g}k",
            family="encodec",
            sample_rate_hz=self.rate_hz,
            channels=1,
            nominal_bitrate_kbps=self.bitrate_kbps,
            algorithmic_delay_samples=self.hop,
            licence="Apache-2.0 (transformers); weights CC-BY-NC-4.0",
            reference="arXiv 2210.13438",
            parameters=networks.parameter_count(self._model)
            + sum(layer.codebook.embed.numel() for layer in self._model.quantizer.layers),
            weights=networks.weights_of(source),
            device=str(networks.device()),
            backend="eager",
            notes="causal; without the entropy-coding language model",
        )

    @classmethod
    def from_spec(cls, spec: Spec) -> EncodecCodec:
        """Build from e.g. `encodec:24khz@6k`."""
        if spec.variant != "24khz":
            raise InputError(f"spec: {spec}: variant must be 24khz")
        allowed = PUBLISHED_24KHZ["target_bandwidths"]
        bitrate_kbps = spec.bitrate_kbps(min(allowed), max(allowed))
        if bitrate_kbps not in allowed:
            rates = ", ".join(f"{rate:g}k" for rate in allowed)
            raise InputError(f"spec: {spec}: bitrate must be one of {rates}")
        return cls(bitrate_kbps)

    @torch.inference_mode()
    def tokenize(self, frames: Samples) -> Tokens:
        """Turn `[channels, n * hop]` into `[channels, codebooks, n]`."""
        batch = networks.to_tensor(frames)[:, None]
        codes = self._model.encode(batch, bandwidth=self._bandwidth).audio_codes
        tokens: Tokens = codes[0].cpu().numpy()  # one chunk
        return tokens

    @torch.inference_mode()
    def synthesize(self, tokens: Tokens) -> Samples:
        """Turn `[channels, codebooks, n]` into `[channels, n * hop]`."""
        codes = torch.from_numpy(tokens)[None].to(networks.device())
        audio = self._model.decode(codes, [None]).audio_values
        return networks.to_array(audio[:, 0])


def random_model(config: Mapping[str, Any]) -> Any:
    """Return a network with random weights, its codebooks too: the class leaves them at zero."""
    model: Any = EncodecModel(EncodecConfig(**config))
    for layer in model.quantizer.layers:
        layer.codebook.embed.normal_()
    return model
