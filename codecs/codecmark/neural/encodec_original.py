"""EnCodec as its authors' package `encodec` computes it (CC BY-NC 4.0)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from codecmark.codec import Weights
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located
from codecmark.neural import original_checkpoints, original_packages
from codecmark.neural.encodec_segments import Segment


class OriginalEncodec:
    """`encodec.EncodecModel`: its own segments, levels, quantiser and overlap."""

    def __init__(self, variant: str, source: Located | Weights, setup: Setup) -> None:
        self.model: Any = runtime.build(
            source,
            lambda folder: original_checkpoints.load_folder(make(variant), folder),
            lambda: random_model(variant),
            setup,
        )
        self.parameters = runtime.parameter_count(self.model) + sum(
            layer._codebook.embed.numel() for layer in self.model.quantizer.vq.layers
        )

    def encode(self, batch: torch.Tensor, bitrate_kbps: float) -> list[Segment]:
        """Return the segments of the whole clip, in order."""
        self.model.set_target_bandwidth(bitrate_kbps)
        return [
            Segment(tokens, None if level is None else level[:, 0])
            for tokens, level in self.model.encode(batch)
        ]

    def decode(self, segments: Sequence[Segment]) -> torch.Tensor:
        """Return the waveforms, at most a frame longer than what was encoded."""
        decoded: torch.Tensor = self.model.decode(list(segments))
        return decoded


def make(variant: str) -> Any:
    """Return the published network without its weights."""
    package = original_packages.load("encodec")
    return getattr(package.EncodecModel, f"encodec_model_{variant}")(pretrained=False)


def random_model(variant: str) -> Any:
    """Return a network with random weights, its codebooks too: the class leaves them at zero."""
    model = make(variant)
    for layer in model.quantizer.vq.layers:
        layer._codebook.embed.normal_()
        layer._codebook.inited.fill_(1)
    return model
