"""Scores of a network on held-out items during training, and spectrograms of one of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from codecmark.errors import MetricError
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.front_end import MelFormat, log_mel
from codecmark.metrics.perceptual import pesq_wb, visqol
from codecmark.networks import runtime
from codecmark.training.dataset import RATE_HZ, Item

Samples = NDArray[np.float32]


class Validation:
    """Scores held-out items: mean PESQ and ViSQOL of speech, and log-mel distance of all."""

    def __init__(self, items: list[tuple[Item, Samples]], device: torch.device) -> None:
        self._device = device
        self._items = [
            (item, samples[: len(samples) // AUDIOLDM2.hop * AUDIOLDM2.hop])
            for item, samples in items
        ]

    def scores(
        self, rebuild: Callable[[torch.Tensor], torch.Tensor], figure: Path
    ) -> dict[str, float]:
        """Score `rebuild`, a function from waveforms `[1, samples]` to waveforms."""
        pesq: list[float] = []
        similarity: list[float] = []
        distances: dict[str, list[float]] = {"speech": [], "other": []}
        drawn = False
        for item, samples in self._items:
            truth = runtime.to_tensor(_padded(samples), self._device)
            rebuilt = rebuild(truth)
            true_mel, rebuilt_mel = log_mel(truth, AUDIOLDM2), log_mel(rebuilt, AUDIOLDM2)
            speech = item.clip_class == "speech"
            distance = float((rebuilt_mel - true_mel).abs().mean())
            distances["speech" if speech else "other"].append(distance)
            if not speech:
                continue
            decoded = runtime.to_array(rebuilt)[:, : len(samples)]
            try:
                quality = (
                    pesq_wb(samples[None], decoded, RATE_HZ),
                    visqol(samples[None], decoded, RATE_HZ, "speech"),
                )
            except MetricError:
                continue  # too short or silent: an absent score is not a bad one
            pesq.append(quality[0])
            similarity.append(quality[1])
            if not drawn:
                mels = runtime.to_array(true_mel)[0], runtime.to_array(rebuilt_mel)[0]
                draw(figure, *mels, item.name)
                drawn = True
        means = {f"mel_{name}": float(np.mean(v)) for name, v in distances.items() if v}
        if not pesq:
            return means
        return {"pesq_wb": float(np.mean(pesq)), "visqol": float(np.mean(similarity)), **means}

    def mel_distances(
        self, rebuild: Callable[[torch.Tensor], torch.Tensor], mel: MelFormat, figure: Path
    ) -> dict[str, float]:
        """Measure `rebuild`, a function from log-mels `[1, frames, bands]` to log-mels."""
        distances: dict[str, list[float]] = {"speech": [], "other": []}
        for turn, (item, samples) in enumerate(self._items):
            true_mel = log_mel(runtime.to_tensor(_padded(samples), self._device), mel)
            rebuilt_mel = rebuild(true_mel)
            kind = "speech" if item.clip_class == "speech" else "other"
            distances[kind].append(float((rebuilt_mel - true_mel).abs().mean()))
            if turn == 0:
                mels = runtime.to_array(true_mel)[0], runtime.to_array(rebuilt_mel)[0]
                draw(figure, *mels, item.name)
        return {f"mel_{name}": float(np.mean(v)) for name, v in distances.items() if v}


def _padded(samples: Samples) -> Samples:
    frames = AUDIOLDM2.frames(len(samples), multiple=4)
    return np.pad(samples, (0, AUDIOLDM2.samples(frames) - len(samples)))[None]


def draw(path: Path, true_mel: Samples, rebuilt_mel: Samples, title: str) -> None:
    """Draw two log-mels `[frames, bands]`, or nothing if matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return
    figure = Figure(figsize=(9, 5), layout="constrained")
    for axes, values, name in zip(
        figure.subplots(2, 1), (true_mel, rebuilt_mel), ("true", "rebuilt"), strict=True
    ):
        axes.imshow(values.T, origin="lower", aspect="auto", vmin=-8, vmax=2)
        axes.set_title(f"{title}: {name}", fontsize=9)
        axes.set_ylabel("mel band")
    axes.set_xlabel("frame (10 ms)")
    figure.savefig(path, dpi=80)
