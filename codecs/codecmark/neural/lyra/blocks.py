"""Lyra's networks for `BLOCK` frames a call: their graphs rewritten in memory, every bit the same.

The published graphs take one frame of 20 ms a call because their reshapes have fixed sizes. Their
layers run along time at any length: each puts the last samples of the call before in front of its
input and keeps the last ones of this call. What would change bits is the overlap of a transposed
convolution with the next frame: the graph adds it between calls, behind the rounding of each. So
here frames are that convolution's batch, and the overlaps are added from row to row as they were
from call to call.

That the bits are the same is not taken on trust: `lyra_networks` runs both forms and compares.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from codecmark.neural.lyra.overlap import VALID, Overlap
from codecmark.neural.lyra.tflite import Graph, UnknownGraphError

BLOCK = 25
"""Frames a call: 0.5 s. Twice as many save 5 % more, but a clip is padded to whole blocks."""
_KNOWN = {
    "ADD", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEQUANTIZE", "LEAKY_RELU", "QUANTIZE",
    "RESHAPE", "SPLIT", "STRIDED_SLICE", "SUB",
    "ASSIGN_VARIABLE", "CALL_ONCE", "READ_VARIABLE", "VAR_HANDLE",
}  # fmt: skip


@dataclass(frozen=True)
class Rewritten:
    """A model file for `BLOCK` frames a call, and two to prove it by.

    Both watched ones have the numbers that the model rounds away or only compares as further
    outputs: a token or an 8-bit value can be the same although the sum behind it is not.
    """

    model: bytes
    watched: bytes
    watched_single: bytes


@lru_cache(maxsize=2)
def network(content: bytes) -> Rewritten:
    """Rewrite the encoder or the decoder: time is `BLOCK` times as long on both sides.

    Raises
    ------
    UnknownGraphError
        If its layers are not those that run along time as the published ones do.
    """
    graph = Graph(content)
    published = graph.outputs
    graph.outputs = published + [
        int(each.inputs[0])
        for each in graph.operators
        if graph.kind(each) == "QUANTIZE"
        and graph.kind_of_maker(each.inputs[0]) != "CONCATENATION"  # of 8-bit values, as floats
    ]
    watched_single = graph.pack()
    placed: dict[int, list[Any]] = {}
    for operator in graph.operators:
        if graph.kind(operator) == "TRANSPOSE_CONV":
            placed |= Overlap.of(graph, operator).between_rows(graph, BLOCK)
    for operator in graph.operators:
        if id(operator) not in placed:
            _check(graph, operator)
            if graph.kind(operator) == "RESHAPE":
                shape = graph.constant(_longer(graph.values(operator.inputs[1])))
                graph.set_inputs(operator, [operator.inputs[0], shape])
    graph.operators = [new for old in graph.operators for new in placed.get(id(old), [old])]
    (source,) = graph.inputs
    graph.set_shape(source, _longer(graph.shape(source)))
    watched = graph.pack()
    graph.outputs = published
    return Rewritten(graph.pack(), watched, watched_single)


def _longer(shape: Iterable[int]) -> list[int]:
    batch, time, *rest = map(int, shape)
    if batch != 1:
        raise UnknownGraphError(f"a batch of {batch}")
    return [1, BLOCK * time, *rest]


def _check(graph: Graph, operator: Any) -> None:
    """Refuse what would do something else with a longer input than with frames in turn."""
    kind, options = graph.kind(operator), operator.builtinOptions
    known = kind in _KNOWN
    if kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        known = options.padding == VALID
    elif kind == "CONCATENATION" and options.axis != -1:
        known = options.axis == 1 and graph.kind_of_maker(operator.inputs[0]) == "READ_VARIABLE"
    elif kind == "STRIDED_SLICE":  # the last samples, whole in all else
        begin = graph.values(operator.inputs[1])[1]
        known = begin < 0 and (options.beginMask, options.endMask) == (0b1101, 0b1111)
    if not known:
        raise UnknownGraphError(f"{kind} of this form")


@lru_cache(maxsize=3)
def first_stages(content: bytes, stages: int) -> Rewritten:
    """Rewrite the quantiser's search, and drop the stages beyond those asked.

    It turns float32 `[BLOCK, 1, 64]` into int32 `[stages, BLOCK]`.

    Raises
    ------
    UnknownGraphError
        If its graph is not a chain of at least as many nearest-entry searches.
    """
    graph = Graph(content, b"encode")
    source = next((each for each in graph.inputs if len(graph.shape(each)) == 3), None)
    searches = [each for each in graph.operators if graph.kind(each) == "ARG_MIN"][:stages]
    if source is None or len(searches) < stages:
        raise UnknownGraphError(f"{len(searches)} stages, not {stages}")
    for operator in graph.operators:
        if graph.kind(operator) == "RESHAPE":
            shape = graph.constant([-1, *graph.values(operator.inputs[1])[1:]])
            graph.set_inputs(operator, [operator.inputs[0], shape])
    chosen = [int(each.outputs[0]) for each in searches]
    tokens = graph.tensor([stages, 1], chosen[0])
    graph.operators.append(graph.operator("PACK", chosen, tokens, valuesCount=stages, axis=0))
    graph.inputs, graph.outputs = [source], [tokens, *(int(each.inputs[0]) for each in searches)]
    graph.drop_unused()
    watched_single = graph.pack(alone=True)
    graph.set_shape(source, [BLOCK, *graph.shape(source)[1:]])
    watched = graph.pack(alone=True)
    graph.outputs = [tokens]
    return Rewritten(graph.pack(alone=True), watched, watched_single)
