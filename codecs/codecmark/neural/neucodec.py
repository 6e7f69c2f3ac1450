"""NeuCodec and its forerunner X-Codec 2, one scalar-quantised token a frame, on transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import (
    NeuCodecConfig,
    NeuCodecModel,
    SeamlessM4TFeatureExtractor,
    Xcodec2Config,
    Xcodec2Model,
)

from codecmark.clip import Samples
from codecmark.errors import InputError
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.neural.tokens import TokenCodec, Tokens
from codecmark.neural.torch_tokens import mono_info
from codecmark.spec import Spec


@dataclass(frozen=True)
class _Published:
    """Where NeuCodec and X-Codec 2 differ."""

    checkpoint: str
    model: Any
    config: Any
    rates: Mapping[str, int]  # in, and out where it is another
    silent_frame: bool  # the encoder is given one frame of silence more and drops its token
    margin: int  # silence on both sides of what w2v-BERT hears
    licence: str
    reference: str


_FAMILIES = {
    "neucodec": _Published(
        "neuphonic/neucodec", NeuCodecModel, NeuCodecConfig,
        {"input_sampling_rate": 16_000, "output_sampling_rate": 24_000},
        True, 0, "Apache-2.0", "arXiv 2509.09550",
    ),
    "xcodec2": _Published(
        "HKUSTAudio/xcodec2-hf", Xcodec2Model, Xcodec2Config, {"sampling_rate": 16_000},
        False, 160, "CC-BY-NC-4.0", "arXiv 2502.04128",
    ),
}  # fmt: skip
# both ports' settings as their conversions state them; w2v-BERT is facebook/w2v-bert-2.0 up to
# its 16th layer
PUBLISHED: Mapping[str, Any] = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 12,
    "num_attention_heads": 16,
    "num_key_value_heads": 16,
    "head_dim": 64,
    "hidden_act": "silu",
    "max_position_embeddings": 4096,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0},
    "rms_norm_eps": 1e-6,
    "attention_bias": False,
    "encoder_hidden_size": 48,
    "downsampling_ratios": [2, 2, 4, 4, 5],
    "quantization_dim": 2048,
    "quantization_levels": [4] * 8,
    "initializer_range": 0.02,
    "semantic_model_config": {
        "model_type": "wav2vec2-bert",
        "num_hidden_layers": 16,
        "hidden_size": 1024,
        "num_attention_heads": 16,
        "intermediate_size": 4096,
        "feature_projection_input_dim": 160,
        "hidden_act": "swish",
        "layer_norm_eps": 1e-5,
        "position_embeddings_type": "relative_key",
        "left_max_position_embeddings": 64,
        "right_max_position_embeddings": 8,
        "max_source_positions": 5000,
        "conv_depthwise_kernel_size": 31,
        "add_adapter": False,
        "use_intermediate_ffn_before_adapter": False,
    },
}


class FsqCodec(TokenCodec):
    """50 tokens a second of 16 bits: eight scalars of four levels, a row of 2 bits for each.

    w2v-BERT's features are those of its own numpy extractor: the extractors of the two ports need
    torchaudio. Rows are coded apart, so that a range coder sees eight small alphabets.
    """

    def __init__(self, family: str, setup: Setup, config: Mapping[str, Any] = PUBLISHED) -> None:
        self._family = _FAMILIES[family]
        source = setup.weights.locate_or_random(self._family.checkpoint)
        self._model: Any = runtime.build(
            source,
            lambda folder: runtime.load_pretrained(self._family.model, folder),
            lambda: self._family.model(self._family.config(**config, **self._family.rates)),
            setup,
        )
        self._device = runtime.device_of(self._model)
        extractor: Any = SeamlessM4TFeatureExtractor  # its constructor is not typed
        self._features = extractor()
        loaded = self._model.config
        levels = list(loaded.quantization_levels)
        self.bits = (levels[0] - 1).bit_length()
        if levels != [1 << self.bits] * len(levels):
            raise InputError(f"{family}: quantization_levels must be one power of two, {levels}")
        self.codebooks = len(levels)
        self.hop = int(np.prod(loaded.downsampling_ratios))
        rates_hz = [int(getattr(loaded, name)) for name in self._family.rates]
        self.rate_hz, self._output_rate_hz = rates_hz[0], rates_hz[-1]
        self.info = mono_info(
            self,
            self._model,
            source,
            setup,
            spec=family,
            family=family,
            algorithmic_delay_samples=None,
            licence=f"Apache-2.0 (transformers); weights {self._family.licence}",
            reference=self._family.reference,
            notes=f"decodes to {self._output_rate_hz} Hz; w2v-BERT hears the whole clip",
        )

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> FsqCodec:
        """Build `neucodec` or `xcodec2`."""
        spec.refuse_variant()
        spec.refuse_setting()
        return cls(spec.family, setup)

    @property
    def output_rate_hz(self) -> int:
        """The rate of what `synthesize` returns."""
        return self._output_rate_hz

    @torch.inference_mode()
    def tokenize(self, frames: Samples) -> Tokens:
        """Turn `[channels, n * hop]` into `[channels, levels, n]`."""
        n = frames.shape[1] // self.hop
        if self._family.silent_frame:
            frames = np.pad(frames, ((0, 0), (0, self.hop)))
        heard = np.pad(frames, ((0, 0), (self._family.margin, self._family.margin)))
        features = self._features(list(heard), sampling_rate=self.rate_hz)["input_features"]
        codes = self._model.encode(
            runtime.to_tensor(frames, self._device)[:, None],
            runtime.to_tensor(features, self._device),
        ).audio_codes
        shifts = self.bits * np.arange(self.codebooks)[:, None]
        tokens: Tokens = codes.cpu().numpy()[:, :, :n] >> shifts & (1 << self.bits) - 1
        return tokens

    @torch.inference_mode()
    def synthesize(self, tokens: Tokens) -> Samples:
        """Turn `[channels, levels, n]` into `[channels, as long]` at the output's rate."""
        shifts = self.bits * np.arange(self.codebooks)[:, None]
        codes = torch.from_numpy((tokens << shifts).sum(axis=1, keepdims=True))
        audio = self._model.decode(codes.to(self._device)).audio_values
        return runtime.to_array(audio[:, 0])
