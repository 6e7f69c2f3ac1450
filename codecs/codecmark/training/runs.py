"""The best averaged weights of a run, how they were trained, and starting a training from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from codecmark.errors import InputError
from codecmark.mel.autoencoders import compact
from codecmark.mel.harmonic import vocoder
from codecmark.networks import trained_sets
from codecmark.system.digest import file_sha256
from codecmark.training import checkpoint
from codecmark.training.trainer import BEST, RUN


@dataclass(frozen=True)
class Trained:
    """The best network of a run.

    Attributes
    ----------
    state : Mapping
        Averaged weights.
    step : int
        Training steps behind them.
    scores : Mapping
        Scores on the held-out items of the training data.
    options : Mapping
        Contents of the run's `run.json`.
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
        """Task and step, for records."""
        return f"{self.task} at step {self.step}"

    @property
    def started_from(self) -> str | None:
        """Weights that the run started from; None for random weights."""
        before: str | list[str] | None = self.options.get("started_from")
        return " and ".join(before) if isinstance(before, list) else before


def read_run(folder: Path, *tasks: str) -> Trained:
    """Return the best weights of a run, which must be of one of `tasks` if any are given.

    Raises
    ------
    InputError
        If the folder is not a run, is one of another task, or was not validated yet.
    """
    try:
        options = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"run: {folder} is not a run of `codecmark train` ({error})") from error
    if tasks and options.get("task") not in tasks:
        needed = " or ".join(tasks)
        raise InputError(f"run: {folder} trains {options.get('task')}; name a run of {needed}")
    if not (folder / BEST).is_file():
        raise InputError(f"run: {folder} has not been validated yet; train it for longer")
    best = checkpoint.read(folder / BEST)
    return Trained(
        best["task"], options["network"], best["average"], best["step"], best["seconds"],
        best["scores"], options,
    )  # fmt: skip


@dataclass(frozen=True)
class Start:
    """Weights that a training starts from, and their description for records."""

    config: Mapping[str, Any]
    state: Mapping[str, torch.Tensor]
    described: str


def read_start(folder: Path, task: str) -> Start:
    """Return the weights of an exported set, or the best weights of a run, to start `task` from.

    `task` is vae, vocoder or anchored; an anchored vocoder may start from a plain one.

    Raises
    ------
    InputError
        If the folder is neither a set nor a run for the task.
    DamagedWeightsError
        If the set's file cannot be read.
    """
    file, kind = (compact.FILE, compact.KIND) if task == "vae" else (vocoder.FILE, vocoder.KIND)
    path = folder / file
    if path.is_file():
        config, state = trained_sets.read(path, kind)
        network = "anchored" if config.get("anchored") else "vae" if task == "vae" else "vocoder"
        start = Start(config, state, f"{network}, {file_sha256(path)[:12]}")
    else:
        trained = read_run(folder, *(("vocoder", task) if task == "anchored" else (task,)))
        start = Start(trained.config, trained.state, trained.described)
    if start.config.get("anchored") and task != "anchored":
        raise InputError(f"--start: {folder} holds an anchored vocoder; name a plain one")
    return start
