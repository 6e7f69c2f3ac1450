"""Checkpoints in the formats of EnCodec's and DAC's authors, with seeded random weights.

Every tensor is random, also those that networks initialise with equal values (gains, biases,
slopes, norms), so that exchanged or missing tensors are detected.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import torch

from codecmark.networks.published_sets import SETS
from codecmark.neural import dac, dac_original, encodec_original

SEED = 20_261_125
# signals grow in DAC's residual layers: at full gain the final tanh would only return 1 or -1
_GAINS = {"decoder.model.6.weight_g": 0.004}


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint file, and the reference network with the same weights.

    Attributes
    ----------
    tensors, numbers : int
        Number of tensors, and of values in them.
    sha256 : str
        Digest of the sorted names, shapes and bytes of the tensors.
    """

    file: str
    tensors: int
    numbers: int
    sha256: str
    network: Any


def encodec(variant: str, root: Path) -> Checkpoint:
    """Write the `.th` file of `24khz` or `48khz` under `root`, a folder of weights."""
    network = encodec_original.make(variant)
    network.name = f"encodec_{variant}"  # the package writes .ecdc only for its published names
    state = _random(network)
    return _write(root, f"facebookresearch/encodec_{variant}", state, state, network)


def descript(variant: str, root: Path) -> Checkpoint:
    """Write the `.pth` file of `16khz`, `24khz` or `44khz` under `root`."""
    network = dac_original.make(dac.PUBLISHED[variant])
    state = _random(network)
    content = {"state_dict": state, "metadata": {"kwargs": {"sample_rate": network.sample_rate}}}
    return _write(root, f"descriptinc/dac_{variant}", content, state, network)


def _random(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Fill a network such that signals keep about their level, and return its state."""
    generator = torch.Generator().manual_seed(SEED)
    state = network.state_dict()
    for name, tensor in state.items():
        noise = torch.randn(tensor.shape, generator=generator)
        spread = 0.8 + 0.4 * torch.rand(tensor.shape, generator=generator)
        tensor.copy_(_filled(name, tensor, noise, spread, state))
    network.load_state_dict(state)
    return network.eval().state_dict()


def _filled(
    name: str,
    tensor: torch.Tensor,
    noise: torch.Tensor,
    spread: torch.Tensor,
    state: dict[str, torch.Tensor],
) -> torch.Tensor:
    kind = name.rpartition(".")[2]
    if kind == "inited":  # a flag: the codebook is ready
        return torch.ones_like(tensor)
    if kind in {"cluster_size", "alpha"} or name.endswith("norm.weight"):
        return spread
    if kind in {"embed", "embed_avg"} or name.endswith("codebook.weight"):
        return noise
    if kind == "weight_g":
        direction = state[name.replace("weight_g", "weight_v")]
        transposed = direction.shape[0] > direction.shape[1] and direction.shape[2] % 2 == 0
        inputs, outputs, taps = direction.shape
        gain = sqrt(outputs * taps / inputs / 2) if transposed else _GAINS.get(name, 1.0)
        return gain * spread
    if tensor.dim() == 1:  # biases
        return 0.05 * noise
    return noise / sqrt(tensor[0].numel())


def _write(root: Path, name: str, content: Any, state: Any, network: Any) -> Checkpoint:
    (file,) = SETS[name].files
    path = root / name / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content, path)
    digest = hashlib.sha256()
    for key in sorted(state):
        digest.update(f"{key} {tuple(state[key].shape)}\n".encode())
        digest.update(state[key].contiguous().numpy().tobytes())
    numbers = sum(tensor.numel() for tensor in state.values())
    return Checkpoint(file.path, len(state), numbers, digest.hexdigest(), network)
