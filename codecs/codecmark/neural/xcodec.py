"""X-Codec, whose tokens also carry what HuBERT hears, on transformers' `XcodecModel`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import XcodecConfig, XcodecModel

from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.neural.torch_tokens import TransformersTokenCodec, mono_info
from codecmark.spec import Spec

CHECKPOINTS = {
    "speech": "hf-audio/xcodec-hubert-librispeech",
    "general": "hf-audio/xcodec-hubert-general-balanced",
}
# config.json of X-Codec's port, every field that shapes the network; HuBERT is
# facebook/hubert-base-ls960 or one of the same shape
PUBLISHED: Mapping[str, Any] = {
    "target_bandwidths": [0.5, 1, 1.5, 2, 4],
    "sample_rate": 16_000,
    "kernel_size": 3,
    "channel_ratios": [1, 1],
    "strides": [1, 1],
    "block_dilations": [1, 1],
    "unit_kernel_size": 3,
    "codebook_size": 1024,
    "codebook_dim": 1024,
    "initializer_range": 0.02,
    "acoustic_model_config": {
        "model_type": "dac",
        "sampling_rate": 16_000,
        "encoder_hidden_size": 64,
        "downsampling_ratios": [8, 5, 4, 2],
        "decoder_hidden_size": 1024,
        "upsampling_ratios": [8, 5, 4, 2],
        "hidden_size": 256,
    },
    "semantic_model_config": {
        "model_type": "hubert",
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-5,
        "do_stable_layer_norm": False,
        "feat_extract_norm": "group",
        "feat_extract_activation": "gelu",
        "feat_proj_layer_norm": True,
        "conv_dim": [512, 512, 512, 512, 512, 512, 512],
        "conv_stride": [5, 2, 2, 2, 2, 2, 2],
        "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
        "conv_bias": False,
        "num_conv_pos_embeddings": 128,
        "num_conv_pos_embedding_groups": 16,
        "conv_pos_batch_norm": False,
    },
}


class XcodecCodec(TransformersTokenCodec):
    """X-Codec 16 kHz: 50 frames a second, 10 bits for each of up to 8 codebooks."""

    def __init__(
        self,
        variant: str,
        bitrate_kbps: float,
        setup: Setup,
        config: Mapping[str, Any] = PUBLISHED,
    ) -> None:
        source = setup.weights.locate_or_random(CHECKPOINTS[variant])
        self._model: Any = runtime.build(
            source,
            lambda folder: runtime.load_pretrained(XcodecModel, folder),
            lambda: random_model(config),
            setup,
        )
        self.device = runtime.device_of(self._model)
        self._encode_options = {"bandwidth": bitrate_kbps}
        loaded = self._model.config
        self.rate_hz = int(loaded.sample_rate)
        self.hop = int(loaded.hop_length)
        self.bits = int(loaded.codebook_nbits)
        self.codebooks = round(bitrate_kbps * 1000 * self.hop / self.rate_hz / self.bits)
        self.info = mono_info(
            self,
            self._model,
            source,
            setup,
            spec=f"xcodec:{variant}@{bitrate_kbps:g}k",
            family="xcodec",
            algorithmic_delay_samples=None,
            licence="Apache-2.0 (transformers); weights MIT (its repository's)",
            reference="arXiv 2408.17175",
            parameters=runtime.parameter_count(self._model)
            + sum(layer.codebook.embed.numel() for layer in self._model.quantizer.quantizers),
            notes="HuBERT hears the whole clip",
        )

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> XcodecCodec:
        """Build from e.g. `xcodec:general@2k`."""
        variant = spec.variant_among(CHECKPOINTS)
        return cls(variant, spec.bitrate_among(PUBLISHED["target_bandwidths"]), setup)


def random_model(config: Mapping[str, Any]) -> Any:
    """Return a network with random weights, its codebooks too: the class leaves them at zero."""
    model: Any = XcodecModel(XcodecConfig(**config))
    for layer in model.quantizer.quantizers:
        layer.codebook.embed.normal_()
    return model
