"""Training of the compact autoencoder, from log-mel to latent and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

from codecmark.mel.autoencoders.audioldm2 import network_of
from codecmark.mel.autoencoders.compact import CONFIG
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.front_end import log_mel
from codecmark.mel.log_levels import scaled, unscaled
from codecmark.training.dataset import Dataset
from codecmark.training.precision import mixed_precision, multiplies_bfloat16
from codecmark.training.runs import Start
from codecmark.training.task import Task
from codecmark.training.validation import Validation

_WEIGHTS = {"level": 1.0, "edges": 0.5, "kl": 1e-4}


class VaeTask(Task):
    """Trains an `AutoencoderKL` on log-mels of crops."""

    name = "vae"

    def __init__(
        self,
        dataset: Dataset,
        device: torch.device,
        *,
        seed: int = 0,
        batch: int = 8,
        seconds: float = 1.0,
        config: Mapping[str, Any] = CONFIG,
        start: Start | None = None,
        validation_items: int = 40,
    ) -> None:
        if start is not None:
            config = {**start.config, "scaling_factor": 1.0}  # measured again on export
        self.options: dict[str, Any] = {
            "seed": seed, "batch": batch, "seconds": seconds, "network": dict(config),
        }  # fmt: skip
        if start is not None:
            self.options["started_from"] = start.described
        self._dataset = dataset
        self._device = device
        self._mixed = multiplies_bfloat16(device)
        self._samples = AUDIOLDM2.samples(AUDIOLDM2.frames(round(seconds * 16_000), 4))
        self._validation = Validation(dataset.validation(validation_items), device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.network: Any = network_of(config).to(device)
        if start is not None:
            self.network.load_state_dict(start.state)
        self.generator = cast(torch.nn.Module, self.network)

    def losses(self, step: int) -> dict[str, torch.Tensor]:
        """Return the losses on the step's crops."""
        options = self.options
        batch = self._dataset.batch(options["seed"], step, options["batch"], self._samples)
        target = scaled(log_mel(torch.from_numpy(batch.waveform).to(self._device), AUDIOLDM2))
        with mixed_precision(self._device, enabled=self._mixed):
            moments = self.network.encode(target[:, None]).latent_dist.parameters
        posterior = DiagonalGaussianDistribution(moments.float())
        generator = torch.Generator().manual_seed((options["seed"] << 32) + step)
        drawn = torch.randn(posterior.mean.shape, generator=generator).to(target)
        latent = posterior.mean + posterior.std * drawn
        with mixed_precision(self._device, enabled=self._mixed):
            output = self.network.decode(latent).sample[:, 0].float()
        values = {
            "level": (output - target).abs().mean(),
            # blurring is worst at the edges of harmonics and onsets
            "edges": _edges(output, target, 1) + _edges(output, target, 2),
            "kl": posterior.kl().mean() / latent[0].numel(),
        }
        return {name: _WEIGHTS[name] * value for name, value in values.items()}

    def validate(self, figure: Path) -> dict[str, float]:
        """Return the distances of decoded mels from true ones, in nepers."""
        return self._validation.mel_distances(
            lambda mel: decoded(self.network, mel), AUDIOLDM2, figure
        )

    def quality(self, scores: Mapping[str, float]) -> float:
        """Return the negative mean distance."""
        return -sum(scores.values()) / len(scores)


def decoded(network: Any, mel: torch.Tensor) -> torch.Tensor:
    """Return a log-mel `[batch, frames, bands]` encoded to the latent's mode and decoded."""
    latent = network.encode(scaled(mel)[:, None]).latent_dist.mode()
    output: torch.Tensor = network.decode(latent).sample
    return unscaled(output[:, 0])


def _edges(output: torch.Tensor, target: torch.Tensor, axis: int) -> torch.Tensor:
    return (output.diff(dim=axis) - target.diff(dim=axis)).abs().mean()
