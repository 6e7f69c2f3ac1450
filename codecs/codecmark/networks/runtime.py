"""Torch networks for codecs: built from a published folder, or seeded random at the same size."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from codecmark.codec import CodecInfo, Weights
from codecmark.errors import DamagedWeightsError, InputError, UnavailableError
from codecmark.networks.setup import Setup
from codecmark.networks.weights import RANDOM_SEED, Located
from codecmark.system.execution import EAGER, MARK

if TYPE_CHECKING:
    from codecmark.clip import Samples

Network = TypeVar("Network", bound=torch.nn.Module)
_REMEDY = "replace the folder with the published one"


def device(setup: Setup) -> torch.device:
    """Return the device to run on: that of the setup, else a GPU if there is one.

    Raises
    ------
    InputError
        If the setup names no device.
    UnavailableError
        If a GPU is asked for and torch sees none.
    """
    named = setup.device_name()
    if not named:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(named)
    except RuntimeError as error:
        raise InputError(
            f"device: torch knows no {named!r}; choose e.g. cpu, by --device or CODECMARK_DEVICE"
        ) from error
    if found.type == "cuda" and not torch.cuda.is_available():
        raise UnavailableError(f"device: torch sees no GPU for {named!r}", "choose cpu")
    return found


def on_backend(
    network: Network,
    setup: Setup,
    shape: Sequence[int],
    *,
    varying: Sequence[int],
    shortest: int = 1,
) -> Network:
    """Return the network as the setup's backend runs it; as it is where that is eager.

    For networks, or parts of them, that take and give one float32 tensor; parameters as those of
    `backends.on_backend`. What is returned may have no learned parameters left to count.
    """
    chosen = setup.network_execution()
    if not chosen.changes_the_network:
        return network
    from codecmark.networks import backends

    run: Any = backends.on_backend(network, chosen, device(setup), shape, varying, shortest)
    return run  # type: ignore[no-any-return]


def build(
    source: Located | Weights,
    load: Callable[[Path], Network],
    randomly: Callable[[], Network],
    setup: Setup,
) -> Network:
    """Return the network in evaluation mode on the setup's device, from `source`.

    Without published weights it is initialised with a fixed seed, which leaves the caller's
    random state as it was.
    """
    with _quiet_libraries():
        if isinstance(source, Located):
            network = load(source.folder)
        else:
            with seeded(device(setup)):
                network = randomly()
    return ready(network, setup)


def ready(network: Network, setup: Setup) -> Network:
    """Return the network in evaluation mode on the setup's device."""
    return network.eval().requires_grad_(False).to(device(setup))


def device_of(network: torch.nn.Module) -> torch.device:
    """Return the device that a network's parameters are on."""
    return next(network.parameters()).device


def load_pretrained(network: Any, folder: Path, **options: Any) -> Any:
    """Load a transformers or diffusers class from a folder, whole.

    Both libraries fill what a file lacks with random numbers and say so in a log line only.

    Raises
    ------
    DamagedWeightsError
        If the file cannot be read, or does not hold every parameter in its shape.
    """
    where = folder / options.get("subfolder", "")
    try:
        loaded, report = network.from_pretrained(
            folder, local_files_only=True, output_loading_info=True, **options
        )
    except Exception as error:
        raise _unreadable(where, error) from error
    _require_all(where, [*report["missing_keys"], *report["mismatched_keys"]])
    return loaded


def load_state(make: Callable[[], Network], path: Path) -> Network:
    """Load the tensors of a `torch.save` file into `make()`, whole; no object is unpickled.

    Raises
    ------
    DamagedWeightsError
        If the file cannot be read, or does not hold every parameter in its shape.
    """
    try:
        network = make()
        state = torch.load(path, map_location="cpu", weights_only=True)
        lacking = network.load_state_dict(state, strict=False).missing_keys
    except Exception as error:
        raise _unreadable(path.parent, error) from error
    _require_all(path.parent, lacking)
    return network


def _unreadable(where: Path, error: Exception) -> DamagedWeightsError:
    what = f"weights in {where} cannot be read ({type(error).__name__}: {error})"
    return DamagedWeightsError(what, _REMEDY)


def _require_all(where: Path, lacking: Sequence[object]) -> None:
    if lacking:
        what = f"weights in {where} lack {len(lacking)} parameters, {lacking[0]} among them"
        raise DamagedWeightsError(what, _REMEDY)


@contextmanager
def seeded(device: torch.device) -> Iterator[None]:
    """Draw from a fixed seed inside, there too; leaves the caller's random state as it was."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(RANDOM_SEED)
        yield


def weights_of(source: Located | Weights) -> Weights:
    """Return the evidence of a source."""
    return source.weights if isinstance(source, Located) else source


def info(
    network: torch.nn.Module, source: Located | Weights, setup: Setup, **fields: Any
) -> CodecInfo:
    """Return what a codec on `network` says about itself; `fields` are those of `CodecInfo`."""
    fields.setdefault("parameters", parameter_count(network))
    return described(CodecInfo(weights=weights_of(source), **fields), setup)


def described(info: CodecInfo, setup: Setup) -> CodecInfo:
    """Complete what a codec on a network says about itself by how and where it runs."""
    execution, notes = setup.execution, info.notes
    if execution.changes_the_network:
        how = f"decoder on {execution.backend} in {execution.dtype}, encoder on eager in float32"
        notes = "; ".join(filter(None, (notes, how)))
    return replace(
        info,
        spec=info.spec if execution == EAGER else f"{info.spec}{MARK}{execution}",
        device=str(device(setup)),
        backend=execution.backend,
        dtype=execution.dtype,
        notes=notes,
    )


def parameter_count(*networks: torch.nn.Module) -> int:
    """Return the learned parameters of all `networks`."""
    return sum(p.numel() for network in networks for p in network.parameters())


def to_tensor(samples: Samples, device: torch.device | str) -> torch.Tensor:
    """Return a writable float32 copy of an array, there."""
    return torch.tensor(samples, dtype=torch.float32, device=device)


def to_array(tensor: torch.Tensor) -> Samples:
    """Return a float32 array on the host; waits for the device."""
    array: Any = tensor.detach().to("cpu", torch.float32).numpy()
    return array  # type: ignore[no-any-return]


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Hold back the model libraries' chatter while they load, errors excepted."""
    names = [name for name in ("transformers", "diffusers") if name in sys.modules]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    bars = [sys.modules[f"{name}.utils.logging"] for name in names]
    shown = [bar.is_progress_bar_enabled() for bar in bars]
    for logger, bar in zip(loggers, bars, strict=True):
        logger.setLevel(logging.ERROR)
        bar.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            # diffusers' audio autoencoders still use torch's former weight norm
            warnings.filterwarnings("ignore", message=".*weight_norm", category=FutureWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        for bar in (bar for bar, was_shown in zip(bars, shown, strict=True) if was_shown):
            bar.enable_progress_bar()
