"""What a run brought: its best averaged weights, how they came about, and starting from them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from codecmark import trained_weights
from codecmark.audioldm2 import compact, harmonic_vocoder
from codecmark.digest import file_sha256
from codecmark.errors import InputError
from codecmark.training import checkpoint
from codecmark.training.trainer import BEST, RUN, VALIDATION


@dataclass(frozen=True)
class Trained:
    """A network of a run.

    Attributes
    ----------
    scores : Mapping
        Of these weights on the held-out items of the training data.
    """

    task: str
    config: Mapping[str, Any]
    state: Mapping[str, torch.Tensor]
    step: int
    seconds: float
    scores: Mapping[str, float]
    options: Mapping[str, Any]

    @property
    def described(self) -> str:
        """Task and step, for a record."""
        return f"{self.task} at step {self.step}"


def read_run(folder: Path, task: str | None = None) -> Trained:
    """Return the best weights of a run.

    Raises
    ------
    InputError
        If the folder is no run, or one of another task, or was not validated yet.
    """
    try:
        asked = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"run: {folder} is no run of `codecmark train` ({error})") from error
    if task is not None and asked.get("task") != task:
        raise InputError(f"run: {folder} trains {asked.get('task')}, a {task} is needed")
    if not (folder / BEST).is_file():
        raise InputError(f"run: {folder} has not been validated yet; train it for longer")
    best = checkpoint.read(folder / BEST)
    return Trained(
        best["task"], asked["network"], best["average"], best["step"], best["seconds"],
        best["scores"], asked,
    )  # fmt: skip


@dataclass(frozen=True)
class Start:
    """Weights that a training starts from, and what they are, for the record."""

    config: Mapping[str, Any]
    state: Mapping[str, torch.Tensor]
    described: str


def read_start(folder: Path, task: str) -> Start:
    """Return the best weights of a run of `task`, vae or vocoder, or those of an exported set.

    Raises
    ------
    InputError
        If the folder is neither.
    DamagedWeightsError
        If the set's file cannot be read.
    """
    file, kind = {
        "vae": (compact.FILE, compact.KIND),
        "vocoder": (harmonic_vocoder.FILE, harmonic_vocoder.KIND),
    }[task]
    path = folder / file
    if path.is_file():
        config, state = trained_weights.read(path, kind)
        return Start(config, state, f"{task}, {file_sha256(path)[:12]}")
    trained = read_run(folder, task)
    return Start(trained.config, trained.state, trained.described)


def validation_curve(folder: Path) -> list[dict[str, str]]:
    """Return the lines of a run's `validation.csv`."""
    path = folder / VALIDATION
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
