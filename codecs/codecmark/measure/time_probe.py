"""One codec timed again beside every other: how far the machine drifts while a run goes on.

The probe is FLAC's encoder on the same five seconds. It is timed right after each codec's own
calls, so that its times lie spread over the run; any two of them compare a codec with itself.
`analysis.time_noise` makes the run's noise of them.
"""

from __future__ import annotations

import statistics
from functools import cache
from time import perf_counter

import numpy as np

from codecmark.classic.flac import FlacCodec
from codecmark.clip import AudioClip

_RATE_HZ, _SECONDS = 16_000, 5
_CALLS = 11  # of about a millisecond; their median counts, as that of a clip's rounds does


def probe_s() -> float:
    """Return the seconds that the probe takes now."""
    codec, clip = FlacCodec(), _clip()
    seconds = []
    for _ in range(_CALLS):
        start = perf_counter()
        codec.encode(clip)
        seconds.append(perf_counter() - start)
    return statistics.median(seconds)


@cache
def _clip() -> AudioClip:
    """Return noise whose level changes, so that the encoder has something to decide."""
    count = _RATE_HZ * _SECONDS
    noise = np.random.default_rng(0).standard_normal(count)
    level = 0.1 * np.square(np.sin(np.arange(count) * np.pi / 4_000))
    return AudioClip((noise * level)[None].astype(np.float32), _RATE_HZ).on_pcm16_grid()
