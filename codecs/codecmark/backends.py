"""Run a network otherwise than PyTorch does by itself: see `codecmark.execution`.

What a backend returns is not what eager returns: `codecmark.agreement` measures how near it comes.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import lru_cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from codecmark import threads
from codecmark.errors import UnavailableError
from codecmark.execution import Execution

_CONVOLUTIONS = (
    torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.ConvTranspose1d, torch.nn.ConvTranspose2d,
)  # fmt: skip
_LENGTHS_KEPT = 2  # compiled networks of OpenVINO, each with the weights
_DTYPES = {
    "eager": ("float32", "bfloat16", "int8"),
    "compile": ("float32", "bfloat16"),
    "onnxruntime": ("float32",),  # its convolutions on a processor know no bfloat16
    "openvino": ("float32", "bfloat16"),
}


def executed(
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
    if device.type != "cpu" and (backend in _EXPORTED or dtype == "int8"):
        raise UnavailableError(
            f"backend: {backend} in {dtype} runs on the processor here, not on {device}",
            "add --device cpu, or choose eager or compile in float32 or bfloat16",
        )
    if backend in _EXPORTED:
        return _exported(network, execution, torch.zeros(*shape), varying, shortest)
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
    compiled: Any = torch.compile(network)
    return compiled  # type: ignore[no-any-return]


def _exported(
    network: torch.nn.Module,
    execution: Execution,
    example: torch.Tensor,
    varying: Sequence[int],
    shortest: int,
) -> torch.nn.Module:
    """Export the network, and see that it still returns as much as before."""
    what = f"{execution.backend} cannot run {type(network).__name__} in {execution.dtype}"
    remedy = "choose another backend or dtype"
    try:
        call = _EXPORTED[execution.backend](network, execution.dtype, example, varying)
        outside = _Outside(call, network if shortest > 1 else None, varying[-1], shortest)
        found, expected = outside(example).shape, network(example).shape
    except UnavailableError:
        raise
    except Exception as error:
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise UnavailableError(
            f"backend: {what} ({type(error).__name__}: {reason})", remedy
        ) from error
    if found != expected:
        raise UnavailableError(
            f"backend: {what}: it returns {tuple(found)}, not {tuple(expected)}", remedy
        )
    return outside


class _Outside(torch.nn.Module):
    """A function on arrays in a module's place; the module itself for inputs that are short."""

    def __init__(
        self, call: Callable[[Any], Any], network: torch.nn.Module | None, time: int, shortest: int
    ) -> None:
        super().__init__()
        self._call, self._network = call, network
        self._time, self._shortest = time, shortest

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return what the function makes of the input."""
        if self._network is not None and values.shape[self._time] < self._shortest:
            short: torch.Tensor = self._network(values)
            return short
        return torch.from_numpy(self._call(values.contiguous().numpy()))


def _onnxruntime(
    network: torch.nn.Module, _: str, example: torch.Tensor, varying: Sequence[int]
) -> Callable[[Any], Any]:
    _require("onnx", "onnxscript", extra="onnx")
    import onnxruntime

    lengths = {axis: torch.export.Dim(f"axis_{axis}", min=1, max=1 << 24) for axis in varying}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads.count()
    options.log_severity_level = 3
    with _quietly(), TemporaryDirectory() as folder:
        model = Path(folder) / "network.onnx"
        program: Any = torch.onnx.export(
            network, (example,), dynamo=True, dynamic_shapes=(lengths,), verbose=False
        )
        program.save(model)
        session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
    name = session.get_inputs()[0].name
    return lambda values: session.run(None, {name: values})[0]


def _openvino(
    network: torch.nn.Module, dtype: str, example: torch.Tensor, varying: Sequence[int]
) -> Callable[[Any], Any]:
    _require("openvino", extra="openvino")
    import openvino

    core = openvino.Core()
    if dtype == "bfloat16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise UnavailableError(
            "dtype: this processor has no bfloat16 that OpenVINO could use", "choose float32"
        )
    shape = [-1 if axis in varying else size for axis, size in enumerate(example.shape)]
    with _quietly():
        model = openvino.convert_model(
            network, example_input=example, input=[openvino.PartialShape(shape)]
        )
    settings = {
        "INFERENCE_NUM_THREADS": threads.count(),
        "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[dtype],
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,  # the caller may have pinned the process
    }

    # one for each length: where a length is no constant it is computed in bfloat16 too, and wrong
    @lru_cache(maxsize=_LENGTHS_KEPT)
    def compiled(shape: tuple[int, ...]) -> Any:
        fixed = model.clone()
        fixed.reshape(list(shape))
        return core.compile_model(fixed, "CPU", settings)

    return lambda values: compiled(values.shape)([values])[0].copy()  # it uses its memory again


@contextmanager
def _quietly() -> Iterator[None]:
    """Hold back what exporters say about themselves, and about branches that all calls share."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            redirect_stdout(StringIO()),
            redirect_stderr(StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


_EXPORTED = {"onnxruntime": _onnxruntime, "openvino": _openvino}


def _require(*packages: str, extra: str) -> None:
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise UnavailableError(
                f"backend: needs the package {package}",
                f"install it: pip install 'codecmark[{extra}]'",
            )
