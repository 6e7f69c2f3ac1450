"""The interface of training tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch


class Task(ABC):
    """The networks, losses and scores of a training.

    Attributes
    ----------
    name : str
    options : Mapping
        Options, as JSON values; a run can only be continued with the same ones.
    generator : torch.nn.Module
        The network to train.
    adversary : torch.nn.Module or None
        The discriminator, if the task uses one.
    """

    name: str
    options: Mapping[str, Any]
    generator: torch.nn.Module
    adversary: torch.nn.Module | None = None

    @abstractmethod
    def losses(self, step: int) -> dict[str, torch.Tensor]:
        """Return the weighted losses of the generator, whose sum is minimised."""

    def adversary_losses(self, step: int) -> dict[str, torch.Tensor]:
        """Return the discriminator's losses on the generator's last output; none if it is off."""
        del step
        return {}

    @abstractmethod
    def validate(self, figure: Path) -> dict[str, float]:
        """Return the generator's scores on held-out items, and draw one item to `figure`."""

    @abstractmethod
    def quality(self, scores: Mapping[str, float]) -> float:
        """Return the criterion for the best weights; higher is better."""
