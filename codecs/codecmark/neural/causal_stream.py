"""Causal convolutions run block by block, to the same result as over the whole signal.

transformers' classes of EnCodec and Mimi see one signal at once. Here every convolution keeps the
end of what it saw and every transposed one the part of its output that the next block adds to, so
that memory does not grow with the signal and a live signal can be coded.

At its start EnCodec pads by reflection, that is with samples still to come: the first block must
be longer than the padding of every layer, 7 frames in the published network, or the first frames
differ from those of the whole signal. Mimi pads with zeros, so blocks may be as short as a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn


class CausalStream:
    """The state of layers between the blocks of one signal.

    Parameters
    ----------
    layers : iterable of nn.Module
        Of an encoder or decoder of EnCodec or Mimi: causal, without a norm that looks at the
        whole signal, and with `trim_right_ratio` 1.
    """

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        self._layers = list(layers)
        self._kept: dict[nn.Module, Any] = {}

    def __call__(self, block: torch.Tensor) -> torch.Tensor:
        """Run the next block, `[batch, channels, n]`; whole hops in all but the last."""
        for layer in self._layers:
            block = self._run(layer, block)
        return block

    def _run(self, layer: Any, block: torch.Tensor) -> torch.Tensor:
        convolution = getattr(layer, "conv", None)
        if isinstance(convolution, nn.Conv1d):
            return self._convolve(layer, block)
        if isinstance(convolution, nn.ConvTranspose1d):
            return self._transpose(layer, block)
        if hasattr(layer, "lstm"):
            steps = block.permute(2, 0, 1)
            out, self._kept[layer] = layer.lstm(steps, self._kept.get(layer))
            summed: torch.Tensor = (out + steps).permute(1, 2, 0)
            return summed
        if hasattr(layer, "block"):
            inner = block
            for part in layer.block:
                inner = self._run(part, inner)
            return self._run(layer.shortcut, block) + inner
        plain: torch.Tensor = layer(block)  # an activation, an identity
        return plain

    def _convolve(self, layer: Any, block: torch.Tensor) -> torch.Tensor:
        padding, missing = int(layer.padding_total), -block.shape[-1] % int(layer.stride)
        if layer in self._kept:
            block = torch.cat([self._kept[layer], block], dim=-1)
        else:
            block = layer._pad1d(block, (padding, 0), mode=layer.pad_mode)
        self._kept[layer] = block[..., block.shape[-1] - padding :]
        if missing:  # in the last block alone
            block = layer._pad1d(block, (0, missing), mode=layer.pad_mode)
        out: torch.Tensor = layer.conv(block)
        return out

    def _transpose(self, layer: Any, block: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = layer.conv(block)
        overlap = layer.conv.kernel_size[0] - layer.conv.stride[0]
        if (tail := self._kept.get(layer)) is not None:
            out[..., :overlap] += tail
        end = out.shape[-1] - overlap
        bias = layer.conv.bias  # in the tail and in what is added to it: once is enough
        self._kept[layer] = out[..., end:] if bias is None else out[..., end:] - bias[:, None]
        return out[..., :end]


def decode_in_blocks(
    decode: Callable[[torch.Tensor], torch.Tensor], codes: torch.Tensor, frames: int, hop: int
) -> torch.Tensor:
    """Decode `[..., n]` in blocks of `frames` frames to `[batch, 1, n * hop]`, in place: pieces
    and what they are joined to would be there at once.
    """
    waveform = torch.empty(0)
    for start in range(0, codes.shape[-1], frames):
        block = decode(codes[..., start : start + frames])
        if start == 0:
            waveform = block.new_empty(*block.shape[:-1], codes.shape[-1] * hop)
        waveform[..., start * hop : start * hop + block.shape[-1]] = block
    return waveform
