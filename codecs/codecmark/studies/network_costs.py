"""How many products a network takes, and how many a second the processor can make."""

from __future__ import annotations

from time import process_time
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from codecmark.clip import AudioClip
from codecmark.errors import MetricError
from codecmark.measure import agreement

_SIZE = 1024  # of a square matrix, large enough for the libraries' best
_TIMES = 5


def products(network: torch.nn.Module, values: torch.Tensor) -> int:
    """Count the multiplications of the convolutions in one call."""
    total = [0]

    def count(layer: Any, inputs: Any, output: Any) -> None:
        # each sample of the shorter side meets the whole kernel
        samples = inputs[0] if isinstance(layer, torch.nn.ConvTranspose1d) else output
        total[0] += samples.shape[0] * samples.shape[2] * layer.weight.numel()

    kinds = (torch.nn.Conv1d, torch.nn.ConvTranspose1d)
    layers = [layer for layer in network.modules() if isinstance(layer, kinds)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    with torch.inference_mode():
        network(values)
    for hook in hooks:
        hook.remove()
    return total[0]


def products_made(network: torch.nn.Module, values: torch.Tensor) -> int:
    """Count the multiplications that one call makes, in layers of whatever kind."""
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), counter:
        network(values)
    return int(counter.get_total_flops()) // 2  # a product and a sum


def matrix_products_per_s(dtype: torch.dtype) -> float:
    """Return the multiplications a processor second of a large matrix product."""
    left, right = (torch.ones(_SIZE, _SIZE, dtype=dtype) for _ in range(2))
    start = process_time()
    for _ in range(_TIMES):
        torch.mm(left, right)
    return _TIMES * _SIZE**3 / (process_time() - start)


def written_agreement(reference: AudioClip, output: AudioClip) -> str:
    """Write the SNR of one output against another, in dB, or that they are the same."""
    try:
        return f"{agreement.agreement_db(reference, output):.1f}"
    except MetricError:
        return "exact"
