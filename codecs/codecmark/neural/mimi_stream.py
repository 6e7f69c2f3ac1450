"""Mimi block by block: its convolutions, and its transformers with what they attend to kept.

transformers' class streams its encoder, with padding caches of its own, and of its decoder the
transformer alone: the decoder's convolutions would start anew at each block. Here both sides keep
everything, so blocks of any number of frames, one too, give what the whole signal gives. At the
published size with seeded random weights, 22.4 s of speech frame by frame: each of 2,240 tokens
the same, and the audio within 2e-6 of its peak.
"""

from __future__ import annotations

from typing import Any

import torch

from codecmark.neural.causal_stream import CausalStream


class EncoderStream:
    """The state of a `MimiModel`'s encoder between the blocks of one signal."""

    def __init__(self, model: Any, codebooks: int) -> None:
        half = model.encoder
        self._waveform = CausalStream(half.encoder_seanet.layers)
        self._transformer = _Attending(half.encoder_transformer)
        self._downsample = CausalStream([half.downsample])
        self._quantizer, self._codebooks = model.quantizer, codebooks

    def __call__(self, block: torch.Tensor) -> torch.Tensor:
        """Turn `[batch, 1, n * hop]` into `[batch, codebooks, n]`."""
        latents = self._downsample(self._transformer(self._waveform(block)))
        codes: torch.Tensor = self._quantizer.encode(latents, self._codebooks).transpose(0, 1)
        return codes


class DecoderStream:
    """The state of a `MimiModel`'s decoder between the blocks of one signal."""

    def __init__(self, model: Any) -> None:
        half = model.decoder
        self._quantizer = model.quantizer
        self._upsample = CausalStream([half.upsample])
        self._transformer = _Attending(half.decoder_transformer)
        self._waveform = CausalStream(half.decoder_seanet.layers)

    def __call__(self, codes: torch.Tensor) -> torch.Tensor:
        """Turn `[batch, codebooks, n]` into `[batch, 1, n * hop]`."""
        latents = self._upsample(self._quantizer.decode(codes))
        return self._waveform(self._transformer(latents))


class _Attending:
    """A transformer that keeps the keys and values of its window."""

    def __init__(self, transformer: Any) -> None:
        self._transformer = transformer
        self._cache: Any = None

    def __call__(self, block: torch.Tensor) -> torch.Tensor:
        """Turn `[batch, channels, n]` into the same shape."""
        found = self._transformer(block.transpose(1, 2), cache=self._cache, use_cache=True)
        self._cache = found.cache
        out: torch.Tensor = found.last_hidden_state.transpose(1, 2)
        return out
