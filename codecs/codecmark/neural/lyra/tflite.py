"""Models in TFLite's format on LiteRT: to run one, and to change its graph in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FILE_IDENTIFIER = b"TFL3"
_BUFFER_ALIGNMENT = 16  # bytes, by the schema: kernels read constants where they lie


class UnknownGraphError(Exception):
    """A graph is not built as the change to it expects; never leaves the wrapper."""


class Network:
    """A model of one input: an array in, an array out.

    Parameters
    ----------
    interpreter : ai_edge_litert.interpreter.Interpreter
        With its tensors allocated. What the model keeps from call to call lives in it.
    """

    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        (source,) = interpreter.get_input_details()
        self._source, self._shape = source["index"], source["shape"]
        self._targets = [each["index"] for each in interpreter.get_output_details()]

    def __call__(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return a copy of the first output for `values`, given in any shape of the same size."""
        self._interpreter.set_tensor(self._source, values.reshape(self._shape))
        self._interpreter.invoke()
        output: NDArray[Any] = self._interpreter.get_tensor(self._targets[0])
        return output

    def further_outputs(self) -> list[NDArray[Any]]:
        """Return copies of the other outputs of the last call."""
        return [self._interpreter.get_tensor(target) for target in self._targets[1:]]


def interpreter(content: bytes, threads: int) -> Any:
    """Return an interpreter of a model file's bytes, its tensors allocated."""
    from ai_edge_litert.interpreter import Interpreter

    made = Interpreter(model_content=content, num_threads=threads)
    made.allocate_tensors()
    return made


class Graph:
    """One graph of a model, taken apart: operators are the schema's `OperatorT`, tensors indices.

    Parameters
    ----------
    content : bytes
        A model file.
    signature : bytes, optional
        The signature whose graph is meant; without it the model's first graph.

    Attributes
    ----------
    operators : list
        In the order in which they run.
    inputs, outputs : list of int
    """

    def __init__(self, content: bytes, signature: bytes | None = None) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._schema = schema
        self._model = schema.ModelT.InitFromPackedBuf(content, 0)
        number = 0
        if signature is not None:
            known = {each.signatureKey: each for each in self._model.signatureDefs or []}
            if signature not in known:
                raise UnknownGraphError(f"no signature {signature.decode()}")
            number = known[signature].subgraphIndex
        self._graph = self._model.subgraphs[number]
        names: dict[Any, str] = {code: name for name, code in vars(schema.BuiltinOperator).items()}
        # old files have the code in the second field, new ones in the first, the other is 0 or 127
        self._kinds = [
            names[max(code.builtinCode, code.deprecatedBuiltinCode)]
            for code in self._model.operatorCodes
        ]
        self.operators = list(self._graph.operators)
        self.inputs = [int(tensor) for tensor in self._graph.inputs]
        self.outputs = [int(tensor) for tensor in self._graph.outputs]

    def kind(self, operator: Any) -> str:
        """Return the operator's name in the schema, such as `CONV_2D`."""
        kind: str = self._kinds[operator.opcodeIndex]
        return kind

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Return the shape that the file states."""
        shape = self._graph.tensors[tensor].shape
        return () if shape is None else tuple(map(int, shape))

    def set_shape(self, tensor: int, shape: Iterable[int]) -> None:
        """State another shape; those that follow from it are found when tensors are allocated."""
        self._graph.tensors[tensor].shape = np.array([*shape], np.int32)
        self._graph.tensors[tensor].shapeSignature = None

    def values(self, tensor: int) -> NDArray[Any]:
        """Return a constant of 32-bit floats or integers; `UnknownGraphError` for other tensors."""
        found = self._graph.tensors[tensor]
        data = self._model.buffers[found.buffer].data
        kinds = self._schema.TensorType
        types = {kinds.FLOAT32: np.float32, kinds.INT32: np.int32}
        if data is None or not len(data) or found.type not in types:
            raise UnknownGraphError("a size that is not constant")
        return np.frombuffer(bytes(data), types[found.type]).reshape(self.shape(tensor))

    def maker(self, tensor: int) -> Any:
        """Return the operator whose output this is, or None."""
        return next((each for each in self.operators if tensor in each.outputs), None)

    def kind_of_maker(self, tensor: int) -> str | None:
        """Return the kind of that operator, or None."""
        maker = self.maker(tensor)
        return None if maker is None else self.kind(maker)

    def readers(self, tensor: int) -> list[Any]:
        """Return the operators that read it."""
        return [each for each in self.operators if tensor in each.inputs]

    def only_reader(self, tensor: int, *kinds: str) -> Any:
        """Return the one operator that reads it; `UnknownGraphError` if there is no such one."""
        readers = self.readers(tensor)
        if len(readers) != 1 or self.kind(readers[0]) not in kinds:
            raise UnknownGraphError(f"not one {' or '.join(kinds)} behind a layer")
        return readers[0]

    def set_inputs(self, operator: Any, tensors: Iterable[int]) -> None:
        """Let an operator read other tensors."""
        operator.inputs = np.array([*tensors], np.int32)

    def constant(self, values: NDArray[Any] | Iterable[int]) -> int:
        """Add a constant, float32 or (from a list of numbers) int32."""
        array = values if isinstance(values, np.ndarray) else np.array([*values], np.int32)
        kind = {"float32": self._schema.TensorType.FLOAT32, "int32": self._schema.TensorType.INT32}
        data = np.frombuffer(array.tobytes(), np.uint8)
        self._model.buffers.append(self._schema.BufferT(data=data))
        made = self._schema.TensorT(
            type=kind[array.dtype.name], buffer=len(self._model.buffers) - 1
        )
        return self._add(made, array.shape)

    def tensor(self, shape: Iterable[int], like: int) -> int:
        """Add a tensor of the type and the quantisation of another one."""
        model = self._graph.tensors[like]
        return self._add(
            self._schema.TensorT(type=model.type, quantization=model.quantization), shape
        )

    def _add(self, made: Any, shape: Iterable[int]) -> int:
        made.name = b"added_%d" % len(self._graph.tensors)
        self._graph.tensors.append(made)
        self.set_shape(len(self._graph.tensors) - 1, shape)
        return len(self._graph.tensors) - 1

    def operator(self, kind: str, inputs: Iterable[int], output: int, **options: int) -> Any:
        """Return a new operator of a kind that the model has already; the caller places it."""
        if kind not in self._kinds:
            raise UnknownGraphError(f"no operator {kind}")
        made = self._schema.OperatorT(opcodeIndex=self._kinds.index(kind))
        made.inputs, made.outputs = np.array([*inputs], np.int32), np.array([output], np.int32)
        name = "".join(map(str.capitalize, kind.split("_"))) + "Options"
        made.builtinOptionsType = getattr(self._schema.BuiltinOptions, name)
        made.builtinOptions = getattr(self._schema, f"{name}T")(**options)
        return made

    def reshape(self, source: int, shape: Iterable[int], output: int) -> Any:
        """Return a new operator that gives `output` the values of `source` in this shape."""
        return self.operator("RESHAPE", [source, self.constant(shape)], output)

    def drop_unused(self) -> None:
        """Keep the operators that the outputs need."""
        needed, kept = set(self.outputs), []
        for each in reversed(self.operators):
            if needed.intersection(map(int, each.outputs)):
                needed.update(map(int, each.inputs))
                kept.append(each)
        self.operators = kept[::-1]

    def pack(self, alone: bool = False) -> bytes:
        """Return a model file without signatures; `alone`: without the model's other graphs."""
        import flatbuffers

        class Buffer(self._schema.BufferT):  # type: ignore[misc, name-defined]
            def Pack(self, builder: Any) -> Any:  # noqa: N802 - the schema's name
                if self.data is not None:
                    builder.Prep(_BUFFER_ALIGNMENT, len(self.data))
                return super().Pack(builder)

        graph, model = self._graph, self._model
        graph.operators = self.operators
        graph.inputs = np.array(self.inputs, np.int32)
        graph.outputs = np.array(self.outputs, np.int32)
        model.signatureDefs = []
        if alone:
            model.subgraphs = [graph]
        model.buffers = [Buffer(data=buffer.data) for buffer in model.buffers]
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), _FILE_IDENTIFIER)
        return bytes(builder.Output())
