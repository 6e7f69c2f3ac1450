"""EnCodec's network behind one face: transformers' class, or the package of its authors.

A clip becomes segments, each its tokens and, where the network normalises, the level that it was
divided by: one segment at 24 kHz; at 48 kHz one for each second, a hundredth of it shared with
the next. The last one is as short as the clip leaves it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, Protocol

import torch
from transformers import EncodecConfig, EncodecModel

from codecmark.codec import Weights
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located
from codecmark.neural import original_checkpoints
from codecmark.neural.causal_stream import CausalStream, decode_in_blocks
from codecmark.neural.encodec_segments import Segment, overlap_add, segment_samples

_WHOLE_S = 10  # a causal network runs over a signal up to this at once,
_BLOCK_S = 2  # and over a longer one in blocks of this: what bounds its memory

_SHARED: Mapping[str, Any] = {
    "hidden_size": 128,
    "num_filters": 32,
    "num_residual_layers": 1,
    "upsampling_ratios": [8, 5, 4, 2],
    "kernel_size": 7,
    "last_kernel_size": 7,
    "residual_kernel_size": 3,
    "dilation_growth_rate": 2,
    "pad_mode": "reflect",
    "compress": 2,
    "num_lstm_layers": 2,
    "trim_right_ratio": 1.0,
    "codebook_size": 1024,
    "codebook_dim": 128,
    "use_conv_shortcut": True,
}
# config.json of facebook/encodec_24khz and encodec_48khz, every field that shapes the network
PUBLISHED: Mapping[str, Mapping[str, Any]] = {
    "24khz": {
        **_SHARED,
        "target_bandwidths": [1.5, 3.0, 6.0, 12.0, 24.0],
        "sampling_rate": 24_000,
        "audio_channels": 1,
        "normalize": False,
        "chunk_length_s": None,
        "overlap": None,
        "norm_type": "weight_norm",
        "use_causal_conv": True,
    },
    "48khz": {
        **_SHARED,
        "target_bandwidths": [3.0, 6.0, 12.0, 24.0],
        "sampling_rate": 48_000,
        "audio_channels": 2,
        "normalize": True,
        "chunk_length_s": 1.0,
        "overlap": 0.01,
        "norm_type": "time_group_norm",
        "use_causal_conv": False,
    },
}
LICENCES = {
    None: "Apache-2.0 (transformers); weights CC-BY-NC-4.0",
    "original": "CC-BY-NC-4.0 (encodec), its weights too: not for commercial use",
}


def framing(config: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return the sample rate in Hz, samples of a frame and bits of a token of a configuration."""
    token_bits = (int(config["codebook_size"]) - 1).bit_length()
    return int(config["sampling_rate"]), prod(config["upsampling_ratios"]), token_bits


class EncodecNetwork(Protocol):
    """Waveforms `[batch, channels, samples]` to segments and back."""

    model: Any
    parameters: int

    def encode(self, batch: torch.Tensor, bitrate_kbps: float) -> list[Segment]:
        """Return the segments of the whole clip, in order."""
        ...

    def decode(self, segments: Sequence[Segment]) -> torch.Tensor:
        """Return the waveforms, at most a frame longer than what was encoded."""
        ...


def build(
    variant: str, config: Mapping[str, Any], implementation: str | None, setup: Setup
) -> tuple[EncodecNetwork, Located | Weights]:
    """Return the network and where its weights come from.

    Raises
    ------
    UnavailableError
        If the implementation is not installed here.
    """
    published, theirs = f"facebook/encodec_{variant}", f"facebookresearch/encodec_{variant}"
    if implementation == "original":
        from codecmark.neural.encodec_original import OriginalEncodec

        source = setup.weights.locate_or_random(theirs)
        return OriginalEncodec(variant, source, setup), source
    model, source = original_checkpoints.build_either(
        EncodecModel,
        lambda: EncodecModel(EncodecConfig(**config)),
        lambda: random_model(config),
        (published, theirs),
        original_checkpoints.encodec_to_transformers,
        setup,
    )
    segment = segment_samples(config) if config["chunk_length_s"] else None
    return TransformersEncodec(model, segment, setup), source


class TransformersEncodec:
    """`EncodecModel`, given one segment at a time.

    Its own loop over segments pads them to one length, which fails where the last two are short.
    """

    def __init__(self, model: Any, segment: tuple[int, int] | None, setup: Setup) -> None:
        self.model = model
        model.config.chunk_length_s = None
        self._segment = segment
        frame_rate_hz = int(model.config.frame_rate)
        self._whole_frames, self._block_frames = _WHOLE_S * frame_rate_hz, _BLOCK_S * frame_rate_hz
        self.parameters = runtime.parameter_count(model) + sum(
            layer.codebook.embed.numel() for layer in model.quantizer.layers
        )
        # blocks go through the layers one by one, which other executions do not have as such
        self._in_blocks = not setup.execution.changes_the_network
        model.decoder = runtime.on_backend(
            model.decoder,
            setup,
            (1, int(model.config.hidden_size), 75),
            varying=(0, 2),
            shortest=int(model.config.kernel_size),  # a layer mirrors no more than there is
        )

    def encode(self, batch: torch.Tensor, bitrate_kbps: float) -> list[Segment]:
        """Return the segments of the whole clip, in order."""
        if self._segment is None:
            return [Segment(self._encode_blocks(batch, bitrate_kbps), None)]
        samples = batch.shape[-1]
        length, stride = self._segment
        segments = []
        for start in range(0, samples, stride):
            found = self.model.encode(batch[..., start : start + length], bandwidth=bitrate_kbps)
            level = found.audio_scales[0]
            segments.append(Segment(found.audio_codes[0], None if level is None else level[:, 0]))
        return segments

    def decode(self, segments: Sequence[Segment]) -> torch.Tensor:
        """Return the waveforms, at most a frame longer than what was encoded."""
        if self._segment is None:
            return self._decode_blocks(segments[0].tokens)
        pieces = [
            self.model.decode(segment.tokens[None], [segment.level]).audio_values
            for segment in segments
        ]
        return overlap_add(pieces, self._segment[1])

    def _encode_blocks(self, batch: torch.Tensor, bitrate_kbps: float) -> torch.Tensor:
        hop = int(self.model.config.hop_length)
        if batch.shape[-1] <= self._whole_frames * hop:
            # a signal shorter than the layers' padding is mirrored at both ends at once
            blocks, encode = [batch], self.model.encoder
        else:
            blocks = list(torch.split(batch, self._block_frames * hop, dim=-1))
            encode = CausalStream(self.model.encoder.layers)
        codes = [self.model.quantizer.encode(encode(block), bitrate_kbps) for block in blocks]
        return torch.cat(codes, dim=-1).transpose(0, 1)

    def _decode_blocks(self, tokens: torch.Tensor) -> torch.Tensor:
        codes = tokens.transpose(0, 1)
        frames, hop = codes.shape[-1], int(self.model.config.hop_length)
        if frames <= self._whole_frames or not self._in_blocks:
            whole: torch.Tensor = self.model.decoder(self.model.quantizer.decode(codes))
            return whole
        stream = CausalStream(self.model.decoder.layers)
        return decode_in_blocks(
            lambda block: stream(self.model.quantizer.decode(block)), codes, self._block_frames, hop
        )


def random_model(config: Mapping[str, Any]) -> Any:
    """Return a network with random weights, its codebooks too: the class leaves them at zero."""
    model: Any = EncodecModel(EncodecConfig(**config))
    for layer in model.quantizer.layers:
        layer.codebook.embed.normal_()
    return model
