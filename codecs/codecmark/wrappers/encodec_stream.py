"""EnCodec's causal networks run block by block, to the same result as over the whole signal.

transformers' classes see one signal at once. Here every convolution keeps the end of what it saw
and every transposed one the part of its output that the next block adds to, so that memory does
not grow with the signal and a live signal can be coded.

At its start the published network pads by reflection, that is with samples still to come: the
first block must be longer than the padding of every layer, 7 frames in the published network, or
the first frames differ from those of the whole signal.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers.models.encodec.modeling_encodec import (
    EncodecConv1d,
    EncodecConvTranspose1d,
    EncodecLSTM,
    EncodecResnetBlock,
)


class CausalStream:
    """The state of one `EncodecEncoder` or `EncodecDecoder` between the blocks of one signal.

    Parameters
    ----------
    network : nn.Module
        With causal convolutions, weight norm and `trim_right_ratio` 1, as at 24 kHz.
    """

    def __init__(self, network: nn.Module) -> None:
        self._layers: Any = network.layers
        self._kept: dict[nn.Module, Any] = {}

    def __call__(self, block: torch.Tensor) -> torch.Tensor:
        """Run the next block, `[batch, channels, n]`; whole hops in all but the last."""
        for layer in self._layers:
            block = self._run(layer, block)
        return block

    def _run(self, layer: Any, block: torch.Tensor) -> torch.Tensor:
        if isinstance(layer, EncodecConv1d):
            return self._convolve(layer, block)
        if isinstance(layer, EncodecConvTranspose1d):
            return self._transpose(layer, block)
        if isinstance(layer, EncodecLSTM):
            steps = block.permute(2, 0, 1)
            out, self._kept[layer] = layer.lstm(steps, self._kept.get(layer))
            summed: torch.Tensor = (out + steps).permute(1, 2, 0)
            return summed
        if isinstance(layer, EncodecResnetBlock):
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
