"""Checkpoints as the authors of EnCodec (`.th`) and DAC (`.pth`) publish them.

Both are files of `torch.save`; only tensors and plain values are read from them, no object. What
follows renames their tensors to transformers' names. Weight norm stays two tensors in EnCodec,
where the class has it too, and becomes one in DAC, where it has not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from codecmark.codec import Weights
from codecmark.errors import DamagedWeightsError
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located

State = dict[str, torch.Tensor]

_ENCODEC = (
    (r"^(encoder|decoder)\.model\.", r"\1.layers."),
    (r"^quantizer\.vq\.layers\.(\d+)\._codebook\.", r"quantizer.layers.\1.codebook."),
    (r"\.(?:conv\.conv|convtr\.convtr)\.", ".conv."),
    (r"\.(?:conv|convtr)\.norm\.", ".norm."),
    (r"\.weight_g$", ".parametrizations.weight.original0"),
    (r"\.weight_v$", ".parametrizations.weight.original1"),
)
_DAC_UNIT = {"0": "snake1", "1": "conv1", "2": "snake2", "3": "conv2"}
_DAC_ENCODER_BLOCK = {
    "0": "res_unit1", "1": "res_unit2", "2": "res_unit3", "3": "snake1", "4": "conv1",
}  # fmt: skip
_DAC_DECODER_BLOCK = {
    "0": "snake1", "1": "conv_t1", "2": "res_unit1", "3": "res_unit2", "4": "res_unit3",
}  # fmt: skip


def build_either(
    kind: Any,
    make: Callable[[], Any],
    randomly: Callable[[], Any],
    names: tuple[str, str],
    convert: Callable[[State], State],
    setup: Setup,
) -> tuple[Any, Located | Weights]:
    """Return a network of transformers' class `kind` and where its weights come from.

    Parameters
    ----------
    make, randomly : callable
        Return the network to load a checkpoint into, and one with random weights.
    names : tuple of two str
        The set in transformers' form, and the authors' checkpoint, taken where that is not here.
    convert : callable
        Renames the authors' tensors.
    """
    source = setup.weights.locate_or_random(*names)
    original = isinstance(source, Located) and source.name == names[1]

    def load(folder: Path) -> Any:
        if original:
            return load_folder(make(), folder, convert)
        return runtime.load_pretrained(kind, folder)

    return runtime.build(source, load, randomly, setup), source


def load_folder(
    network: Any, folder: Path, convert: Callable[[State], State] = lambda state: state
) -> Any:
    """Put the one checkpoint of a folder into a network, and return the network.

    Raises
    ------
    DamagedWeightsError
        If it cannot be read, or is not of this network.
    """
    (path,) = (path for path in folder.iterdir() if path.suffix in {".th", ".pth"})
    return load(network, path, convert(read(path)))


def read(path: Path) -> State:
    """Return the tensors of a checkpoint, by their original names.

    Raises
    ------
    DamagedWeightsError
        If the file cannot be read, or holds anything but tensors and plain values.
    """
    try:
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
        state = found.get("state_dict", found)
        return {str(name): torch.as_tensor(value) for name, value in state.items()}
    except Exception as error:
        raise _damaged(path, f"cannot be read ({type(error).__name__}: {error})") from error


def load(network: Any, path: Path, state: State) -> Any:
    """Put a state into a network that has exactly its tensors, and return the network.

    Raises
    ------
    DamagedWeightsError
        If a tensor is absent, left over or of another shape; `path` is named.
    """
    try:
        network.load_state_dict(state)
    except (RuntimeError, TypeError) as error:
        raise _damaged(path, f"is not of this network ({error})") from error
    return network


def encodec_to_transformers(state: State) -> State:
    """Rename the tensors of the package `encodec` to those of `EncodecModel`."""
    renamed = {}
    for name, tensor in state.items():
        for pattern, replacement in _ENCODEC:
            name = re.sub(pattern, replacement, name)
        renamed[name] = tensor
    return renamed


def dac_to_transformers(state: State) -> State:
    """Rename the tensors of the package `dac` to those of `DacModel`, weight norm multiplied out.

    The product is computed as torch computes it at every call of the original.
    """
    folded: State = {}
    for name, tensor in state.items():
        if name.endswith(".weight_v"):
            stem = name.removesuffix("weight_v")
            gain = state.get(f"{stem}weight_g")
            if gain is None:
                continue  # `load` names what is absent
            folded[f"{stem}weight"] = torch._weight_norm(tensor, gain, 0)
        elif not name.endswith(".weight_g"):
            folded[name] = tensor
    last = _last_layers(folded)
    return {_dac_name(name, last): tensor for name, tensor in folded.items()}


def _last_layers(state: Mapping[str, torch.Tensor]) -> dict[str, int]:
    """Return the number of the last layer of `encoder.block` and of `decoder.model`."""
    last = {"encoder": 0, "decoder": 0}
    for name in state:
        if match := re.match(r"(encoder)\.block\.(\d+)\.|(decoder)\.model\.(\d+)\.", name):
            side, index = (group for group in match.groups() if group is not None)
            last[side] = max(last[side], int(index))
    return last


def _dac_name(name: str, last: Mapping[str, int]) -> str:
    side, _, rest = name.partition(".")
    if side not in last:
        return name
    _, layer, *inner, tensor = rest.split(".")
    numbers = [part for part in inner if part != "block"]
    if layer == "0":
        parts = ["conv1"]
    elif int(layer) >= last[side] - 1:
        parts = ["snake1" if int(layer) == last[side] - 1 else "conv2"]
    else:
        block = _DAC_ENCODER_BLOCK if side == "encoder" else _DAC_DECODER_BLOCK
        tables = (block, _DAC_UNIT)
        parts = ["block", str(int(layer) - 1)]
        parts += [table.get(n, n) for table, n in zip(tables, numbers, strict=False)]
    return ".".join([side, *parts, tensor])


def _damaged(path: Path, what: str) -> DamagedWeightsError:
    return DamagedWeightsError(
        f"the checkpoint {path} {what}", "replace it with the published file"
    )
