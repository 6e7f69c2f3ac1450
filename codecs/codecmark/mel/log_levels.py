"""Log-magnitudes: scaled for networks, and estimated per bin from a mel."""

from __future__ import annotations

import math
from functools import cache

import torch

from codecmark.mel.front_end import MelFormat, filters, magnitude_from_mel

_SPREAD = 4.0  # about the standard deviation, and the negative mean, of the logarithms
_ENVELOPE_SHARE = 0.1  # of the smooth envelope, below which the pseudo-inverse is not credible


def scaled(logs: torch.Tensor) -> torch.Tensor:
    """Return log-magnitudes with about zero mean and unit variance."""
    return (logs + _SPREAD) / _SPREAD


def unscaled(values: torch.Tensor) -> torch.Tensor:
    """Invert `scaled`."""
    return values * _SPREAD - _SPREAD


def log_prior(log_mel: torch.Tensor, mel: MelFormat) -> torch.Tensor:
    """Return estimated log-magnitudes `[batch, frames, bins]` of a log-mel.

    They come from the mel's pseudo-inverse, with a lower bound from its smooth envelope.
    """
    inverse = magnitude_from_mel(log_mel, mel, iterations=0)
    linear = (log_mel * math.log(mel.log_base)).exp()
    envelope = linear @ _spreading(mel, log_mel.device)
    return torch.maximum(inverse, _ENVELOPE_SHARE * envelope).clamp(min=mel.floor).log()


@cache
@torch.inference_mode(mode=False)
def _spreading(mel: MelFormat, device: torch.device) -> torch.Tensor:
    """Return the matrix `[bands, bins]` that spreads each band's mean magnitude over its bins."""
    bank = filters(mel, device)
    means = bank / bank.sum(dim=1, keepdim=True) ** 2
    shares = (bank / bank.sum(dim=1, keepdim=True)).sum(dim=0).clamp(min=1e-6)
    return means / shares
