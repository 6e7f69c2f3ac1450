"""Export of a run's weights for codecs: safetensors in half precision and a model card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from codecmark.errors import InputError
from codecmark.mel.autoencoders import compact
from codecmark.mel.autoencoders.audioldm2 import network_of
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.front_end import log_mel
from codecmark.mel.harmonic import vocoder
from codecmark.networks import runtime, trained_sets
from codecmark.networks.setup import Setup
from codecmark.system import host
from codecmark.training.dataset import RATE_HZ, Dataset
from codecmark.training.runs import Trained, read_run

_LATENT_ITEMS = 20


def export(run: Path, out: Path, dataset: Dataset, setup: Setup) -> list[Path]:
    """Write the best weights of a run and their model card to `out`, and return the paths.

    `setup` names the device on which the scale of a VAE's latents is measured.

    Raises
    ------
    InputError
        If the run cannot be read, or a file is too large to ship.
    """
    trained = read_run(run)
    parts: dict[str, tuple[str, Mapping[str, object], Mapping[str, torch.Tensor]]] = {}
    if trained.task in ("vae", "joint"):
        state = _part(trained, "vae") if trained.task == "joint" else dict(trained.state)
        config = dict(trained.options["vae"] if trained.task == "joint" else trained.config)
        config["scaling_factor"] = _scaling(config, state, dataset, setup)
        parts[compact.FILE] = compact.KIND, config, state
    if trained.task in ("vocoder", "anchored", "joint"):
        vocoder_state = _part(trained, "vocoder") if trained.task == "joint" else trained.state
        parts[vocoder.FILE] = vocoder.KIND, trained.config, vocoder_state
    written = []
    for name, part in parts.items():
        path = out / name
        trained_sets.write(path, *part)
        if path.stat().st_size > trained_sets.LARGEST_BYTES:
            raise InputError(
                f"{path}: {path.stat().st_size} bytes, at most {trained_sets.LARGEST_BYTES} "
                "are shipped; train a smaller network"
            )
        written.append(path)
    card = out / trained_sets.CARD
    card.write_text(_card(trained, dataset, parts), encoding="utf-8")
    return [*written, card]


def _part(trained: Trained, name: str) -> dict[str, torch.Tensor]:
    prefix = f"{name}."
    return {k[len(prefix) :]: v for k, v in trained.state.items() if k.startswith(prefix)}


@torch.inference_mode()
def _scaling(
    config: Mapping[str, object],
    state: Mapping[str, torch.Tensor],
    dataset: Dataset,
    setup: Setup,
) -> float:
    """Return the factor that gives latents unit variance, measured on held-out items."""
    vae = compact.CompactAutoencoder(runtime.ready(_unscaled_vae(config, state), setup))
    squares, count = 0.0, 0
    for _, samples in dataset.validation(_LATENT_ITEMS):
        length = AUDIOLDM2.samples(len(samples) // AUDIOLDM2.hop // 4 * 4)
        if length < AUDIOLDM2.n_fft:
            continue
        waveform = runtime.to_tensor(samples[None, :length], vae.device)
        latent = vae.encode(log_mel(waveform, AUDIOLDM2))
        squares += float(latent.square().sum())
        count += latent.numel()
    if not count or not squares:
        raise InputError("--data: no held-out item is long enough to measure the latent's variance")
    return float((count / squares) ** 0.5)


def _unscaled_vae(config: Mapping[str, object], state: Mapping[str, torch.Tensor]) -> Any:
    network = network_of({**config, "scaling_factor": 1.0})
    network.load_state_dict(state)
    return network


def _card(
    trained: Trained,
    dataset: Dataset,
    parts: Mapping[str, tuple[str, Mapping[str, object], Mapping[str, torch.Tensor]]],
) -> str:
    lines = [
        f"# {trained.task}, step {trained.step}",
        "",
        f"Trained by `codecmark train {trained.task}`; licence MIT. Takes and gives "
        f"{AUDIOLDM2.describe()}.",
        "",
        "| file | network | parameters |",
        "| --- | --- | ---: |",
    ]
    for file, (kind, _, state) in parts.items():
        count = sum(value.numel() for value in state.values())
        lines.append(f"| `{file}` | {kind} | {count} |")
    hours = trained.seconds / 3600
    before = trained.started_from or "random weights"
    lines += [
        "",
        f"Steps {trained.step} of {trained.options['batch']} crops of "
        f"{trained.options['seconds']:g} s, {hours:.1f} h, seed {trained.options['seed']}, on "
        f"{host.host()}. Started from {before}.",
        "",
        "Held-out items of the training data: "
        + ", ".join(f"{name} {value:.3f}" for name, value in trained.scores.items())
        + ". Scores on the bundled clips, of which nothing was trained on, are in `results/`.",
        "",
        "## Data",
        "",
        "| source | package | licence | author | minutes |",
        "| --- | --- | --- | --- | ---: |",
    ]
    seconds: dict[tuple[str, str, str, str], float] = {}
    for item in dataset.items:
        if item.split == "train":
            speaker = item.source if item.clip_class == "speech" else "(not speech)"
            key = speaker, item.package or "own audio", item.licence or "not stated", item.author
            seconds[key] = seconds.get(key, 0.0) + item.samples / RATE_HZ
    lines += [f"| {' | '.join(key)} | {value / 60:.1f} |" for key, value in seconds.items()]
    return "\n".join(lines) + "\n"
