"""Run a network otherwise than PyTorch does by itself: see `codecmark.system.execution`.

What a backend returns is not what eager returns: `measure.agreement` measures how near it comes.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Sequence
from typing import Any

import torch

from codecmark.errors import UnavailableError
from codecmark.networks import exporters
from codecmark.system.execution import Execution

_CONVOLUTIONS = (
    torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.ConvTranspose1d, torch.nn.ConvTranspose2d,
)  # fmt: skip
_DTYPES = {
    "eager": ("float32", "bfloat16", "int8"),
    "compile": ("float32", "bfloat16"),
    "onnxruntime": ("float32",),  # its convolutions on a processor know no bfloat16
    "openvino": ("float32", "bfloat16"),
}


def on_backend(
    network: torch.nn.Module,
    execution: Execution,
    device: torch.device,
    shape: Sequence[int],
    varying: Sequence[int],
    shortest: int,
) -> torch.nn.Module:
    """Return what takes and gives what `network` does, one float32 tensor, and runs this way.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode; it may be changed, so use what is returned only.
    shape : sequence of int
        Of a short input, for backends that follow a call through the network.
    varying : sequence of int
        The axes of the input that other calls have longer or shorter; the last one is time.
    shortest : int
        What is shorter in time takes other branches than `shape` does, and so runs on eager.

    Raises
    ------
    UnavailableError
        If the backend lacks a package, a compiler or this dtype; says what to do.
    """
    backend, dtype = execution.backend, execution.dtype
    if dtype not in _DTYPES[backend]:
        raise UnavailableError(
            f"dtype: {backend} runs {' or '.join(_DTYPES[backend])}, not {dtype}",
            "choose one of them, or another backend",
        )
    if device.type != "cpu" and (backend in exporters.EXPORTERS or dtype == "int8"):
        raise UnavailableError(
            f"backend: {backend} in {dtype} runs on the processor here, not on {device}",
            "add --device cpu, or choose eager or compile in float32 or bfloat16",
        )
    if backend in exporters.EXPORTERS:
        return exporters.exported(network, execution, torch.zeros(*shape), varying, shortest)
    if dtype == "bfloat16":
        _multiply_in_bfloat16(network)
    elif dtype == "int8":
        network = _with_int8_weights(network)
    return _compiled(network) if backend == "compile" else network


def _multiply_in_bfloat16(network: torch.nn.Module) -> None:
    """Let convolutions and linear layers multiply in bfloat16, and everything else alone.

    With their outputs float32 again, the sums of residual blocks lose nothing: 2 dB nearer to
    eager than a network that is bfloat16 throughout, at the same speed.
    """
    for layer in network.modules():
        if isinstance(layer, (*_CONVOLUTIONS, torch.nn.Linear)):
            _fold(layer)
            layer.to(torch.bfloat16)
            layer.register_forward_pre_hook(lambda _, inputs: (inputs[0].to(torch.bfloat16),))
            layer.register_forward_hook(lambda *called: called[-1].float())


def _fold(layer: torch.nn.Module) -> None:
    """Compute a normalised weight once, in float32, not in every call."""
    if torch.nn.utils.parametrize.is_parametrized(layer, "weight"):
        torch.nn.utils.parametrize.remove_parametrizations(layer, "weight")


def _with_int8_weights(network: torch.nn.Module) -> torch.nn.Module:
    """Quantise the weights of linear and LSTM layers; their inputs follow in each call."""
    kinds = {torch.nn.Linear, torch.nn.LSTM}
    if not any(type(layer) in kinds for layer in network.modules()):
        raise UnavailableError(
            f"dtype: int8 is for linear and LSTM layers, and {type(network).__name__} has none: "
            "it is all convolutions",
            "choose bfloat16",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # announces a successor in another package
        quantize: Any = torch.ao.quantization.quantize_dynamic
        quantized: torch.nn.Module = quantize(network, kinds)
    return quantized


def _compiled(network: torch.nn.Module) -> torch.nn.Module:
    """The first call compiles, for minutes where the network is large."""
    compiler = os.environ.get("CXX")
    if not any(map(shutil.which, [compiler] if compiler else ["g++", "clang++"])):
        raise UnavailableError(
            f"backend: compile needs a C++ compiler, and {compiler or 'g++'} is not here",
            "install one, e.g. apt-get install g++, or set CXX",
        )
    return _Compiled(torch.compile(network))


class _Compiled(torch.nn.Module):
    """A compiled network that says so where it cannot be compiled.

    What a stream may be blamed for, such as a wrong shape, is raised as it is.
    """

    def __init__(self, compiled: Any) -> None:
        super().__init__()
        self._compiled = compiled

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return what the network makes of the input, or raise `UnavailableError`."""
        from torch._dynamo.exc import BackendCompilerFailed, InternalTorchDynamoError

        try:
            made: torch.Tensor = self._compiled(values)
        except (BackendCompilerFailed, InternalTorchDynamoError) as error:
            cause = getattr(error, "inner_exception", error)
            reason = str(cause).strip().partition("\n")[0]
            raise UnavailableError(
                f"backend: compile cannot compile this network ({type(cause).__name__}: {reason})",
                "see that the C++ compiler works, or choose another backend",
            ) from error
        return made
