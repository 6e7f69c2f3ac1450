"""Scores of a network on held-out items while it is trained, and a picture of one of them."""

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
    """Held-out items, whole: mean PESQ and ViSQOL (speech), and distance of log-mels (all)."""

    def __init__(self, items: list[tuple[Item, Samples]], device: torch.device) -> None:
        self._device = device
        self._items = [
            (item, samples[: len(samples) // AUDIOLDM2.hop * AUDIOLDM2.hop])
            for item, samples in items
        ]

    def scores(
        self, rebuild: Callable[[torch.Tensor], torch.Tensor], figure: Path
    ) -> dict[str, float]:
        """Score `rebuild`, which turns `[1, samples]` into the same."""
        pesq: list[float] = []
        similarity: list[float] = []
        distances: dict[str, list[float]] = {"speech": [], "other": []}
        drawn = False
        for item, samples in self._items:
            truth = runtime.to_tensor(_padded(samples), self._device)
            made = rebuild(truth)
            wanted, found = log_mel(truth, AUDIOLDM2), log_mel(made, AUDIOLDM2)
            speech = item.clip_class == "speech"
            distance = float((found - wanted).abs().mean())
            distances["speech" if speech else "other"].append(distance)
            if not speech:
                continue
            decoded = runtime.to_array(made)[:, : len(samples)]
            try:
                quality = (
                    pesq_wb(samples[None], decoded, RATE_HZ),
                    visqol(samples[None], decoded, RATE_HZ, "speech"),
                )
            except MetricError:
                continue  # too short or silent: no score is not a bad score
            pesq.append(quality[0])
            similarity.append(quality[1])
            if not drawn:
                draw(figure, runtime.to_array(wanted)[0], runtime.to_array(found)[0], item.name)
                drawn = True
        means = {f"mel_{name}": float(np.mean(v)) for name, v in distances.items() if v}
        if not pesq:
            return means
        return {"pesq_wb": float(np.mean(pesq)), "visqol": float(np.mean(similarity)), **means}

    def mel_distances(
        self, rebuild: Callable[[torch.Tensor], torch.Tensor], mel: MelFormat, figure: Path
    ) -> dict[str, float]:
        """Measure `rebuild`, which turns log-mels `[1, frames, bands]` into the same."""
        distances: dict[str, list[float]] = {"speech": [], "other": []}
        for turn, (item, samples) in enumerate(self._items):
            wanted = log_mel(runtime.to_tensor(_padded(samples), self._device), mel)
            found = rebuild(wanted)
            speech = "speech" if item.clip_class == "speech" else "other"
            distances[speech].append(float((found - wanted).abs().mean()))
            if turn == 0:
                draw(figure, runtime.to_array(wanted)[0], runtime.to_array(found)[0], item.name)
        return {f"mel_{name}": float(np.mean(v)) for name, v in distances.items() if v}


def _padded(samples: Samples) -> Samples:
    frames = AUDIOLDM2.frames(len(samples), multiple=4)
    return np.pad(samples, (0, AUDIOLDM2.samples(frames) - len(samples)))[None]


def draw(path: Path, wanted: Samples, found: Samples, title: str) -> None:
    """Draw two log-mels `[frames, bands]` above each other; without matplotlib, nothing."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return
    figure = Figure(figsize=(9, 5), layout="constrained")
    for axes, values, name in zip(
        figure.subplots(2, 1), (wanted, found), ("true", "made"), strict=True
    ):
        axes.imshow(values.T, origin="lower", aspect="auto", vmin=-8, vmax=2)
        axes.set_title(f"{title}: {name}", fontsize=9)
        axes.set_ylabel("mel band")
    axes.set_xlabel("frame (10 ms)")
    figure.savefig(path, dpi=80)
