"""Descript Audio Codec on transformers' `DacModel`, or on the package of its authors."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, prod
from typing import Any, Protocol

import torch
from transformers import DacConfig, DacModel

from codecmark.codec import Weights
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located
from codecmark.neural import dac_blocks, original_checkpoints
from codecmark.neural.torch_tokens import TorchTokenCodec, mono_info
from codecmark.spec import Spec

_WHOLE_S = 10  # transformers' network runs over a signal up to this at once,
_BLOCK_S = 4  # and over a longer one in blocks of this and their context


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

LICENCES = {
    None: "Apache-2.0 (transformers); weights MIT",
    "original": "MIT (descript-audio-codec); weights MIT",
}


class DacNetwork(Protocol):
    """Waveforms `[batch, 1, samples]` to tokens `[batch, codebooks, frames]` and back."""

    model: Any
    parameters: int

    def encode(self, batch: torch.Tensor, codebooks: int) -> torch.Tensor:
        """Turn `[batch, 1, n * hop]` into `[batch, codebooks, n]`."""
        ...

    def decode(self, tokens: torch.Tensor) -> torch.Tensor:
        """Turn `[batch, codebooks, n]` into `[batch, about n * hop]`."""
        ...


class DacCodec(TorchTokenCodec):
    """DAC at the number of codebooks that comes nearest to the asked bitrate.

    The stride of 5 makes the 16 and 24 kHz networks return 8 samples less than they were given,
    and with the published weights what they return is 8 samples early (measured by others: the
    layers alone have no lag). Decoding puts these samples back, in front.
    """

    def __init__(
        self,
        variant: str,
        bitrate_kbps: float,
        setup: Setup,
        config: Mapping[str, Any] | None = None,
        implementation: str | None = None,
    ) -> None:
        config = PUBLISHED[variant] if config is None else config
        self._network, source = _build(variant, config, implementation, setup)
        self.device = runtime.device_of(self._network.model)
        self.rate_hz = int(config["sampling_rate"])
        self.hop = int(config["hop_length"])
        self.bits = (int(config["codebook_size"]) - 1).bit_length()
        one_book_kbps = self.bits * self.rate_hz / self.hop / 1000
        asked = round(bitrate_kbps / one_book_kbps)
        self.codebooks = min(max(asked, 1), int(config["n_codebooks"]))
        self.early_samples = _early_samples(config["downsampling_ratios"])
        self.info = mono_info(
            self,
            self._network.model,
            source,
            setup,
            spec=str(Spec("dac", variant, f"{bitrate_kbps:g}k", implementation)),
            family="dac",
            algorithmic_delay_samples=None,
            licence=LICENCES[implementation],
            reference="arXiv 2306.06546",
            parameters=self._network.parameters,
            notes=f"{self.codebooks} codebooks; not causal, so the delay is a lower bound"
            + ("" if implementation else f"; above {_WHOLE_S} s in blocks, equal up to rounding"),
        )

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> DacCodec:
        """Build from e.g. `dac:44khz@8k` or `dac:44khz@8k#original`."""
        variant = spec.variant_among(PUBLISHED)
        config = PUBLISHED[variant]
        one_book = 10 * config["sampling_rate"] / config["hop_length"] / 1000
        highest = one_book * (config["n_codebooks"] + 0.5)  # 8k for the 7.75 of dac_44khz
        bitrate_kbps = spec.bitrate_kbps(one_book / 2, highest)
        return cls(variant, bitrate_kbps, setup, implementation=spec.implementation)

    def codes_of(self, batch: torch.Tensor) -> torch.Tensor:
        """Turn `[channels, 1, n * hop]` into `[channels, codebooks, n]`."""
        return self._network.encode(batch, self.codebooks)

    def audio_of(self, codes: torch.Tensor) -> torch.Tensor:
        """Turn `[channels, codebooks, n]` into `[channels, n * hop]`."""
        return torch.nn.functional.pad(self._network.decode(codes), (self.early_samples, 0))


class TransformersDac:
    """`DacModel`, on frames that are whole; a long signal in blocks, which bounds the memory."""

    def __init__(self, model: Any, setup: Setup) -> None:
        self.model = model
        self.parameters = runtime.parameter_count(model)
        config = model.config
        self._hop = int(config.hop_length)
        frame_rate_hz = int(config.sampling_rate) / self._hop  # 86.13 at 44.1 kHz
        self._whole_frames = ceil(_WHOLE_S * frame_rate_hz)
        self._block_frames = round(_BLOCK_S * frame_rate_hz)
        self._encoder_context, self._decoder_context = (
            reach.frames(self._hop)
            for reach in (
                dac_blocks.encoder_reach(config.downsampling_ratios),
                dac_blocks.decoder_reach(config.upsampling_ratios),
            )
        )
        if setup.execution.backend == "fused":
            from codecmark.neural import dac_fused  # numba

            model.decoder = dac_fused.on_processor(model.decoder, setup)
        else:
            shape = 1, int(config.hidden_size), 50
            model.decoder = runtime.on_backend(model.decoder, setup, shape, varying=(0, 2))

    def encode(self, batch: torch.Tensor, codebooks: int) -> torch.Tensor:
        """Turn `[batch, 1, n * hop]` into `[batch, codebooks, n]`."""
        frames = batch.shape[-1] // self._hop
        if frames <= self._whole_frames:
            return self._encode(batch, codebooks)
        tokens = torch.empty(len(batch), codebooks, frames, dtype=torch.int64, device=batch.device)
        for block in dac_blocks.blocks(frames, self._block_frames, self._encoder_context):
            seen = batch[..., block.seen_first * self._hop : block.seen_end * self._hop]
            kept = slice(block.skipped, block.skipped + block.end - block.first)
            tokens[..., block.first : block.end] = self._encode(seen, codebooks)[..., kept]
        return tokens

    def decode(self, tokens: torch.Tensor) -> torch.Tensor:
        """Turn `[batch, codebooks, n]` into `[batch, about n * hop]`."""
        frames, hop = tokens.shape[-1], self._hop
        if frames <= self._whole_frames:
            return self._decode(tokens)
        early = _early_samples(self.model.config.downsampling_ratios)
        # written in place: pieces and what they are joined to would be there at once
        waveform = torch.empty(len(tokens), frames * hop - early, device=tokens.device)
        for block in dac_blocks.blocks(frames, self._block_frames, self._decoder_context):
            decoded = self._decode(tokens[..., block.seen_first : block.seen_end])
            here = waveform[..., block.first * hop : block.end * hop]  # the last block is short
            start = block.skipped * hop
            here.copy_(decoded[..., start : start + here.shape[-1]])
        return waveform

    def _encode(self, batch: torch.Tensor, codebooks: int) -> torch.Tensor:
        tokens: torch.Tensor = self.model.encode(batch, n_quantizers=codebooks).audio_codes
        return tokens

    def _decode(self, tokens: torch.Tensor) -> torch.Tensor:
        decoded: torch.Tensor = self.model.decode(audio_codes=tokens).audio_values
        return decoded


def _build(
    variant: str, config: Mapping[str, Any], implementation: str | None, setup: Setup
) -> tuple[DacNetwork, Located | Weights]:
    published, theirs = f"descript/dac_{variant}", f"descriptinc/dac_{variant}"
    if implementation == "original":
        from codecmark.neural.dac_original import OriginalDac

        source = setup.weights.locate_or_random(theirs)
        return OriginalDac(config, source, setup), source

    def make() -> Any:
        return DacModel(DacConfig(**config))

    model, source = original_checkpoints.build_either(
        DacModel, make, make, (published, theirs), original_checkpoints.dac_to_transformers, setup
    )
    return TransformersDac(model, setup), source


def _early_samples(downsampling_ratios: list[int]) -> int:
    """Each odd stride s pads (s + 1) / 2 on both sides of a transposed convolution, which leaves
    out one sample at its scale.
    """
    early = 0
    scale = 1
    for ratio in downsampling_ratios:
        early += scale * (ratio % 2)
        scale *= ratio
    return early
