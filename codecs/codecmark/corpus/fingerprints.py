"""Whether one recording occurs in another: fingerprints, cross-correlated over whole files.

A fingerprint is the level in 16 bands every 16 ms, each band's mean over a second taken away: it
survives another gain, rate, container and lossy coding, and a filter of the whole. Two of them are
compared at every shift. Recordings of less than 1.5 s resemble too much to be told apart, and count
as unlike. Figures on this suite's own halves are in `results/corpora.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from codecmark.clip import AudioClip

# correlations from which two are the same recording, see `results/corpora.md`: copies are above;
# single short sounds, such as two strokes of a drum, resemble each other more than speech does
SAME, SAME_IF_SHORT = 0.7, 0.85
LONG_S = 3.0
_RATE_HZ = 8_000
_HOP = 128
_WINDOW = 512
_BANDS = 16
_EDGES_HZ = (100.0, 3_800.0)
_SMOOTH = 63  # frames, one second
_FLOOR_DB = 60.0  # below the loudest frame: what lies deeper is silence or coding noise
_BLOCK = 1 << 13  # frames
_SHORTEST = 94  # frames, 1.5 s: shorter ones resemble anything

Fingerprint = NDArray[np.float32]


@dataclass(frozen=True)
class Resemblance:
    """The best match of two recordings.

    Attributes
    ----------
    correlation : float
        From -1 to 1.
    at_s : float
        Where in the longer one.
    compared_s : float
        Length of the shorter one.
    """

    correlation: float
    at_s: float
    compared_s: float

    @property
    def is_same(self) -> bool:
        """Whether both hold the same recording."""
        return self.correlation >= (SAME if self.compared_s >= LONG_S else SAME_IF_SHORT)


def fingerprint(clip: AudioClip) -> Fingerprint:
    """Return the levels `[bands, frames]` of a recording, in units of their standard deviation."""
    samples = clip.with_channels(1).resampled(_RATE_HZ).samples[0].astype(np.float32)
    samples = np.pad(samples, (0, max(0, _WINDOW - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    bands = _band_matrix()
    window = np.hanning(_WINDOW).astype(np.float32)
    energy = np.empty((_BANDS, len(frames)), np.float32)
    for start in range(0, len(frames), _BLOCK):
        spectra = np.abs(np.fft.rfft(frames[start : start + _BLOCK] * window)) ** 2
        energy[:, start : start + _BLOCK] = bands @ spectra.T
    levels = 10 * np.log10(np.maximum(energy, 1e-10))
    levels = np.maximum(levels, levels.max() - _FLOOR_DB)
    return np.asarray(levels - _smoothed(levels), np.float32)


def resemblance(part: Fingerprint, whole: Fingerprint) -> Resemblance:
    """Return where in `whole` it is most like `part`; the shorter one is slid over the longer."""
    if part.shape[1] > whole.shape[1]:
        part, whole = whole, part
    length = part.shape[1]
    if length < _SHORTEST or not part.any():
        return Resemblance(0.0, 0.0, length * _HOP / _RATE_HZ)
    part = part - part.mean(axis=1, keepdims=True)
    part /= max(float(np.linalg.norm(part)), 1e-9)
    best, at = -1.0, 0
    # blocks of a long recording; a short one in a single transform that just holds it
    size = max(_BLOCK, 1 << (2 * length - 1).bit_length())
    size = min(size, 1 << (whole.shape[1] - 1).bit_length())
    spectrum = np.conj(np.fft.rfft(part, size))
    step = size - length + 1
    for start in range(0, whole.shape[1] - length + 1, step):
        block = whole[:, start : start + size]
        places = min(step, block.shape[1] - length + 1)
        products = np.fft.irfft((np.fft.rfft(block, size) * spectrum).sum(axis=0), size)[:places]
        values = products / np.maximum(_norms(block, length)[:places], 1e-3 * length**0.5)
        index = int(values.argmax())
        if values[index] > best:
            best, at = float(values[index]), start + index
    seconds = _HOP / _RATE_HZ
    return Resemblance(min(best, 1.0), at * seconds, length * seconds)


def near_duplicates(
    ours: Iterable[tuple[str, Fingerprint]], theirs: Iterable[tuple[str, Fingerprint]]
) -> Iterator[tuple[str, str, Resemblance]]:
    """Yield for each of `theirs`, which are read one at a time, the most similar of `ours`."""
    kept = list(ours)
    for name, whole in theirs:
        compared = [(our_name, resemblance(part, whole)) for our_name, part in kept]
        if compared:
            our_name, best = max(compared, key=lambda pair: pair[1].correlation)
            yield our_name, name, best


def _band_matrix() -> NDArray[np.float32]:
    """Return weights `[bands, bins]` of rectangular bands, evenly spaced in log frequency."""
    edges = np.geomspace(*_EDGES_HZ, _BANDS + 1)
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / _RATE_HZ)
    weights = np.zeros((_BANDS, len(frequencies)), np.float32)
    for band, (low, high) in enumerate(pairwise(edges)):
        inside = (frequencies >= low) & (frequencies < high)
        if not inside.any():  # narrower than a bin at the lower end
            inside[np.abs(frequencies - (low + high) / 2).argmin()] = True
        weights[band, inside] = 1.0
    return weights


def _smoothed(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean over a second around each frame, of what there is of it at the ends."""
    half = _SMOOTH // 2
    sums = np.cumsum(np.pad(levels.astype(np.float64), ((0, 0), (1, 0))), axis=1)
    frames = np.arange(levels.shape[1])
    first, last = np.maximum(frames - half, 0), np.minimum(frames + half + 1, levels.shape[1])
    return np.asarray((sums[:, last] - sums[:, first]) / (last - first), np.float32)


def _norms(block: Fingerprint, length: int) -> NDArray[np.float64]:
    """Return the norm of every stretch of `length` frames, each band's mean taken away."""
    padded = np.pad(block.astype(np.float64), ((0, 0), (1, 0)))
    sums, squares = np.cumsum(padded, axis=1), np.cumsum(padded**2, axis=1)
    sums = sums[:, length:] - sums[:, :-length]
    squares = squares[:, length:] - squares[:, :-length]
    energy = (squares - sums**2 / length).sum(axis=0)
    return np.asarray(np.sqrt(np.maximum(energy, 0)), np.float64)
