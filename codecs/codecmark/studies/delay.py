"""Algorithmic delay, measured from outside: which outputs does one changed input sample reach?

`decode` returns a clip without delay, so sample p of the output belongs to sample p of the input.
If changing input sample n changes output sample p < n, the codec had to wait for n before it could
give out p: n - p samples, at least. The largest such wait over a frame is what a live connection
would add, whatever the machine's speed: frame, look-ahead and the overlap of windows together.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec

# changes below this share of the largest one are rounding, or the ringing of a filter
_NOTICEABLE = 1e-3


def measured_delay_samples(codec: Codec, clip: AudioClip, positions: Iterable[int]) -> int | None:
    """Return how far before a changed input sample the output changes, the most of `positions`.

    Parameters
    ----------
    clip : AudioClip
        At the codec's own rate, since a resampling filter looks ahead too.
    positions : iterable of int
        Samples to change; they should cover a frame.

    Returns
    -------
    int or None
        In samples of the clip, 0 if nothing before any of them changes; as much as the position
        itself where the whole clip is looked at. None if no change comes through at all, as in an
        untrained network whose tokens are always the same.
    """
    unchanged = _coded(codec, clip)
    found = [_reach_back(codec, clip, unchanged, position) for position in positions]
    return max((wait for wait in found if wait is not None), default=None)


def _reach_back(codec: Codec, clip: AudioClip, unchanged: Samples, position: int) -> int | None:
    samples = clip.samples.copy()
    # a step that stays in range, large enough to move any quantiser
    samples[:, position] += np.where(samples[:, position] > 0, -0.5, 0.5).astype(np.float32)
    changed = _coded(codec, AudioClip(samples, clip.sample_rate_hz))
    difference = np.abs(changed - unchanged).max(axis=0)
    if not difference.any():
        return None
    first = int(np.argmax(difference > _NOTICEABLE * difference.max()))
    return max(0, position - first)


def _coded(codec: Codec, clip: AudioClip) -> Samples:
    return codec.decode(codec.encode(clip)).samples
