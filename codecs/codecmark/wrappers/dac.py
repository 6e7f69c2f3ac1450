"""Descript Audio Codec on transformers' `DacModel`."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import torch
from transformers import DacConfig, DacModel

from codecmark import networks
from codecmark.clip import Samples
from codecmark.codec import CodecInfo
from codecmark.errors import InputError
from codecmark.spec import Spec
from codecmark.weights import locate_or_random
from codecmark.wrappers.tokens import TokenCodec, Tokens


def _published(rate_hz: int, codebooks: int, ratios: tuple[int, ...]) -> Mapping[str, Any]:
    return {
        "sampling_rate": rate_hz,
        "n_codebooks": codebooks,
        "downsampling_ratios": list(ratios),
        "upsampling_ratios": list(reversed(ratios)),
        "hop_length": prod(ratios),
        "encoder_hidden_size": 64,
        "decoder_hidden_size": 1536,
        "hidden_size": 1024,
        "codebook_size": 1024,
        "codebook_dim": 8,
        "quantizer_dropout": 0.0,
    }


# config.json of descript/dac_16khz, dac_24khz and dac_44khz
PUBLISHED: Mapping[str, Mapping[str, Any]] = {
    "16khz": _published(16_000, 12, (2, 4, 5, 8)),
    "24khz": _published(24_000, 32, (2, 4, 5, 8)),
    "44khz": _published(44_100, 9, (2, 4, 8, 8)),
}


class DacCodec(TokenCodec):
    """DAC at the number of codebooks that comes nearest to the asked bitrate.

    The stride of 5 in the 16 and 24 kHz networks makes them return 8 samples early and 8 short
    (an odd stride cannot be padded evenly); decoding puts these samples back.
    """

    def __init__(
        self, variant: str, bitrate_kbps: float, config: Mapping[str, Any] | None = None
    ) -> None:
        config = PUBLISHED[variant] if config is None else config
        source = locate_or_random(f"descript/dac_{variant}")
        self._model: Any = networks.build(
            source,
            lambda folder: networks.load_pretrained(DacModel, folder),
            lambda: DacModel(DacConfig(**config)),
        )
        self.rate_hz = int(config["sampling_rate"])
        self.hop = int(config["hop_length"])
        self.bits = (int(config["codebook_size"]) - 1).bit_length()
        one_book_kbps = self.bits * self.rate_hz / self.hop / 1000
        asked = round(bitrate_kbps / one_book_kbps)
        self.codebooks = min(max(asked, 1), int(config["n_codebooks"]))
        self._early = _early_samples(config["downsampling_ratios"])
        self.info = CodecInfo(
            spec=f"dac:{variant}@{bitrate_kbps:g}k",
            family="dac",
            sample_rate_hz=self.rate_hz,
            channels=1,
            nominal_bitrate_kbps=self.bitrate_kbps,
            algorithmic_delay_samples=None,
            licence="Apache-2.0 (transformers); weights MIT",
            reference="arXiv 2306.06546",
            parameters=networks.parameter_count(self._model),
            weights=networks.weights_of(source),
            device=str(networks.device()),
            backend="eager",
            notes=f"{self.codebooks} codebooks; not causal, so the delay is a lower bound",
        )

    @classmethod
    def from_spec(cls, spec: Spec) -> DacCodec:
        """Build from e.g. `dac:44khz@8k`."""
        if spec.variant is None or spec.variant not in PUBLISHED:
            raise InputError(f"spec: {spec}: variant must be one of {', '.join(PUBLISHED)}")
        config = PUBLISHED[spec.variant]
        one_book = 10 * config["sampling_rate"] / config["hop_length"] / 1000
        highest = one_book * (config["n_codebooks"] + 0.5)  # 8k for the 7.75 of dac_44khz
        return cls(spec.variant, spec.bitrate_kbps(one_book / 2, highest))

    @torch.inference_mode()
    def tokenize(self, frames: Samples) -> Tokens:
        """Turn `[channels, n * hop]` into `[channels, codebooks, n]`."""
        batch = networks.to_tensor(frames)[:, None]
        codes = self._model.encode(batch, n_quantizers=self.codebooks).audio_codes
        tokens: Tokens = codes.cpu().numpy()
        return tokens

    @torch.inference_mode()
    def synthesize(self, tokens: Tokens) -> Samples:
        """Turn `[channels, codebooks, n]` into `[channels, n * hop]`."""
        codes = torch.from_numpy(tokens).to(networks.device())
        audio = networks.to_array(self._model.decode(audio_codes=codes).audio_values)
        return np.pad(audio, ((0, 0), (self._early, 0)))


def _early_samples(downsampling_ratios: list[int]) -> int:
    """Each odd stride s pads (s + 1) / 2 where s / 2 would be even: half a sample of its input,
    once in the encoder and once in the decoder.
    """
    early = 0
    scale = 1
    for ratio in downsampling_ratios:
        early += scale * (ratio % 2)
        scale *= ratio
    return early
