"""Lyra's encoder, quantiser and decoder: one frame a call as published, or a block of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codecmark.clip import Samples
from codecmark.neural.lyra import blocks
from codecmark.neural.lyra.blocks import Rewritten
from codecmark.neural.lyra.tflite import Network, UnknownGraphError, interpreter
from codecmark.neural.tokens import Tokens
from codecmark.system import threads

FRAME = 320
FEATURES = 64
STAGES_MAX = 46

Features = NDArray[np.float32]


@dataclass(frozen=True)
class Files:
    """The published model files."""

    encoder: bytes
    quantizer: bytes
    decoder: bytes

    @classmethod
    def read(cls, folder: Path) -> Files:
        """Read them under their published names."""
        names = ("soundstream_encoder.tflite", "quantizer.tflite", "lyragan.tflite")
        return cls(*((folder / name).read_bytes() for name in names))


class Networks:
    """The networks for one frame a call, as published.

    Attributes
    ----------
    frames : int
        How many frames a call takes; n below.
    """

    frames = 1

    def __init__(self, files: Files, stages: int) -> None:
        self.stages = stages
        self._encoder, self._decoder = files.encoder, files.decoder
        quantizer = interpreter(files.quantizer, threads.count())
        self._quantize = quantizer.get_signature_runner("encode")
        self._dequantize = quantizer.get_signature_runner("decode")

    def analysis(self) -> Callable[[Samples], Features]:
        """Return a fresh encoder: `[n * 320]` to `[n, 1, 64]`, call after call."""
        network = self._fresh(self._encoder)
        return lambda samples: network(samples).reshape(-1, 1, FEATURES)

    def quantize(self, features: Features) -> Tokens:
        """Turn `[n, 1, 64]` into `[stages, n]`."""
        found = self._quantize(input_frames=features, num_quantizers=np.int32(self.stages))
        return np.asarray(found["output_0"][: self.stages, :, 0], np.int64)

    def dequantize(self, tokens: Tokens) -> Features:
        """Turn `[stages, n]` into `[n, 1, 64]`."""
        indices = np.full((STAGES_MAX, tokens.shape[1], 1), -1, np.int32)  # -1: stage not used
        indices[: self.stages, :, 0] = tokens
        features: Features = self._dequantize(encoding_indices=indices)["output_0"]
        return features

    def synthesis(self) -> Callable[[Features], Samples]:
        """Return a fresh decoder: `[n, 1, 64]` to `[n * 320]`, call after call."""
        network = self._fresh(self._decoder)
        return lambda features: network(features)[0]

    def _fresh(self, content: bytes) -> Network:
        return Network(interpreter(content, threads.count()))


class BlockNetworks(Networks):
    """The same for a block of frames a call; only what `in_blocks` returns is proved exact."""

    frames = blocks.BLOCK

    def __init__(self, files: Files, stages: int) -> None:
        super().__init__(files, stages)
        encoder, search, decoder = _rewritten(files, stages)
        self._encoder, self._decoder = encoder.model, decoder.model
        self._search = self._fresh(search.model)

    def quantize(self, features: Features) -> Tokens:
        """Turn `[n, 1, 64]` into `[stages, n]`."""
        return self._search(features).astype(np.int64)


def in_blocks(files: Files, stages: int) -> BlockNetworks | None:
    """Return the networks for a block a call, or None where that cannot be, or not to the bit."""
    return BlockNetworks(files, stages) if _are_exact(files, stages, threads.count()) else None


def _rewritten(files: Files, stages: int) -> tuple[Rewritten, Rewritten, Rewritten]:
    search = blocks.first_stages(files.quantizer, stages)
    return blocks.network(files.encoder), search, blocks.network(files.decoder)


@lru_cache(maxsize=6)
def _are_exact(files: Files, stages: int, thread_count: int) -> bool:  # noqa: ARG001 - a key
    """Whether both forms make the same bytes of two blocks of noise, from silence to full scale.

    Those of features, tokens and sound, and of the numbers inside that are rounded on the way.
    """
    levels = np.geomspace(1e-5, 1, 2 * BlockNetworks.frames)
    levels[0] = 0
    noise = np.random.default_rng(0).uniform(-1, 1, (len(levels), FRAME))
    signal = (levels[:, None] * noise).astype(np.float32)
    published = Networks(files, stages)
    try:
        features, tokens, restored, sound = _run(published, signal)
        found = _run(BlockNetworks(files, stages), signal)
        inside = zip(_rewritten(files, stages), (signal, features, restored), strict=True)
        return all(
            one.tobytes() == other.tobytes()
            for one, other in zip((features, tokens, restored, sound), found, strict=True)
        ) and all(_agree_inside(model, inputs) for model, inputs in inside)
    except (UnknownGraphError, RuntimeError, ValueError):  # the latter two: the interpreter's
        return False


def _run(networks: Networks, frames: Samples) -> list[NDArray[Any]]:
    """Return features, tokens, features from tokens and sound, each `[frames, ...]`."""
    analyse, synthesize = networks.analysis(), networks.synthesis()
    found: list[tuple[NDArray[Any], ...]] = []
    for block in np.split(frames, len(frames) // networks.frames):
        features = analyse(block)
        tokens = networks.quantize(features)
        restored = networks.dequantize(tokens)
        found.append((features, tokens.T, restored, synthesize(restored).reshape(block.shape)))
    return [np.concatenate(each) for each in zip(*found, strict=True)]


def _agree_inside(made: Rewritten, inputs: NDArray[Any]) -> bool:
    """Whether the watched numbers of single frames, one after the other, are those of blocks."""
    found = []
    for model, calls in (
        (made.watched_single, len(inputs)),
        (made.watched, len(inputs) // blocks.BLOCK),
    ):
        network = Network(interpreter(model, threads.count()))
        watched = []
        for block in np.split(inputs, calls):
            network(block)
            watched.append([each.ravel() for each in network.further_outputs()])
        found.append([np.concatenate(each).tobytes() for each in zip(*watched, strict=True)])
    return found[0] == found[1]
