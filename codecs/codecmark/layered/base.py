"""The base layer: what stands for the spectrogram in a stream, and what each kind of it promises.

Two kinds: the log-mel itself (`mel_base`), whose way back is integer arithmetic, and the latent of
an autoencoder (`latent_base`), whose way back is a network.
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

SUPERFRAMES_PER_BYTE = 4  # a base layer is at least this long, so bytes justify what is allocated
PEAK = 0.5  # as AudioLDM2 scales its waveforms before the mel
SILENT = 0

_LEVEL_ZERO, _LEVELS_PER_OCTAVE = 32_768, 64
_MOST_OCTAVES = 100  # float32 holds what is decoded


@dataclass(frozen=True)
class Base:
    """A decoded base layer.

    Attributes
    ----------
    peak : float
        Of the waveform.
    mel : Ints, shape=(frames, 64)
        In 1/1024 of a factor of two.
    drifting : Floats or None, shape=(frames, 64)
        The mel's log2 as a network gave it, whose last digits are the machine's own; None where
        `mel` is the same everywhere.
    """

    peak: float
    mel: Ints
    drifting: Floats | None = None

    @classmethod
    def of_network(cls, peak: float, log2_mel: Floats) -> Base:
        """Return the base of what a network made of a stream.

        Raises
        ------
        BitstreamError
            If that is no spectrogram.
        """
        if not np.isfinite(log2_mel).all():
            raise BitstreamError("base layer", "decodes to NaN or Inf")
        bounded = np.clip(log2_mel.astype(np.float64), FLOOR / UNIT, CEILING / UNIT)
        return cls(peak, np.rint(bounded * UNIT).astype(np.int64), bounded)

    @property
    def superframes(self) -> int:
        """Length in superframes."""
        return len(self.mel) // coefficient_coding.FRAMES

    @cached_property
    def envelope(self) -> Ints:
        """The mel at the transform's 640 bins."""
        return coefficient_coding.envelope(self.mel)

    @cached_property
    def encoder_condition(self) -> side_information.Condition:
        """What an encoder conditions the waveform layer's models on, with its side information."""
        if self.drifting is None:
            return side_information.Condition(self.envelope)
        return side_information.choose(self.drifting)

    def read_condition(self, data: bytes) -> side_information.Condition:
        """Return what the encoder conditioned its models on, from the layer's side information.

        Raises
        ------
        BitstreamError
            If this machine's network gives another spectrogram than the encoder's.
        """
        if self.drifting is None:
            return side_information.Condition(self.envelope)
        return side_information.read(self.drifting, data)


class BaseCoding(Protocol):
    """A kind of base layer."""

    steps: int  # step indices, the finest first
    range_at_rate: tuple[int, int]  # of them, what a target of rate may choose
    share_of_rate: float  # of a target, at most

    def step_for(self, snr_db: float) -> int:
        """Return the step index that suits a target of SNR."""
        ...

    def analyse(self, signal: Floats) -> NDArray[Any]:
        """Return what is quantised of a scaled signal of whole superframes."""
        ...

    def encode(self, values: NDArray[Any], step_index: int) -> bytes:
        """Return them quantised and coded."""
        ...

    def decode(self, data: bytes, step_index: int, superframes: int, peak: float) -> Base:
        """Return the base, or raise `BitstreamError`."""
        ...


def level_of(signal: Floats) -> int:
    """Return the index of the peak's level; 0 for silence."""
    peak = float(np.abs(signal).max(initial=0))
    if peak == 0:
        return SILENT
    octaves = min(max(float(np.log2(peak)), -_MOST_OCTAVES), _MOST_OCTAVES)
    return _LEVEL_ZERO + round(octaves * _LEVELS_PER_OCTAVE)


def scaled(signal: Floats, level: int) -> Floats:
    """Return the signal as it is coded: at AudioLDM2's level, padded to whole superframes."""
    count = mdct.superframes(len(signal))
    padded = np.pad(signal, (0, count * SUPERFRAME - len(signal)))
    return padded if level == SILENT else padded * (PEAK / _peak(level))


def silence(superframes: int) -> bytes:
    """Return the base layer of silence."""
    return struct.pack("<H", SILENT).ljust(superframes // SUPERFRAMES_PER_BYTE, b"\0")


def encode(
    coding: BaseCoding, values: NDArray[Any], level: int, step_index: int, superframes: int
) -> bytes:
    """Return the base layer of what `coding.analyse` gave for a scaled signal."""
    data = struct.pack("<HB", level, step_index) + coding.encode(values, step_index)
    return data.ljust(superframes // SUPERFRAMES_PER_BYTE, b"\0")


def decode(coding: BaseCoding, data: bytes, superframes: int) -> Base | None:
    """Return the base layer, None for silence."""
    if len(data) < max(2, superframes // SUPERFRAMES_PER_BYTE):
        raise BitstreamError("base layer", f"{len(data)} bytes cannot hold {superframes} blocks")
    (level,) = struct.unpack_from("<H", data)
    if level == SILENT:
        return None
    if abs(level - _LEVEL_ZERO) > _MOST_OCTAVES * _LEVELS_PER_OCTAVE:
        raise BitstreamError("level", f"the peak must be 2^-{_MOST_OCTAVES} to 2^{_MOST_OCTAVES}")
    if len(data) < 3 or data[2] >= coding.steps:
        raise BitstreamError("base step", f"must be 0 to {coding.steps - 1}")
    return coding.decode(data[3:], data[2], superframes, _peak(level))


def _peak(level: int) -> float:
    return float(2.0 ** ((level - _LEVEL_ZERO) / _LEVELS_PER_OCTAVE))
