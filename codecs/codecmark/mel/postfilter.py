"""Filters that users apply after a vocoder to improve its sound; both lower the SNR."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.signal

from codecmark.clip import Samples
from codecmark.errors import InputError


def wiener(samples: Samples) -> Samples:
    """Apply `scipy.signal.wiener` with its defaults (3 samples) to each channel."""
    with np.errstate(divide="ignore", invalid="ignore"):  # in digital silence
        filtered = [scipy.signal.wiener(channel.astype(np.float64)) for channel in samples]
    finite: Samples = np.nan_to_num(np.stack(filtered)).astype(np.float32)
    return finite


def softlimit(samples: Samples) -> Samples:
    """Apply the soft limiter `tanh(1.5 x) * 0.8`, which raises quiet and compresses loud parts."""
    return np.asarray(np.tanh(1.5 * samples) * 0.8, np.float32)


FILTERS: dict[str, Callable[[Samples], Samples]] = {"wiener": wiener, "softlimit": softlimit}


def named(name: str) -> Callable[[Samples], Samples]:
    """Return a filter by name."""
    if name not in FILTERS:
        raise InputError(f"spec: no postfilter {name!r}; use {' or '.join(FILTERS)}")
    return FILTERS[name]
