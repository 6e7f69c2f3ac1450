"""Export of networks to ONNX Runtime and OpenVINO, wrapped as PyTorch modules."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import lru_cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from codecmark.errors import CodecError, CodecmarkError, UnavailableError
from codecmark.system import threads
from codecmark.system.execution import Execution

# compiled OpenVINO networks to keep, each with its own copy of the weights: a decoder that works in
# blocks sees up to four lengths in one clip, and `measure` returns to the same few clips
_LENGTHS_KEPT = 16


def exported(
    network: torch.nn.Module,
    execution: Execution,
    example: torch.Tensor,
    varying: Sequence[int],
    shortest: int,
) -> torch.nn.Module:
    """Export the network, and check that its output keeps its shape.

    Parameters are those of `backends.on_backend`; `example` is an input of its `shape`.

    Raises
    ------
    UnavailableError
        If a package is missing, or the backend cannot run this network.
    """
    problem = f"{execution.backend} cannot run {type(network).__name__} in {execution.dtype}"
    remedy = "choose another backend or dtype"
    try:
        call = EXPORTERS[execution.backend](network, execution.dtype, example, varying)
        eager = network if shortest > 1 else None
        wrapper = _ExportedNetwork(execution.backend, call, eager, varying[-1], shortest)
        shape, expected_shape = wrapper(example).shape, network(example).shape
    except UnavailableError:
        raise
    except Exception as error:
        cause = error.__cause__ if isinstance(error, CodecError) and error.__cause__ else error
        reason = str(cause).partition("\n")[0].partition(". ")[0]
        raise UnavailableError(
            f"backend: {problem} ({type(cause).__name__}: {reason})", remedy
        ) from error
    if shape != expected_shape:
        raise UnavailableError(
            f"backend: {problem}: it returns {tuple(shape)}, not {tuple(expected_shape)}", remedy
        )
    return wrapper


class _ExportedNetwork(torch.nn.Module):
    """Wraps an exported function on arrays; short inputs run in the original network."""

    def __init__(
        self,
        backend: str,
        call: Callable[[Any], Any],
        network: torch.nn.Module | None,
        time: int,
        shortest: int,
    ) -> None:
        super().__init__()
        self._backend, self._call, self._network = backend, call, network
        self._time, self._shortest = time, shortest

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the function's output, or raise `CodecError`."""
        if self._network is not None and values.shape[self._time] < self._shortest:
            output: torch.Tensor = self._network(values)
            return output
        try:
            return torch.from_numpy(self._call(values.contiguous().numpy()))
        except CodecmarkError:
            raise
        except Exception as error:
            raise CodecError(
                f"backend: {self._backend} failed on an input of shape {tuple(values.shape)} "
                f"({type(error).__name__}: {error}); choose another backend"
            ) from error


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
            "dtype: OpenVINO does not support bfloat16 on this processor", "choose float32"
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

    # one per length: with a dynamic length, OpenVINO computes the length in bfloat16, and wrongly
    @lru_cache(maxsize=_LENGTHS_KEPT)
    def compiled(shape: tuple[int, ...]) -> Any:
        fixed = model.clone()
        fixed.reshape(list(shape))
        return core.compile_model(fixed, "CPU", settings)

    return lambda values: compiled(values.shape)([values])[0].copy()  # OpenVINO reuses its buffer


@contextmanager
def _quietly() -> Iterator[None]:
    """Suppress the output, logs and warnings of exporters."""
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


def _require(*packages: str, extra: str) -> None:
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise UnavailableError(
                f"backend: needs the package {package}",
                f"install it: pip install 'codecmark[{extra}]'",
            )


EXPORTERS: dict[str, Callable[..., Callable[[Any], Any]]] = {
    "onnxruntime": _onnxruntime, "openvino": _openvino,
}  # fmt: skip
