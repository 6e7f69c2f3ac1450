"""The base layer: the coded spectrogram of a stream, and the interface of its two kinds.

The kinds are the log-mel itself (`mel_base`), decoded with integer arithmetic, and the latent of an
autoencoder (`latent_base`), decoded by a network.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from codecmark.errors import BitstreamError
from codecmark.layered import coefficient_coding, mdct, side_information
from codecmark.layered.context_mixing import Ints
from codecmark.layered.mdct import SUPERFRAME, Floats
from codecmark.layered.mel_coding import CEILING, FLOOR, UNIT

SUPERFRAMES_PER_BYTE = 4  # at most, so that the bytes of a stream bound the memory of its decoder
PEAK = 0.5  # AudioLDM2 scales waveforms to this peak before the mel
SILENT = 0

_LEVEL_ZERO, _LEVELS_PER_OCTAVE = 32_768, 64
_MOST_OCTAVES = 100  # of the peak, from 1: keeps decoded samples within float32


@dataclass(frozen=True)
class Base:
    """A decoded base layer.

    Attributes
    ----------
    peak : float
        Peak of the waveform.
    mel : Ints, shape=(frames, 64)
        Log-mel in units of 1/1024 octave of magnitude.
    drifting : Floats or None, shape=(frames, 64)
        The log2-mel from a network, whose last digits differ between machines; None if `mel` is
        identical on all machines.
    """

    peak: float
    mel: Ints
    drifting: Floats | None = None

    @classmethod
    def of_network(cls, peak: float, log2_mel: Floats) -> Base:
        """Return the base for the log2-mel `[frames, 64]` that a network decoded.

        Raises
        ------
        BitstreamError
            If the log2-mel is not finite.
        """
        if not np.isfinite(log2_mel).all():
            raise BitstreamError("base layer", "decodes to NaN or Inf")
        bounded = np.clip(log2_mel.astype(np.float64), FLOOR / UNIT, CEILING / UNIT)
        return cls(peak, np.rint(bounded * UNIT).astype(np.int64), bounded)

    @property
    def superframes(self) -> int:
        """Number of superframes."""
        return len(self.mel) // coefficient_coding.FRAMES

    @cached_property
    def envelope(self) -> Ints:
        """The mel interpolated to the 640 MDCT bins, `[frames, 640]`."""
        return coefficient_coding.envelope(self.mel)

    @cached_property
    def encoder_condition(self) -> side_information.Condition:
        """The encoder's conditioning of the waveform layer's models, with side information."""
        if self.drifting is None:
            return side_information.Condition(self.envelope)
        return side_information.choose(self.drifting)

    def read_condition(self, data: bytes) -> side_information.Condition:
        """Return the encoder's conditioning, restored from the layer's side information.

        Raises
        ------
        BitstreamError
            If the network decodes another spectrogram on this machine than it did in the encoder.
        """
        if self.drifting is None:
            return side_information.Condition(self.envelope)
        return side_information.read(self.drifting, data)


class BaseCoding(Protocol):
    """A kind of base layer."""

    steps: int  # number of step indices; 0 is the finest
    range_at_rate: tuple[int, int]  # finest and coarsest step index for a rate target
    share_of_rate: float  # largest share of a rate target for the base layer

    def step_for(self, snr_db: float) -> int:
        """Return the step index for an SNR target."""
        ...

    def analyse(self, signal: Floats) -> NDArray[Any]:
        """Return the values to quantise for a scaled signal of whole superframes."""
        ...

    def encode(self, values: NDArray[Any], step_index: int) -> bytes:
        """Quantise and code the values."""
        ...

    def decode(self, data: bytes, step_index: int, superframes: int, peak: float) -> Base:
        """Return the base, or raise `BitstreamError`."""
        ...


def level_of(signal: Floats) -> int:
    """Return the level index of the signal's peak; 0 for silence."""
    peak = float(np.abs(signal).max(initial=0))
    if peak == 0:
        return SILENT
    octaves = min(max(float(np.log2(peak)), -_MOST_OCTAVES), _MOST_OCTAVES)
    return _LEVEL_ZERO + round(octaves * _LEVELS_PER_OCTAVE)


def scaled(signal: Floats, level: int) -> Floats:
    """Return the signal scaled to AudioLDM2's level and zero-padded to whole superframes."""
    count = mdct.superframes(len(signal))
    padded = np.pad(signal, (0, count * SUPERFRAME - len(signal)))
    return padded if level == SILENT else padded * (PEAK / peak_of(level))


def silence(superframes: int) -> bytes:
    """Return the base layer of silence."""
    return struct.pack("<H", SILENT).ljust(superframes // SUPERFRAMES_PER_BYTE, b"\0")


def encode(
    coding: BaseCoding, values: NDArray[Any], level: int, step_index: int, superframes: int
) -> bytes:
    """Return the base layer for the values that `coding.analyse` returned."""
    data = struct.pack("<HB", level, step_index) + coding.encode(values, step_index)
    return data.ljust(superframes // SUPERFRAMES_PER_BYTE, b"\0")


def decode(coding: BaseCoding, data: bytes, superframes: int) -> Base | None:
    """Return the decoded base layer, or None for silence.

    Raises
    ------
    BitstreamError
        If `data` is not a base layer of this many superframes.
    """
    if len(data) < max(2, superframes // SUPERFRAMES_PER_BYTE):
        raise BitstreamError("base layer", f"{len(data)} bytes cannot hold {superframes} blocks")
    (level,) = struct.unpack_from("<H", data)
    if level == SILENT:
        return None
    checked_level(level)
    if len(data) < 3 or data[2] >= coding.steps:
        raise BitstreamError("base step", f"must be 0 to {coding.steps - 1}")
    return coding.decode(data[3:], data[2], superframes, peak_of(level))


def checked_level(level: int) -> int:
    """Return the level index of a sound, or raise `BitstreamError`."""
    if abs(level - _LEVEL_ZERO) > _MOST_OCTAVES * _LEVELS_PER_OCTAVE:
        raise BitstreamError("level", f"the peak must be 2^-{_MOST_OCTAVES} to 2^{_MOST_OCTAVES}")
    return level


def peak_of(level: int) -> float:
    """Return the peak that a level index stands for."""
    return float(2.0 ** ((level - _LEVEL_ZERO) / _LEVELS_PER_OCTAVE))
