"""Calls of the reference packages of EnCodec and DAC, as their authors document them."""

from __future__ import annotations

import importlib
import io
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from codecmark.clip import AudioClip, Samples


@dataclass(frozen=True)
class Coded:
    """Tokens `[codebooks, frames]`, segments one after the other; levels; the decoded audio."""

    tokens: NDArray[np.int64]
    levels: NDArray[np.float32]
    audio: Samples


@torch.inference_mode()
def encodec(model: Any, clip: AudioClip, bitrate_kbps: float) -> Coded:
    """Return the results of `EncodecModel.encode` and `decode` for the whole clip."""
    model.set_target_bandwidth(bitrate_kbps)
    frames = model.encode(torch.tensor(clip.samples)[None])
    audio = model.decode(frames)[0, :, : clip.n_samples].numpy()
    levels = [level.item() for _, level in frames if level is not None]
    tokens = torch.cat([tokens[0] for tokens, _ in frames], dim=1).numpy()
    return Coded(tokens, np.array(levels, np.float32), audio)


def ecdc(model: Any, clip: AudioClip, bitrate_kbps: float, frames: list[int]) -> Coded:
    """Return the contents of an `encodec.compress` stream, read with the package's bit reader.

    The decoded audio is left empty.
    """
    model.set_target_bandwidth(bitrate_kbps)
    package: Any = importlib.import_module("encodec")
    binary: Any = importlib.import_module("encodec.binary")
    stream = io.BytesIO(package.compress(model, torch.tensor(clip.samples)))
    header = binary.read_ecdc_header(stream)
    levels: list[float] = []
    pieces: list[NDArray[np.int64]] = []
    for count in frames:
        if model.normalize:
            levels += struct.unpack("!f", stream.read(4))
        reader = binary.BitUnpacker(model.bits_per_codebook, stream)
        flat = [reader.pull() for _ in range(count * header["nc"])]
        pieces.append(np.array(flat, np.int64).reshape(count, header["nc"]).T)
    if stream.read():
        raise ValueError("the .ecdc stream holds more than its tokens")
    return Coded(
        np.concatenate(pieces, axis=1), np.array(levels, np.float32), np.empty((0, 0), np.float32)
    )


@torch.inference_mode()
def descript(model: Any, clip: AudioClip, codebooks: int) -> Coded:
    """Return the results of `DAC.preprocess`, `encode` and `decode` for the whole clip."""
    batch = model.preprocess(torch.tensor(clip.samples)[None], clip.sample_rate_hz)
    tokens = model.encode(batch, codebooks)[1]
    audio = model.decode(model.quantizer.from_codes(tokens)[0])[0].numpy()
    return Coded(tokens[0].numpy(), np.empty(0, np.float32), audio)
