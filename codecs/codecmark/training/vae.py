"""Training of the compact autoencoder: log-mel to latent and back."""

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
    """Crops of recordings to the parameters of an `AutoencoderKL`."""

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
            config = {**start.config, "scaling_factor": 1.0}  # an export measures it anew
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
        """Return the losses of the step's crops."""
        options = self.options
        batch = self._dataset.batch(options["seed"], step, options["batch"], self._samples)
        wanted = scaled(log_mel(torch.from_numpy(batch.waveform).to(self._device), AUDIOLDM2))
        with mixed_precision(self._device, enabled=self._mixed):
            moments = self.network.encode(wanted[:, None]).latent_dist.parameters
        found_latent = DiagonalGaussianDistribution(moments.float())
        generator = torch.Generator().manual_seed((options["seed"] << 32) + step)
        drawn = torch.randn(found_latent.mean.shape, generator=generator).to(wanted)
        latent = found_latent.mean + found_latent.std * drawn
        with mixed_precision(self._device, enabled=self._mixed):
            found = self.network.decode(latent).sample[:, 0].float()
        values = {
            "level": (found - wanted).abs().mean(),
            # what blurs is worst at edges, of harmonics and of onsets
            "edges": _edges(found, wanted, 1) + _edges(found, wanted, 2),
            "kl": found_latent.kl().mean() / latent[0].numel(),
        }
        return {name: _WEIGHTS[name] * value for name, value in values.items()}

    def validate(self, figure: Path) -> dict[str, float]:
        """Measure how far decoded mels are from true ones, in nepers."""
        return self._validation.mel_distances(
            lambda mel: decoded(self.network, mel), AUDIOLDM2, figure
        )

    def quality(self, scores: Mapping[str, float]) -> float:
        """Return the negative distance."""
        return -sum(scores.values()) / len(scores)


def decoded(network: Any, mel: torch.Tensor) -> torch.Tensor:
    """Return a log-mel `[batch, frames, bands]` after encoder, mode and decoder."""
    latent = network.encode(scaled(mel)[:, None]).latent_dist.mode()
    found: torch.Tensor = network.decode(latent).sample
    return unscaled(found[:, 0])


def _edges(found: torch.Tensor, wanted: torch.Tensor, axis: int) -> torch.Tensor:
    return (found.diff(dim=axis) - wanted.diff(dim=axis)).abs().mean()
