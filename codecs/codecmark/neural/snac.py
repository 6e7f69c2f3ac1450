"""SNAC on its own package, whose tokens come at several rates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import lcm, prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from snac import SNAC

from codecmark.clip import Samples
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.neural.tokens import TokenCodec, Tokens
from codecmark.neural.torch_tokens import mono_info
from codecmark.spec import Spec


def _published(
    rate_hz: int, rates: tuple[int, ...], window: int | None, strides: tuple[int, ...]
) -> Mapping[str, Any]:
    return {
        "sampling_rate": rate_hz,
        "encoder_dim": 48 if window is None else 64,
        "encoder_rates": list(rates),
        "decoder_dim": 1024 if window is None else 1536,
        "decoder_rates": list(reversed(rates)),
        "attn_window_size": window,
        "codebook_size": 4096,
        "codebook_dim": 8,
        "vq_strides": list(strides),
        "noise": True,
        "depthwise": True,
    }


# config.json of hubertsiuzdak/snac_24khz, snac_32khz and snac_44khz
PUBLISHED: Mapping[str, Mapping[str, Any]] = {
    "24khz": _published(24_000, (2, 4, 8, 8), None, (4, 2, 1)),
    "32khz": _published(32_000, (2, 3, 8, 8), 32, (8, 4, 2, 1)),
    "44khz": _published(44_100, (2, 3, 8, 8), 32, (8, 4, 2, 1)),
}


class SnacCodec(TokenCodec):
    """SNAC: 12-bit tokens, of which the coarse codebooks give one where the finest gives 4 or 8.

    A frame here is the stretch after which the network repeats itself: its tokens are rows, coarse
    codebook first. The decoder adds noise of its own; it is seeded, so that the same bytes give
    the same samples.
    """

    def __init__(self, variant: str, setup: Setup, config: Mapping[str, Any] | None = None) -> None:
        source = setup.weights.locate_or_random(f"hubertsiuzdak/snac_{variant}")
        config = PUBLISHED[variant] if config is None else config
        self._model: Any = runtime.build(source, _load, lambda: SNAC(**config), setup)
        self._device = runtime.device_of(self._model)
        strides = self._model.vq_strides
        latents = lcm(strides[0], self._model.attn_window_size or 1)
        self._tokens_of_book = [latents // stride for stride in strides]
        self.rate_hz = int(self._model.sampling_rate)
        self.hop = prod(self._model.encoder_rates) * latents
        self.bits = (int(self._model.codebook_size) - 1).bit_length()
        self.codebooks = sum(self._tokens_of_book)
        self.info = mono_info(
            self,
            self._model,
            source,
            setup,
            spec=f"snac:{variant}",
            family="snac",
            algorithmic_delay_samples=None,
            licence="MIT",
            reference="arXiv 2410.14411",
            notes=f"{len(strides)} codebooks, each finer one at a higher rate; not causal; the "
            "decoder's noise is seeded",
        )

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> SnacCodec:
        """Build from e.g. `snac:24khz`."""
        variant = spec.variant_among(PUBLISHED)
        spec.refuse_setting()
        return cls(variant, setup)

    @property
    def codebook_of_row(self) -> tuple[int, ...]:
        """The codebook that the tokens of each row index."""
        return tuple(book for book, n in enumerate(self._tokens_of_book) for _ in range(n))

    @torch.inference_mode()
    def tokenize(self, frames: Samples) -> Tokens:
        """Turn `[channels, n * hop]` into `[channels, tokens of a frame, n]`."""
        codes = self._model.encode(runtime.to_tensor(frames, self._device)[:, None])
        rows = [
            book.cpu().numpy().reshape(len(frames), -1, n).transpose(0, 2, 1)
            for book, n in zip(codes, self._tokens_of_book, strict=True)
        ]
        return np.concatenate(rows, axis=1)

    @torch.inference_mode()
    def synthesize(self, tokens: Tokens) -> Samples:
        """Turn `[channels, tokens of a frame, n]` into `[channels, n * hop]`."""
        books = np.split(tokens, np.cumsum(self._tokens_of_book)[:-1], axis=1)
        codes = [
            torch.from_numpy(book.transpose(0, 2, 1).reshape(len(tokens), -1)).to(self._device)
            for book in books
        ]
        with runtime.seeded(self._device):
            audio = self._model.decode(codes)
        return runtime.to_array(audio[:, 0])


def _load(folder: Path) -> Any:
    def make() -> Any:
        return SNAC(**json.loads((folder / "config.json").read_text()))

    return runtime.load_state(make, folder / "pytorch_model.bin")
