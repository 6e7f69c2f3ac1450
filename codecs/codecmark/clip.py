"""One piece of audio in memory: float32 `[channels, samples]` at a stated rate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from codecmark.errors import InputError

Samples = NDArray[np.float32]

MAX_CHANNELS = 8
MIN_RATE_HZ, MAX_RATE_HZ = 1_000, 768_000
_FULL_SCALE = 32_768.0


@dataclass(frozen=True, eq=False)
class AudioClip:
    """Immutable audio.

    Parameters
    ----------
    samples : np.ndarray, shape=(channels, samples), float32
        Nominal range [-1, 1]; all values finite; 1 to 8 channels, at least one sample. The clip
        keeps a read-only copy, so neither a codec nor the caller can change it later.
    sample_rate_hz : int
        1,000 to 768,000 Hz.

    Raises
    ------
    InputError
        Names the field that is wrong and what to do about it.
    """

    samples: Samples
    sample_rate_hz: int

    def __post_init__(self) -> None:
        rate = self.sample_rate_hz
        if isinstance(rate, bool) or not isinstance(rate, int | np.integer):
            raise InputError(f"sample_rate_hz: must be an integer, got {rate!r}; round it first")
        if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
            raise InputError(
                f"sample_rate_hz: {rate} is outside {MIN_RATE_HZ}..{MAX_RATE_HZ}; resample the clip"
            )
        object.__setattr__(self, "sample_rate_hz", int(rate))
        object.__setattr__(self, "samples", _checked_copy(self.samples))

    @classmethod
    def from_pcm16(cls, pcm: NDArray[np.int16], sample_rate_hz: int) -> AudioClip:
        """Build from 16-bit integers `[channels, samples]`; -32768 maps to -1.0."""
        return cls(pcm.astype(np.float32) / np.float32(_FULL_SCALE), sample_rate_hz)

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def n_samples(self) -> int:
        """Number of samples in each channel."""
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.sample_rate_hz

    def pcm16(self) -> NDArray[np.int16]:
        """Return the nearest 16-bit integers, clipped at full scale; `[channels, samples]`."""
        return to_pcm16(self.samples)

    def on_pcm16_grid(self) -> AudioClip:
        """Return the clip rounded to the 16-bit grid, as a 16-bit file would hold it."""
        return AudioClip.from_pcm16(self.pcm16(), self.sample_rate_hz)

    def with_channels(self, channels: int) -> AudioClip:
        """Return the clip with another channel count: average to mono, or repeat a mono channel.

        Raises
        ------
        InputError
            If neither the clip nor the result is mono.
        """
        if channels == self.channels:
            return self
        if channels == 1:
            return AudioClip(self.samples.mean(axis=0, keepdims=True), self.sample_rate_hz)
        if self.channels == 1:
            return AudioClip(np.repeat(self.samples, channels, axis=0), self.sample_rate_hz)
        raise InputError(
            f"channels: cannot turn {self.channels} channels into {channels}; mix the clip to "
            f"mono or to {channels} channels first"
        )

    def resampled(self, sample_rate_hz: int) -> AudioClip:
        """Return the clip at another rate (soxr, very high quality); its length is rounded up."""
        if sample_rate_hz == self.sample_rate_hz:
            return self
        length = -(-self.n_samples * sample_rate_hz // self.sample_rate_hz)
        samples = resample(self.samples, self.sample_rate_hz, sample_rate_hz, length)
        return AudioClip(samples, sample_rate_hz)

    def cropped(self, seconds: float) -> AudioClip:
        """Return the first `seconds` of the clip, or all of a shorter one."""
        keep = max(1, round(seconds * self.sample_rate_hz))
        return (
            self
            if keep >= self.n_samples
            else AudioClip(self.samples[:, :keep], self.sample_rate_hz)
        )

    def sha256(self) -> str:
        """Return the digest of sample rate, channel count and samples."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        digest = hashlib.sha256(f"{self.sample_rate_hz} {self.channels} f32le ".encode())
        digest.update(self.samples.astype("<f4", copy=False).tobytes())
        return digest.hexdigest()


def to_pcm16(samples: Samples) -> NDArray[np.int16]:
    """Round float samples to 16-bit integers with clipping; any shape."""
    scaled = np.rint(samples * np.float32(_FULL_SCALE))
    pcm: NDArray[np.int16] = np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)
    return pcm


def fit_length(samples: Samples, length: int) -> Samples:
    """Crop or zero-pad `[channels, n]` at the end to `[channels, length]`."""
    missing = length - samples.shape[1]
    if missing <= 0:
        return samples[:, :length]
    return np.pad(samples, ((0, 0), (0, missing)))


def resample(samples: Samples, from_hz: int, to_hz: int, length: int) -> Samples:
    """Resample `[channels, n]` (soxr, very high quality) to exactly `[channels, length]`."""
    if from_hz == to_hz:
        return fit_length(samples, length)
    resampled = soxr.resample(samples.T, from_hz, to_hz, quality="VHQ").T
    return fit_length(resampled.astype(np.float32, copy=False), length)


def resample_blocks(blocks: Iterable[Samples], from_hz: int, to_hz: int, length: int) -> Samples:
    """Resample consecutive `[channels, n]` blocks as one signal, without joining them first.

    Returns
    -------
    Samples, shape=(channels, length)
    """
    if from_hz == to_hz:
        return fit_length(np.concatenate(list(blocks), axis=1), length)
    stream: soxr.ResampleStream | None = None
    pieces = []
    for block in blocks:
        if stream is None:
            stream = soxr.ResampleStream(from_hz, to_hz, len(block), dtype="float32", quality="VHQ")
            silence = np.empty((0, len(block)), np.float32)
        pieces.append(stream.resample_chunk(np.ascontiguousarray(block.T)))
    if stream is None:
        raise InputError("blocks: no blocks given; pass at least one")
    pieces.append(stream.resample_chunk(silence, last=True))
    return fit_length(np.concatenate(pieces).T, length)


def _checked_copy(samples: Any) -> Samples:
    if not isinstance(samples, np.ndarray):
        raise InputError(f"samples: must be a NumPy array, got {type(samples).__name__}")
    samples = np.asarray(samples)  # of a subclass no more: its checks would be its own
    if samples.dtype != np.float32:
        raise InputError(
            f"samples: dtype must be float32, got {samples.dtype}; convert with "
            "`.astype('float32')`, or use AudioClip.from_pcm16 for 16-bit integers"
        )
    if samples.ndim != 2:
        raise InputError(
            f"samples: shape must be (channels, samples), got {samples.shape}; "
            "a mono signal is `x[None, :]`"
        )
    channels, length = samples.shape
    if length == 0 or channels == 0:
        raise InputError(f"samples: shape {samples.shape} is empty; at least one sample is needed")
    if channels > MAX_CHANNELS:
        raise InputError(
            f"samples: {channels} channels, at most {MAX_CHANNELS}; if the axes are swapped, "
            "pass `x.T`: the shape is (channels, samples)"
        )
    copy = np.array(samples, dtype=np.float32, order="C")
    if not np.isfinite(copy).all():
        raise InputError("samples: contains NaN or Inf; replace them, e.g. with np.nan_to_num")
    copy.flags.writeable = False
    return copy
