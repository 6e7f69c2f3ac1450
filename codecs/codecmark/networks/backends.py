"""Running networks on backends other than eager PyTorch, see `codecmark.system.execution`.

Backends do not return exactly what eager PyTorch does; `measure.agreement` measures how close.
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
    "onnxruntime": ("float32",),  # has no bfloat16 convolutions on CPUs
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
    """Return the network as the execution's backend runs it.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode, from one float32 tensor to one. It may be modified, so use only the
        returned one.
    shape : sequence of int
        Shape of a short example input, for backends that trace a call.
    varying : sequence of int
        Axes of the input whose length varies between calls; the last one is time.
    shortest : int
        Inputs shorter than this in time take other branches than the example, and run in eager
        PyTorch.

    Raises
    ------
    UnavailableError
        If the backend lacks a package, a compiler or this dtype; states the remedy.
    """
    backend, dtype = execution.backend, execution.dtype
    if backend not in _DTYPES:
        raise UnavailableError(
            f"backend: {backend} has kernels for the decoder of DAC, not for "
            f"{type(network).__name__}",
            "choose another backend",
        )
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
    """Make convolutions and linear layers multiply in bfloat16, and nothing else.

    Their outputs are float32, so the sums of residual blocks stay exact: 2 dB closer to eager than
    a network in bfloat16 throughout, at the same speed.
    """
    for layer in network.modules():
        if isinstance(layer, (*_CONVOLUTIONS, torch.nn.Linear)):
            _fold(layer)
            layer.to(torch.bfloat16)
            layer.register_forward_pre_hook(lambda _, inputs: (inputs[0].to(torch.bfloat16),))
            layer.register_forward_hook(lambda _, __, output: output.float())


def _fold(layer: torch.nn.Module) -> None:
    """Replace a normalised weight by its float32 value, so that it is not computed in each call."""
    if torch.nn.utils.parametrize.is_parametrized(layer, "weight"):
        torch.nn.utils.parametrize.remove_parametrizations(layer, "weight")


def _with_int8_weights(network: torch.nn.Module) -> torch.nn.Module:
    """Quantise the weights of linear and LSTM layers; their inputs are quantised in each call."""
    kinds = {torch.nn.Linear, torch.nn.LSTM}
    if not any(type(layer) in kinds for layer in network.modules()):
        raise UnavailableError(
            f"dtype: int8 needs linear or LSTM layers, and {type(network).__name__} has only "
            "convolutions",
            "choose bfloat16",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecation in favour of another package
        quantize: Any = torch.ao.quantization.quantize_dynamic
        quantized: torch.nn.Module = quantize(network, kinds)
    return quantized


def _compiled(network: torch.nn.Module) -> torch.nn.Module:
    """Return the network compiled; the first call compiles it, which may take minutes."""
    compiler = os.environ.get("CXX")
    if not any(map(shutil.which, [compiler] if compiler else ["g++", "clang++"])):
        raise UnavailableError(
            f"backend: compile needs a C++ compiler, and {compiler or 'g++'} is not installed",
            "install one, e.g. apt-get install g++, or set CXX",
        )
    return _Compiled(torch.compile(network))


class _Compiled(torch.nn.Module):
    """A compiled network that raises `UnavailableError` if it cannot be compiled.

    Other errors, which a damaged stream may cause, are raised unchanged.
    """

    def __init__(self, compiled: Any) -> None:
        super().__init__()
        self._compiled = compiled

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the network's output, or raise `UnavailableError`."""
        from torch._dynamo.exc import BackendCompilerFailed, InternalTorchDynamoError

        try:
            output: torch.Tensor = self._compiled(values)
        except (BackendCompilerFailed, InternalTorchDynamoError) as error:
            cause = getattr(error, "inner_exception", error)
            reason = str(cause).strip().partition("\n")[0]
            raise UnavailableError(
                f"backend: compile cannot compile this network ({type(cause).__name__}: {reason})",
                "check that the C++ compiler works, or choose another backend",
            ) from error
        return output
