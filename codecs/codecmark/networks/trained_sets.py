"""Weights that this project trained: where they are, how they are written and read.

A set is a folder with one safetensors file for each network and a model card. It comes with the
package, in `trained/NAME/`; a folder `NAME` where `WeightLocator.trained` points is taken in its
place, which is how a training of one's own is measured. Each file says in its metadata what
network it is and at what sizes, so nothing else has to be known to build it.
"""

from __future__ import annotations

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
PREFIX = "trained/"  # begins the name of such a set in `WeightLocator.asked`
LARGEST_BYTES = 8_000_000  # of a file: the package stays small
SETS: Mapping[str, tuple[str, ...]] = {
    "harmonic": ("vocoder.safetensors",),
    "compact": ("vae.safetensors",),
    "joint": ("vae.safetensors", "vocoder.safetensors"),
    "anchored": ("vocoder.safetensors",),
}


def locate_trained(name: str, locator: WeightLocator) -> Located:
    """Find a set.

    Raises
    ------
    UnavailableError
        If it is not here; says how to train it.
    """
    locator.asked.append(Asked((PREFIX + name,), needed=True))
    roots = [root for root in (locator.trained, SHIPPED) if root is not None]
    for folder in (root / name for root in roots):
        files = [folder / file for file in SETS[name]]
        if all(file.is_file() for file in files):
            digest = combined({file.name: file_sha256(file) for file in files})
            return Located(folder, Weights("trained", digest, f"trained by this project: {name}"))
    task = {"harmonic": "vocoder", "compact": "vae"}.get(name, name)
    raise UnavailableError(
        f"trained weights {name} are not here",
        f"train them: codecmark train {task}, then codecmark train export --run RUN --out "
        f"DIR/{name}, and set CODECMARK_TRAINED=DIR",
    )


def together(*sources: Weights) -> Weights:
    """Return the evidence of networks that only work together: that of the weakest."""
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
    """Write one network in half precision; integers stay what they are."""
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
    """Return the configuration and the parameters, in single precision.

    Raises
    ------
    DamagedWeightsError
        If the file is not a whole network of that kind.
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
    """Return the network of a file: what `make` builds from its configuration, filled.

    Raises
    ------
    DamagedWeightsError
        If the file is not a whole network of that kind.
    """
    config, state = read(path, kind)
    try:
        network = make(config)
        network.load_state_dict(state)
    except Exception as error:
        raise DamagedWeightsError(
            f"{path} is not a whole network ({str(error).splitlines()[0]})", "replace it"
        ) from error
    return network
