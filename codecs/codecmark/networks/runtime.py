"""PyTorch networks for codecs, built from published weights or with seeded random ones."""

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
    """Return the device to run on: that of the setup, else a GPU if there is one, else the CPU.

    Raises
    ------
    InputError
        If the setup's device name is not one of torch's.
    UnavailableError
        If a GPU is requested and torch sees none.
    """
    named = setup.device_name()
    if not named:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(named)
    except RuntimeError as error:
        raise InputError(
            f"device: torch knows no {named!r}; choose e.g. cpu, by --device or CODECMARK_DEVICE"
        ) from error
    if chosen.type == "cuda" and not torch.cuda.is_available():
        raise UnavailableError(f"device: torch sees no GPU for {named!r}", "choose cpu")
    return chosen


def on_backend(
    network: Network,
    setup: Setup,
    shape: Sequence[int],
    *,
    varying: Sequence[int],
    shortest: int = 1,
) -> Network:
    """Return the network as the setup's backend runs it; unchanged if that is eager PyTorch.

    For networks, or parts of them, from one float32 tensor to one; parameters as those of
    `backends.on_backend`. Count learned parameters before: the returned module may have none.
    """
    chosen = setup.network_execution()
    if not chosen.changes_the_network:
        return network
    from codecmark.networks import backends

    on_backend: Any = backends.on_backend(network, chosen, device(setup), shape, varying, shortest)
    return on_backend  # type: ignore[no-any-return]


def build(
    source: Located | Weights,
    load: Callable[[Path], Network],
    randomly: Callable[[], Network],
    setup: Setup,
) -> Network:
    """Return the network of `source` in evaluation mode on the setup's device.

    Without published weights it is initialised with a fixed seed; the caller's random state is
    unchanged.
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
    """Load a transformers or diffusers class from a folder, and require every parameter.

    Both libraries fill missing parameters with random numbers and only log a warning.

    Raises
    ------
    DamagedWeightsError
        If the file cannot be read, or a parameter is missing or has another shape.
    """
    weights_folder = folder / options.get("subfolder", "")
    try:
        loaded, report = network.from_pretrained(
            folder, local_files_only=True, output_loading_info=True, **options
        )
    except Exception as error:
        raise _unreadable(weights_folder, error) from error
    _require_all(weights_folder, [*report["missing_keys"], *report["mismatched_keys"]])
    return loaded


def load_state(make: Callable[[], Network], path: Path) -> Network:
    """Load the tensors of a `torch.save` file into the network of `make()`, without unpickling.

    Raises
    ------
    DamagedWeightsError
        If the file cannot be read, or a parameter is missing or has another shape.
    """
    try:
        network = make()
        state = torch.load(path, map_location="cpu", weights_only=True)
        missing = network.load_state_dict(state, strict=False).missing_keys
    except Exception as error:
        raise _unreadable(path.parent, error) from error
    _require_all(path.parent, missing)
    return network


def _unreadable(folder: Path, error: Exception) -> DamagedWeightsError:
    problem = f"weights in {folder} cannot be read ({type(error).__name__}: {error})"
    return DamagedWeightsError(problem, _REMEDY)


def _require_all(folder: Path, missing: Sequence[object]) -> None:
    if missing:
        problem = f"weights in {folder} lack {len(missing)} parameters, {missing[0]} among them"
        raise DamagedWeightsError(problem, _REMEDY)


@contextmanager
def seeded(device: torch.device) -> Iterator[None]:
    """Use a fixed random seed inside, also on the device, and restore the random state after."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(RANDOM_SEED)
        yield


def weights_of(source: Located | Weights) -> Weights:
    """Return the origin of a source's weights."""
    return source.weights if isinstance(source, Located) else source


def info(
    network: torch.nn.Module, source: Located | Weights, setup: Setup, **fields: Any
) -> CodecInfo:
    """Return the `CodecInfo` of a codec on `network`, with these further `fields`."""
    fields.setdefault("parameters", parameter_count(network))
    return described(CodecInfo(weights=weights_of(source), **fields), setup)


def described(info: CodecInfo, setup: Setup) -> CodecInfo:
    """Return `info` completed with how and where the network runs."""
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
    """Return the number of learned parameters in all `networks`."""
    return sum(p.numel() for network in networks for p in network.parameters())


def to_tensor(samples: Samples, device: torch.device | str) -> torch.Tensor:
    """Return a writable float32 copy of an array on the device."""
    return torch.tensor(samples, dtype=torch.float32, device=device)


def to_array(tensor: torch.Tensor) -> Samples:
    """Return a float32 array on the host, once the device has computed it."""
    array: Any = tensor.detach().to("cpu", torch.float32).numpy()
    return array  # type: ignore[no-any-return]


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Suppress the model libraries' warnings and progress bars while they load."""
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
            # diffusers' audio autoencoders still use torch's deprecated weight_norm
            warnings.filterwarnings("ignore", message=".*weight_norm", category=FutureWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        for bar in (bar for bar, was_shown in zip(bars, shown, strict=True) if was_shown):
            bar.enable_progress_bar()
