"""Locating, reading and writing the weights that this project trained.

A set is a folder with a model card and one safetensors file per network. A checkout has them in
`trained/NAME/`, an installation in the package `codecmark_trained`; a folder `NAME` below
`WeightLocator.trained` takes precedence, so users can measure their own training. The metadata of
each file states the kind and the sizes of its network, which is all that is needed to build it.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from codecmark.codec import Weights
from codecmark.errors import DamagedWeightsError, UnavailableError
from codecmark.networks.weights import Asked, Located, WeightLocator
from codecmark.system.digest import combined, file_sha256

if TYPE_CHECKING:
    import torch

    Network = TypeVar("Network", bound=torch.nn.Module)

SHIPPED = Path(__file__).parent / "trained"
CARD = "card.md"
PACKAGE = "codecmark_trained"  # a distribution of its own, see .ci/trained
PREFIX = "trained/"  # of the names of these sets in `WeightLocator.asked`
LARGEST_BYTES = 8_000_000  # per file, to keep the package small
SETS: Mapping[str, tuple[str, ...]] = {
    "harmonic": ("vocoder.safetensors",),
    "compact": ("vae.safetensors",),
    "joint": ("vae.safetensors", "vocoder.safetensors"),
    "anchored": ("vocoder.safetensors",),
}


def locate_trained(name: str, locator: WeightLocator) -> Located:
    """Find a set of trained weights.

    Raises
    ------
    UnavailableError
        If the set is missing; says how to train it.
    """
    locator.asked.append(Asked((PREFIX + name,), needed=True))
    roots = [root for root in (locator.trained, SHIPPED, _installed()) if root is not None]
    for folder in (root / name for root in roots):
        files = [folder / file for file in SETS[name]]
        if all(file.is_file() for file in files):
            digest = combined({file.name: file_sha256(file) for file in files})
            return Located(folder, Weights("trained", digest, f"trained by this project: {name}"))
    task = {"harmonic": "vocoder", "compact": "vae"}.get(name, name)
    raise UnavailableError(
        f"trained weights {name} are missing",
        "install the package codecmark-trained, or train them: "
        f"codecmark train {task}, then codecmark train export --run RUN --out DIR/{name}, and set "
        "CODECMARK_TRAINED=DIR",
    )


def _installed() -> Path | None:
    module = importlib.util.find_spec(PACKAGE)
    return None if module is None or module.origin is None else Path(module.origin).parent


def together(*sources: Weights) -> Weights:
    """Return the combined origin of networks that work together: the weakest evidence of all."""
    learned = [weights for weights in sources if weights.evidence != "none"]
    if not learned:
        return sources[0]
    order = ("random", "trained", "published")
    weakest = min(learned, key=lambda weights: order.index(weights.evidence))
    if weakest.evidence == "random" or len(learned) == 1:
        return weakest
    digests = {f"{n} {w.note}": w.sha256 or "" for n, w in enumerate(learned)}
    return Weights(weakest.evidence, combined(digests), "; ".join(w.note for w in learned))


def write(
    path: Path, kind: str, config: Mapping[str, Any], state: Mapping[str, torch.Tensor]
) -> None:
    """Write one network, with floats in half precision and integers unchanged."""
    import torch
    from safetensors.torch import save_file

    halves = {
        name: (value.half() if value.dtype == torch.float32 else value).contiguous().cpu()
        for name, value in state.items()
    }
    metadata = {"kind": kind, "config": json.dumps(dict(config), sort_keys=True)}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(halves, path, metadata=metadata)


def read(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Return a network's configuration and parameters, in single precision.

    Raises
    ------
    DamagedWeightsError
        If the file is not a complete network of that kind.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    remedy = "delete it, or replace it with the shipped file"
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        config = json.loads(metadata["config"])
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise DamagedWeightsError(f"{path} cannot be read ({error})", remedy) from error
    if metadata.get("kind") != kind:
        raise DamagedWeightsError(f"{path} holds a {metadata.get('kind')}, not a {kind}", remedy)
    floats = {k: v.float() if v.dtype == torch.float16 else v for k, v in state.items()}
    return dict(config), floats


def build(path: Path, kind: str, make: Callable[[dict[str, Any]], Network]) -> Network:
    """Return the network that `make` builds from a file's configuration, with its parameters.

    Raises
    ------
    DamagedWeightsError
        If the file is not a complete network of that kind.
    """
    config, state = read(path, kind)
    try:
        network = make(config)
        network.load_state_dict(state)
    except Exception as error:
        raise DamagedWeightsError(
            f"{path} is not a complete network ({str(error).splitlines()[0]})", "replace it"
        ) from error
    return network
