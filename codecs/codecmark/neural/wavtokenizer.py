"""WavTokenizer, one codebook and a Vocos-like decoder, on transformers' `WavTokenizerModel`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from transformers import WavTokenizerConfig, WavTokenizerModel

from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.neural.torch_tokens import TransformersTokenCodec, mono_info
from codecmark.spec import Spec

CHECKPOINTS = {
    "unify-40": "swiss-ai/wavtokenizer-large-unify-40token",
    "speech-75": "swiss-ai/wavtokenizer-large-speech-75token-v2",
}


def _published(upsampling_ratios: tuple[int, ...]) -> Mapping[str, Any]:
    return {
        "sampling_rate": 24_000,
        "audio_channels": 1,
        "num_filters": 32,
        "upsampling_ratios": list(upsampling_ratios),
        "num_residual_layers": 1,
        "dilation_growth_rate": 2,
        "compress": 2,
        "use_conv_shortcut": True,
        "use_causal_conv": False,
        "pad_mode": "reflect",
        "norm_type": "weight_norm",
        "kernel_size": 7,
        "last_kernel_size": 7,
        "residual_kernel_size": 3,
        "num_lstm_layers": 2,
        "hidden_size": 512,
        "codebook_size": 4096,
        "codebook_dim": 512,
        "decoder_hidden_size": 768,
        "decoder_intermediate_size": 2304,
        "decoder_num_layers": 12,
        "adanorm_num_embeddings": 4,
        "decoder_attention_num_groups": 32,
        "norm_eps": 1e-6,
    }


# the authors' frame40 and frame75 configurations of dim512, code4096, attn; the checkpoints'
# config.json itself could not be read
PUBLISHED = {"unify-40": _published((6, 5, 5, 4)), "speech-75": _published((8, 5, 4, 2))}


class WavTokenizerCodec(TransformersTokenCodec):
    """WavTokenizer 24 kHz: 40 or 75 tokens a second of 12 bits."""

    codebooks = 1

    def __init__(self, variant: str, setup: Setup, config: Mapping[str, Any] | None = None) -> None:
        source = setup.weights.locate_or_random(CHECKPOINTS[variant])
        config = PUBLISHED[variant] if config is None else config
        self._model: Any = runtime.build(
            source,
            lambda folder: runtime.load_pretrained(WavTokenizerModel, folder),
            lambda: random_model(config),
            setup,
        )
        self.device = runtime.device_of(self._model)
        loaded = self._model.config
        self.rate_hz = int(loaded.sampling_rate)
        self.hop = int(loaded.hop_length)
        self.bits = (int(loaded.codebook_size) - 1).bit_length()
        self.info = mono_info(
            self,
            self._model,
            source,
            setup,
            spec=f"wavtokenizer:{variant}",
            family="wavtokenizer",
            algorithmic_delay_samples=None,
            licence="Apache-2.0 (transformers); weights MIT",
            reference="arXiv 2408.16532",
            parameters=runtime.parameter_count(self._model) + _codebook(self._model).numel(),
            notes="the decoder attends to the whole clip",
        )

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> WavTokenizerCodec:
        """Build from e.g. `wavtokenizer:unify-40`."""
        variant = spec.variant_among(CHECKPOINTS)
        spec.refuse_setting()
        return cls(variant, setup)


def random_model(config: Mapping[str, Any]) -> Any:
    """Return a network with random weights, its codebook too: the class leaves it at zero."""
    model: Any = WavTokenizerModel(WavTokenizerConfig(**config))
    _codebook(model).normal_()
    return model


def _codebook(model: Any) -> torch.Tensor:
    embed: torch.Tensor = model.encoder_model.quantizer.codebook.embed
    return embed
