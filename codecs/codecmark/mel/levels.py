"""Levels of a waveform, which a chain removes before the mel and restores at the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codecmark.clip import Samples
from codecmark.errors import BitstreamError

PEAK = 0.5  # AudioLDM2 scales waveforms to this peak before the mel
_BYTES = 8  # per channel


@dataclass(frozen=True)
class Levels:
    """Mean and peak of each channel.

    Attributes
    ----------
    mean, peak : Samples, shape=(channels, 1)
        The peak is relative to the mean, so it is 0 for a constant channel.
    """

    mean: Samples
    peak: Samples

    @classmethod
    def of(cls, samples: Samples) -> Levels:
        """Measure `[channels, samples]`."""
        mean = samples.mean(axis=1, keepdims=True)
        return cls(mean, np.abs(samples - mean).max(axis=1, keepdims=True))

    @classmethod
    def read(cls, payload: bytes, channels: int) -> tuple[Levels, bytes]:
        """Return the levels at the start of a payload, and the rest of the payload.

        Raises
        ------
        BitstreamError
            If the payload is too short, or the levels are not finite.
        """
        end = channels * _BYTES
        if len(payload) < end:
            raise BitstreamError("levels", "the payload ends inside them")
        values = np.frombuffer(payload[:end], "<f4").reshape(-1, 2)
        if not np.isfinite(values).all():
            raise BitstreamError("levels", "hold NaN or Inf")
        return cls(values[:, :1], values[:, 1:]), payload[end:]

    def to_bytes(self) -> bytes:
        """Return mean and peak of each channel as little-endian float32."""
        data: bytes = np.concatenate([self.mean, self.peak], axis=1).astype("<f4").tobytes()
        return data

    def removed_from(self, samples: Samples) -> Samples:
        """Return the waveform without its mean, scaled to the peak that the networks expect."""
        scaled = (samples - self.mean) * (PEAK / np.where(self.peak > 0, self.peak, 1))
        return scaled.astype(np.float32)

    def restored_to(self, waveform: Samples) -> Samples:
        """Return a decoded waveform at its original level."""
        with np.errstate(over="ignore", invalid="ignore"):  # a stream may say anything: see `Codec`
            restored: Samples = (waveform * (self.peak / PEAK) + self.mean).astype(np.float32)
        return restored
