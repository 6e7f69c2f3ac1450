"""Black-box measurement of algorithmic delay: which output samples does an input sample affect?

`decode` returns a clip without delay, so output sample p corresponds to input sample p. If a change
of input sample n changes output sample p < n, the codec must wait at least n - p samples before it
can output p. The largest such wait over a frame is the delay of a live connection, whatever the
speed of the machine: frame, look-ahead and overlap of windows together.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec

# changes below this share of the largest one are rounding errors or ringing of filters
_NOTICEABLE = 1e-3


def measured_delay_samples(codec: Codec, clip: AudioClip, positions: Iterable[int]) -> int | None:
    """Return the largest distance from a changed input sample back to the first changed output.

    Parameters
    ----------
    clip : AudioClip
        At the codec's own rate, since a resampling filter looks ahead too.
    positions : iterable of int
        Samples to change; they should cover a frame.

    Returns
    -------
    int or None
        Delay in samples of the clip; 0 if no earlier output changes, and the position itself if the
        codec uses the whole clip. None if the output never changes, as in an untrained network
        whose tokens are constant.
    """
    unchanged = _coded(codec, clip)
    waits = [_wait_samples(codec, clip, unchanged, position) for position in positions]
    return max((wait for wait in waits if wait is not None), default=None)


def _wait_samples(codec: Codec, clip: AudioClip, unchanged: Samples, position: int) -> int | None:
    samples = clip.samples.copy()
    # a change that stays in range, and is large enough for any quantiser
    samples[:, position] += np.where(samples[:, position] > 0, -0.5, 0.5).astype(np.float32)
    changed = _coded(codec, AudioClip(samples, clip.sample_rate_hz))
    difference = np.abs(changed - unchanged).max(axis=0)
    if not difference.any():
        return None
    first = int(np.argmax(difference > _NOTICEABLE * difference.max()))
    return max(0, position - first)


def _coded(codec: Codec, clip: AudioClip) -> Samples:
    return codec.decode(codec.encode(clip)).samples
