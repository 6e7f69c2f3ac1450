"""DistillMOS: how natural speech sounds, without a reference.

The published checkpoint in a network of this project's own: complex spectra compressed by a power
of 0.3, six convolutions, seven transformer layers, attention pooling. Nothing of the package that
carries the checkpoint is imported.

References
----------
Stahl and Gamper, "Distillation and Pruning for Scalable Self-Supervised Representation-Based
Speech Quality Assessment", arXiv 2502.05356.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from codecmark.clip import Samples

RATE_HZ = 16_000
FILE = "distill_mos_v7.pt"
_SPAN = 122_880  # samples that the network sees at once: 7.68 s
_HOP = 16_000  # at most, between the spans of a longer clip
_WINDOW, _STEP = 320, 160
_POWER = 0.3
_CHANNELS = (64, 64, 128, 256, 256, 256)
_FEATURES = 1_024  # 256 channels x 4 bands that are left after the convolutions
_FRAMES = 384  # after the last convolution; twice as many before
_MARGIN = 16  # frames of silence that are computed at each of its ends
_WIDTH = 200
_HEADS, _LAYERS = 8, 7
_TINY = 1e-12


def predict(samples: Samples, folder: Path) -> float:
    """Return the predicted MOS, 1 to 5, of `[samples]` at 16 kHz; its level does not count.

    Parameters
    ----------
    folder : Path
        Where the checkpoint is.
    """
    with torch.inference_mode():
        spans = _spans(torch.from_numpy(np.array(samples, np.float32)))
        return 1 + 4 * float(_network(folder)(spans, len(samples)).mean())


def _spans(samples: Tensor) -> Tensor:
    """Return `[spans, 122880]` that cover the clip, each at a peak of 1; a short one ends in 0."""
    excess = max(0, len(samples) - _SPAN)
    samples = nn.functional.pad(samples, (0, max(0, _SPAN - len(samples))))
    count = math.ceil(excess / _HOP) + 1
    starts = [int(part * excess) for part in np.linspace(0, 1, count)]
    spans = torch.stack([samples[start : start + _SPAN] for start in starts])
    return spans / (spans.abs().amax(dim=1, keepdim=True) + 1e-8)


class _Network(nn.Module):
    """`[batch, 122880]` to a score of 0 to 1 each, `[batch]`."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 2
        for index, channels in enumerate(_CHANNELS):
            stride = (2 if index else 1, 2 if index == len(_CHANNELS) - 1 else 1)
            layers += [
                nn.Conv2d(before, channels, 3, stride=stride, padding=(0, 1)),
                nn.LeakyReLU(0.1),
            ]
            before = channels
        self.convolutions = nn.Sequential(*layers)
        self.norm_features = nn.BatchNorm1d(_FEATURES)
        self.norm_projected = nn.BatchNorm1d(_FEATURES)
        self.project = nn.Linear(_FEATURES, _WIDTH)
        self.position = nn.Buffer(torch.zeros(1, _FRAMES, _WIDTH))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(_WIDTH, _HEADS, 2 * _WIDTH, dropout=0.0, batch_first=True)
            for _ in range(_LAYERS)
        )
        self.norm_encoded = nn.BatchNorm1d(_WIDTH)
        self.attention = nn.Sequential(
            nn.Linear(_WIDTH, 2 * _WIDTH), nn.ReLU(), nn.Linear(2 * _WIDTH, 1)
        )
        self.score = nn.Linear(_WIDTH, 1)

    def forward(self, waves: Tensor, n_samples: int = _SPAN) -> Tensor:
        """Return the scores; after `n_samples` there is nothing but zeros."""
        features = self._features(waves, n_samples)
        features = self.norm_projected(self.norm_features(features))
        frames = self.project(features.transpose(1, 2)) + self.position
        for layer in self.layers:
            frames = layer(frames)
        frames = self.norm_encoded(frames.transpose(1, 2)).transpose(1, 2)
        weights = torch.softmax(self.attention(frames), dim=1)
        return torch.sigmoid(self.score((weights * frames).sum(dim=1))).squeeze(1)

    def _features(self, waves: Tensor, n_samples: int) -> Tensor:
        """Return `[batch, 1024, 384]`.

        Silence gives the same column again and again once the convolutions, which see six frames
        to each side, are off its ends: such columns are repeated, not computed.
        """
        sounding = -(-n_samples // _STEP)
        kept = sounding + sounding % 2 + 2 * _MARGIN
        if kept >= 2 * _FRAMES:
            whole: Tensor = self.convolutions(_compressed(waves)).flatten(1, 2)
            return whole
        columns: Tensor = self.convolutions(_compressed(waves[:, : kept * _STEP])).flatten(1, 2)
        middle = (kept - _MARGIN) // 2
        before, after = columns[:, :, :middle], columns[:, :, middle:]
        missing = _FRAMES - columns.shape[2]
        return torch.cat((before, after[:, :, :1].expand(-1, -1, missing), after), dim=2)


def _compressed(waves: Tensor) -> Tensor:
    """Return compressed spectra `[batch, 2, 161, 768]`: real and imaginary parts as channels."""
    margin = (_WINDOW - _STEP) // 2
    padded = nn.functional.pad(waves, (margin, margin), mode="reflect")
    spectra = torch.stft(
        padded, _WINDOW, _STEP, window=torch.hann_window(_WINDOW), center=False,
        return_complex=True,
    )  # fmt: skip
    size = spectra.abs().clamp(min=_TINY)
    return torch.view_as_real(spectra * size ** (_POWER - 1)).permute(0, 3, 1, 2)


# the checkpoint's names, by ours
_NAMES = {
    "convolutions": "cnn.cnn",
    "norm_features": "transformer_pool_attn.norm_input",
    "norm_projected": "transformer_pool_attn.transformer.norm",
    "project": "transformer_pool_attn.transformer.linear_proj",
    "position": "transformer_pool_attn.transformer.position_encoding.pe",
    "layers": "transformer_pool_attn.transformer.transformer_encoder.layers",
    "norm_encoded": "transformer_pool_attn.norm_trans",
    "attention.0": "transformer_pool_attn.pool.linear1",
    "attention.2": "transformer_pool_attn.pool.linear2",
    "score": "transformer_pool_attn.pool.linear3",
}


def published_name(name: str) -> str:
    """Return how the checkpoint calls a parameter of the network."""
    ours = max((n for n in _NAMES if f"{name}.".startswith(f"{n}.")), key=len)
    return _NAMES[ours] + name.removeprefix(ours)


@cache
def _network(folder: Path) -> _Network:
    network = _Network()
    published = torch.load(folder / FILE, map_location="cpu", weights_only=True)["model"]
    network.load_state_dict(
        {name: published[published_name(name)] for name in network.state_dict()}
    )
    return network.eval()
