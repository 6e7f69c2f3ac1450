"""The overlap of a transposed convolution between frames that come in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from codecmark.neural.lyra.tflite import Graph, UnknownGraphError

VALID = 1  # the schema's number of padding without padding


@dataclass(frozen=True)
class Overlap:
    """A transposed convolution of a frame and the operators around it, as published.

    `add` is of the output and what `join` makes: the overlap that the frame before has left, then
    zeros. `head` cuts the frame from the sum and `tail` the new overlap; `subtract` takes the bias
    off it, which the next frame adds again, and `assign` keeps it.
    """

    convolution: Any
    dequantize: Any | None
    join: Any
    add: Any
    tail: Any
    subtract: Any
    assign: Any
    head: Any

    @classmethod
    def of(cls, graph: Graph, convolution: Any) -> Overlap:
        """Find them, or raise `UnknownGraphError`."""
        output = int(convolution.outputs[0])
        dequantize = graph.only_reader(output, "DEQUANTIZE", "ADD")
        if graph.kind(dequantize) == "DEQUANTIZE":
            output = int(dequantize.outputs[0])
        else:
            dequantize = None
        add = graph.only_reader(output, "ADD")
        join = graph.maker(next((int(each) for each in add.inputs if each != output), -1))
        if join is None or graph.kind(join) != "CONCATENATION" or len(join.inputs) != 2:
            raise UnknownGraphError("an overlap that is not the state and zeros")
        state, zeros = join.inputs
        if graph.kind_of_maker(state) != "READ_VARIABLE" or graph.values(zeros).any():
            raise UnknownGraphError("an overlap that is not the state and zeros")
        cuts = graph.readers(int(add.outputs[0]))
        if [graph.kind(each) for each in cuts] != ["STRIDED_SLICE"] * 2:
            raise UnknownGraphError("a frame that is not cut from its overlap")
        tail, head = cuts
        subtract = graph.only_reader(int(tail.outputs[0]), "SUB")
        assign = graph.only_reader(int(subtract.outputs[0]), "ASSIGN_VARIABLE")
        options, weights = convolution.builtinOptions, graph.shape(convolution.inputs[1])
        if (options.strideW, options.padding, weights[2]) != (1, VALID, 1):
            raise UnknownGraphError("TRANSPOSE_CONV of another form")
        return cls(convolution, dequantize, join, add, tail, subtract, assign, head)

    def between_rows(self, graph: Graph, frames: int) -> dict[int, list[Any]]:
        """Return what takes the place of each of them, by `id`: all in that of `head`.

        `frames` frames along time become as many rows of the convolution's batch, and each row
        takes the overlap of the one before it, the first one that of the call before.
        """
        state, zeros = map(int, self.join.inputs)
        _, kept, _, channels = graph.shape(state)
        hop, frame = graph.shape(zeros)[1], int(self.head.outputs[0])
        new = self._convolution_of_rows(graph, frames, [frames, hop + kept, 1, channels])

        def then(kind: str, inputs: list[int], rows: int, **options: int) -> int:
            made = graph.tensor([rows, kept, 1, channels], state)
            new.append(graph.operator(kind, inputs, made, **options))
            return made

        def rows_from(first: int, end: int) -> int:
            bounds = [first, 0, 0, 0], [end, kept, 1, channels], [1, 1, 1, 1]
            return then("STRIDED_SLICE", [chain, *map(graph.constant, bounds)], end - first)

        # a frame alone adds its zeros to the tail too: it makes no difference but to the sign of 0
        whole = next(int(each) for each in self.add.inputs if each != self.join.outputs[0])
        cut = then(
            "STRIDED_SLICE", [whole, *self.tail.inputs[1:]], frames,
            beginMask=0b1101, endMask=0b1111,
        )  # fmt: skip
        zero = graph.constant(np.zeros(1, np.float32))
        new += [graph.operator("ADD", [cut, zero], self.tail.outputs[0]), self.subtract]
        chain = then("CONCATENATION", [state, self.subtract.outputs[0]], frames + 1, axis=0)
        before, last = rows_from(0, frames), rows_from(frames, frames + 1)
        padding = graph.constant(np.zeros((frames, hop, 1, channels), np.float32))
        cut = graph.tensor([frames, hop, 1, channels], frame)
        graph.set_inputs(self.join, [before, padding])
        graph.set_inputs(self.assign, [self.assign.inputs[0], last])
        self.head.outputs = np.array([cut], np.int32)
        new += [self.join, self.assign, self.add, self.head]
        new.append(graph.reshape(cut, [1, frames * hop, 1, channels], frame))
        return {id(each): [] for each in vars(self).values()} | {id(self.head): new}

    def _convolution_of_rows(self, graph: Graph, frames: int, shape: list[int]) -> list[Any]:
        """Put frames into rows, with time along the width instead of the height.

        XNNPACK computes several samples of a transposed convolution's row at once, but one of a
        column at a time. Weights and values lie in memory as before.
        """
        source, weights = int(self.convolution.inputs[2]), int(self.convolution.inputs[1])
        output = int(self.convolution.outputs[0])
        (_, length, _, inputs), (outputs, taps, _, _) = graph.shape(source), graph.shape(weights)
        rows = graph.tensor([frames, 1, length, inputs], source)
        wide_shape = [frames, 1, shape[1], shape[3]]
        wide = graph.tensor(wide_shape, output)
        options = self.convolution.builtinOptions
        options.strideH, options.strideW = 1, options.strideH
        graph.set_shape(weights, [outputs, 1, taps, inputs])
        graph.set_inputs(
            self.convolution,
            [graph.constant(wide_shape), weights, rows, *self.convolution.inputs[3:]],
        )
        self.convolution.outputs = np.array([wide], np.int32)
        return [
            graph.reshape(source, graph.shape(rows), rows),
            self.convolution,
            graph.reshape(wide, shape, output),
            *([] if self.dequantize is None else [self.dequantize]),
        ]
