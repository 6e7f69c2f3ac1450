"""Mimi, Moshi's codec, on transformers' `MimiModel`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from transformers import MimiConfig, MimiModel

from codecmark.bitstream import bitpacking
from codecmark.clip import Samples
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.neural.causal_stream import decode_in_blocks
from codecmark.neural.mimi_stream import DecoderStream, EncoderStream
from codecmark.neural.streaming import ChunkDecoder, ChunkEncoder
from codecmark.neural.torch_tokens import TransformersTokenCodec, mono_info
from codecmark.spec import Spec

# config.json of kyutai/mimi; of `num_quantizers` it is silent, its file holds 32 codebooks
PUBLISHED: Mapping[str, Any] = {
    "sampling_rate": 24_000,
    "frame_rate": 12.5,
    "audio_channels": 1,
    "hidden_size": 512,
    "num_filters": 64,
    "num_residual_layers": 1,
    "upsampling_ratios": [8, 6, 5, 4],
    "upsample_groups": 512,
    "kernel_size": 7,
    "last_kernel_size": 3,
    "residual_kernel_size": 3,
    "dilation_growth_rate": 2,
    "use_causal_conv": True,
    "pad_mode": "constant",
    "compress": 2,
    "trim_right_ratio": 1.0,
    "use_conv_shortcut": False,
    "codebook_size": 2048,
    "codebook_dim": 256,
    "num_quantizers": 32,
    "num_semantic_quantizers": 1,
    "vector_quantization_hidden_dimension": 256,
    "num_hidden_layers": 8,
    "intermediate_size": 2048,
    "num_attention_heads": 8,
    "num_key_value_heads": 8,
    "head_dim": 64,
    "hidden_act": "gelu",
    "max_position_embeddings": 8000,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0},
    "sliding_window": 250,
    "attention_bias": False,
    "attention_dropout": 0.0,
    "norm_eps": 1e-5,
    "layer_scale_initial_scale": 0.01,
    "initializer_range": 0.02,
    "use_cache": False,
}
_ONE_BOOK_KBPS = 11 * 12.5 / 1000
_WHOLE_FRAMES = 125  # 10 s: the class sees a signal up to this at once,
_BLOCK_FRAMES = 25  # and a longer one passes in blocks of 2 s


class MimiCodec(TransformersTokenCodec):
    """Mimi at the number of codebooks that comes nearest to the asked bitrate.

    12.5 frames a second, 11 bits for each codebook: 8 of them, as Moshi uses, are 1.1 kbit/s.
    """

    def __init__(
        self, bitrate_kbps: float, setup: Setup, config: Mapping[str, Any] = PUBLISHED
    ) -> None:
        source = setup.weights.locate_or_random("kyutai/mimi")
        self._model: Any = runtime.build(
            source,
            lambda folder: runtime.load_pretrained(MimiModel, folder),
            lambda: random_model(config),
            setup,
        )
        self.device = runtime.device_of(self._model)
        loaded = self._model.config
        self.rate_hz = int(loaded.sampling_rate)
        self.hop = round(loaded.sampling_rate / loaded.frame_rate)
        self.live_rate_hz, self.chunk_samples = self.rate_hz, self.hop
        self.bits = (int(loaded.codebook_size) - 1).bit_length()
        self.codebooks = min(max(round(bitrate_kbps / _ONE_BOOK_KBPS), 1), loaded.num_quantizers)
        self._encode_options = {"num_quantizers": self.codebooks}
        self.info = mono_info(
            self,
            self._model,
            source,
            setup,
            spec=f"mimi@{bitrate_kbps:g}k",
            family="mimi",
            algorithmic_delay_samples=self.hop,
            licence="Apache-2.0 (transformers); weights CC-BY-4.0",
            reference="arXiv 2410.00037",
            parameters=runtime.parameter_count(self._model)
            + sum(codebook.embed_sum.numel() for codebook in _codebooks(self._model)),
            notes=f"{self.codebooks} codebooks, the first one semantic; causal; live, and above "
            f"{_WHOLE_FRAMES / 12.5:g} s, in blocks, equal up to rounding",
        )

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> MimiCodec:
        """Build from e.g. `mimi@1.1k`."""
        spec.refuse_variant()
        return cls(spec.bitrate_kbps(_ONE_BOOK_KBPS / 2, 32 * _ONE_BOOK_KBPS), setup)

    def codes_of(self, batch: torch.Tensor) -> torch.Tensor:
        """Turn `[channels, 1, n * hop]` into `[channels, codebooks, n]`."""
        if batch.shape[-1] <= _WHOLE_FRAMES * self.hop:
            return super().codes_of(batch)
        encode = EncoderStream(self._model, self.codebooks)
        blocks = torch.split(batch, _BLOCK_FRAMES * self.hop, dim=-1)
        return torch.cat([encode(block) for block in blocks], dim=-1)

    def audio_of(self, codes: torch.Tensor) -> torch.Tensor:
        """Turn `[channels, codebooks, n]` into `[channels, n * hop]`."""
        if codes.shape[-1] <= _WHOLE_FRAMES:
            return super().audio_of(codes)
        stream = DecoderStream(self._model)
        return decode_in_blocks(stream, codes, _BLOCK_FRAMES, self.hop)[:, 0]

    def live_encoder(self) -> ChunkEncoder:
        """Return an encoder of single frames of 80 ms; their tokens are those of `encode`."""
        stream = EncoderStream(self._model, self.codebooks)

        def encode(chunk: Samples) -> bytes:
            with torch.inference_mode():
                codes = stream(runtime.to_tensor(chunk, self.device)[None, None])
            return bitpacking.pack_integers(codes.cpu().numpy(), self.bits)

        return encode

    def live_decoder(self) -> ChunkDecoder:
        """Return a decoder of single frames."""
        stream = DecoderStream(self._model)

        def decode(data: bytes) -> Samples:
            tokens = bitpacking.unpack_integers(data, self.codebooks, self.bits)
            codes = torch.from_numpy(tokens.reshape(1, -1, 1)).to(self.device)
            with torch.inference_mode():
                return runtime.to_array(stream(codes)[0, 0])

        return decode


def random_model(config: Mapping[str, Any]) -> Any:
    """Return a network with random weights, its codebooks too: the class leaves them at zero."""
    model: Any = MimiModel(MimiConfig(**config))
    for codebook in _codebooks(model):
        codebook.embed_sum.normal_()
    return model


def _codebooks(model: Any) -> Iterator[Any]:
    return (module for module in model.quantizer.modules() if hasattr(module, "embed_sum"))
