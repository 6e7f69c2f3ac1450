"""Made-up voices, and small tasks that train on them in seconds."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

from codecmark.clip import AudioClip
from codecmark.corpus.audio_files import write_wav
from codecmark.mel.harmonic.network import HarmonicConfig
from codecmark.training.dataset import Dataset
from codecmark.training.schedule import Schedule
from codecmark.training.task import Task
from codecmark.training.trainer import LOG, Trainer
from codecmark.training.vae import VaeTask
from codecmark.training.vocoder import VocoderTask
from tiny_networks import TINY_HARMONIC, TINY_VAE

CPU = torch.device("cpu")
RATE = 16_000
SCHEDULE = Schedule(steps=4, log_every=1, validate_every=4)


def voice(pitch_hz: float, seconds: float, seed: int = 0) -> np.ndarray:
    """Ten harmonics, the fundamental a cosine from sample 0 on, a little noise, half scale."""
    time = np.arange(round(seconds * RATE)) / RATE
    total = sum(np.cos(2 * np.pi * pitch_hz * k * time) / k for k in range(1, 11))
    hiss = np.random.default_rng(seed).standard_normal(len(time))
    return np.asarray(0.5 * total / np.abs(total).max() + 1e-3 * hiss, np.float32)


def write(path: Path, samples: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path, AudioClip(samples[None], RATE))


def write_recordings(folder: Path) -> None:
    """Write two voices with two takes each, and two pieces of noise as music."""
    for speaker, hz in (("a", 110.0), ("b", 220.0)):
        for take in range(2):
            write(folder / f"speech/{speaker}/{take}.wav", voice(hz + 20 * take, 1.5, take))
    rng = np.random.default_rng(5)
    for index in range(2):
        noise = 0.1 * rng.standard_normal(RATE).astype(np.float32)
        write(folder / f"music/{index}.wav", noise)


def vocoder_task(dataset: Dataset, **options: Any) -> VocoderTask:
    return VocoderTask(
        dataset, CPU, batch=2, seconds=0.2, config=HarmonicConfig(**TINY_HARMONIC),
        validation_items=4, **options,
    )  # fmt: skip


def vae_task(dataset: Dataset, **options: Any) -> VaeTask:
    return VaeTask(
        dataset, CPU, batch=2, seconds=0.2, config=TINY_VAE, validation_items=4, **options
    )


def train(task: Task, out: Path, schedule: Schedule = SCHEDULE) -> Trainer:
    trainer = Trainer(task, out, schedule)
    trainer.run(Console(quiet=True))
    return trainer


def curve(out: Path, name: str = LOG) -> list[Mapping[str, str]]:
    with (out / name).open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]
