"""Logarithms of magnitudes: at the scale that networks like, and what a mel says of each bin's."""

from __future__ import annotations

import math
from functools import cache

import torch

from codecmark.mel.front_end import MelFormat, filters, magnitude_from_mel

_SPREAD = 4.0  # about the standard deviation of the logarithms that go in
_ENVELOPE_SHARE = 0.1  # of the smooth envelope: where the pseudo-inverse is below, it is wrong


def scaled(logs: torch.Tensor) -> torch.Tensor:
    """Return logarithms of magnitudes at a scale that networks like."""
    return (logs + _SPREAD) / _SPREAD


def unscaled(values: torch.Tensor) -> torch.Tensor:
    """Return logarithms of what `scaled` made of them."""
    return values * _SPREAD - _SPREAD


def log_prior(log_mel: torch.Tensor, mel: MelFormat) -> torch.Tensor:
    """Return log-magnitudes `[batch, frames, bins]`: the pseudo-inverse, held above an envelope."""
    inverse = magnitude_from_mel(log_mel, mel, iterations=0)
    linear = (log_mel * math.log(mel.log_base)).exp()
    envelope = linear @ _spreading(mel, log_mel.device)
    return torch.maximum(inverse, _ENVELOPE_SHARE * envelope).clamp(min=mel.floor).log()


@cache
@torch.inference_mode(mode=False)
def _spreading(mel: MelFormat, device: torch.device) -> torch.Tensor:
    """Matrix `[bands, bins]` that spreads each band's mean magnitude over its bins."""
    bank = filters(mel, device)
    means = bank / bank.sum(dim=1, keepdim=True) ** 2
    shares = (bank / bank.sum(dim=1, keepdim=True)).sum(dim=0).clamp(min=1e-6)
    return means / shares
