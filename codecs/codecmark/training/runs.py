"""What a run brought: its best averaged weights, how they came about, and starting from them."""

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

    @property
    def started_from(self) -> str | None:
        """What the run started from; None for random weights."""
        before: str | list[str] | None = self.options.get("started_from")
        return " and ".join(before) if isinstance(before, list) else before


def read_run(folder: Path, *tasks: str) -> Trained:
    """Return the best weights of a run, of one of `tasks` if any are named.

    Raises
    ------
    InputError
        If the folder is no run, or one of another task, or was not validated yet.
    """
    try:
        asked = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"run: {folder} is no run of `codecmark train` ({error})") from error
    if tasks and asked.get("task") not in tasks:
        needed = " or ".join(tasks)
        raise InputError(f"run: {folder} trains {asked.get('task')}, a {needed} is needed")
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
    """Return the best weights of a run that `task` may start from, or those of an exported set.

    `task` is vae, vocoder or anchored; the last one starts from a vocoder too.

    Raises
    ------
    InputError
        If the folder is neither.
    DamagedWeightsError
        If the set's file cannot be read.
    """
    file, kind = (compact.FILE, compact.KIND) if task == "vae" else (vocoder.FILE, vocoder.KIND)
    path = folder / file
    if path.is_file():
        config, state = trained_sets.read(path, kind)
        what = "anchored" if config.get("anchored") else "vae" if task == "vae" else "vocoder"
        start = Start(config, state, f"{what}, {file_sha256(path)[:12]}")
    else:
        trained = read_run(folder, *(("vocoder", task) if task == "anchored" else (task,)))
        start = Start(trained.config, trained.state, trained.described)
    if start.config.get("anchored") and task != "anchored":
        raise InputError(f"--start: {folder} holds an anchored vocoder, a plain one is needed")
    return start
