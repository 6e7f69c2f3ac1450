"""What a training is about: networks, the losses of a step, scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch


class Task(ABC):
    """What is trained: networks, losses of a step, scores.

    Attributes
    ----------
    name : str
    options : Mapping
        What a run must be continued with; JSON values.
    generator : torch.nn.Module
        What is wanted in the end.
    adversary : torch.nn.Module or None
        What it is trained against, where the task uses one.
    """

    name: str
    options: Mapping[str, Any]
    generator: torch.nn.Module
    adversary: torch.nn.Module | None = None

    @abstractmethod
    def losses(self, step: int) -> dict[str, torch.Tensor]:
        """Return the weighted losses of the generator; their sum is minimised."""

    def adversary_losses(self, step: int) -> dict[str, torch.Tensor]:
        """Return the adversary's losses on what the generator just made; none where it rests."""
        del step
        return {}

    @abstractmethod
    def validate(self, figure: Path) -> dict[str, float]:
        """Return scores of the generator on held-out items, and draw one of them."""

    @abstractmethod
    def quality(self, scores: Mapping[str, float]) -> float:
        """Return what decides which weights are best; higher is better."""
