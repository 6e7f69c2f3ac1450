"""One channel: a base layer and a waveform layer, as bytes and back."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from codecmark.audioldm2.waveform_layer import coefficient_coding, lapped, mel_coding, quantiser
from codecmark.audioldm2.waveform_layer.bit_models import Ints
from codecmark.audioldm2.waveform_layer.fill import GAINS, Filled, Singles, log2_mel
from codecmark.audioldm2.waveform_layer.lapped import SUPERFRAME, Floats, Modes
from codecmark.errors import BitstreamError

ROUNDS, ROUNDS_OF_BASE = 3, 24  # of phase retrieval, with a waveform layer and without
SUPERFRAMES_PER_BYTE = 4  # a base layer is at least this long, so bytes justify what is allocated

_PEAK = 0.5  # as AudioLDM2 scales its waveforms before the mel
_SILENT = 0
_LEVEL_ZERO, _LEVELS_PER_OCTAVE = 32_768, 64
_MOST_OCTAVES = 100  # float32 holds what is decoded
_ROUNDING = 0.32  # of the mel's levels: the dead zone reaches to 0.68


@dataclass(frozen=True)
class Base:
    """A decoded base layer: peak of the waveform, and the mel at its two resolutions."""

    peak: float
    mel: Ints
    envelope: Ints

    @property
    def superframes(self) -> int:
        """Length in superframes."""
        return len(self.mel) // coefficient_coding.FRAMES


@dataclass(frozen=True)
class Waveform:
    """A waveform layer: levels, and what turns them into samples."""

    levels: Ints
    modes: Modes
    step_index: int
    gain: int
    inward: tuple[int, int]

    @property
    def step(self) -> float:
        """The quantiser's step."""
        return quantiser.step_size(self.step_index)

    def coefficients(self) -> Floats:
        """Return dequantised coefficients."""
        return quantiser.dequantise(self.levels, self.step, self.inward)

    def filled(self, base: Base, rounds: int = ROUNDS) -> Filled:
        """Return the decoded signal, its fill's gain still open."""
        return Filled(self.coefficients(), self.modes, base.mel, base.envelope, self.step, rounds)


def level_of(signal: Floats) -> int:
    """Return the index of the peak's level; 0 for silence."""
    peak = float(np.abs(signal).max(initial=0))
    if peak == 0:
        return _SILENT
    octaves = min(max(float(np.log2(peak)), -_MOST_OCTAVES), _MOST_OCTAVES)
    return _LEVEL_ZERO + round(octaves * _LEVELS_PER_OCTAVE)


def scaled(signal: Floats, level: int) -> Floats:
    """Return the signal as it is coded: at AudioLDM2's level, padded to whole superframes."""
    count = lapped.superframes(len(signal))
    padded = np.pad(signal, (0, count * SUPERFRAME - len(signal)))
    return padded if level == _SILENT else padded * (_PEAK / _peak(level))


def encode_base(signal: Floats, level: int, step_index: int) -> bytes:
    """Return the base layer of a scaled signal."""
    least = len(signal) // SUPERFRAME // SUPERFRAMES_PER_BYTE
    if level == _SILENT:
        return struct.pack("<H", _SILENT).ljust(least, b"\0")
    levels = mel_coding.quantise(log2_mel(signal), step_index, _ROUNDING)
    return (struct.pack("<HB", level, step_index) + mel_coding.encode(levels)).ljust(least, b"\0")


def decode_base(data: bytes, superframes: int) -> Base | None:
    """Return the base layer, None for silence."""
    if len(data) < max(2, superframes // SUPERFRAMES_PER_BYTE):
        raise BitstreamError("base layer", f"{len(data)} bytes cannot hold {superframes} blocks")
    (level,) = struct.unpack_from("<H", data)
    if level == _SILENT:
        return None
    if abs(level - _LEVEL_ZERO) > _MOST_OCTAVES * _LEVELS_PER_OCTAVE:
        raise BitstreamError("level", f"the peak must be 2^-{_MOST_OCTAVES} to 2^{_MOST_OCTAVES}")
    if len(data) < 3 or data[2] >= mel_coding.STEPS:
        raise BitstreamError("mel step", f"must be 0 to {mel_coding.STEPS - 1}")
    frames = superframes * coefficient_coding.FRAMES
    levels = mel_coding.decode(data[3:], mel_coding.blocks(frames))
    mel = mel_coding.dequantise(levels, data[2])[:frames]
    return Base(_peak(level), mel, coefficient_coding.envelope(mel))


def encode_waveform(layer: Waveform, base: Base) -> bytes:
    """Return the waveform layer."""
    first, larger = (value + 8 for value in layer.inward)
    head = layer.step_index | layer.gain << 10 | first << 13 | larger << 17
    over_step = quantiser.mel_over_step(base.envelope, layer.step_index)
    body = coefficient_coding.encode(layer.levels, layer.modes, over_step)
    return head.to_bytes(3, "little") + body


def decode_waveform(data: bytes, base: Base) -> Waveform:
    """Return the waveform layer."""
    if len(data) < 4:
        raise BitstreamError("waveform layer", "too short")
    head = int.from_bytes(data[:3], "little")
    step_index, gain = head & 1023, head >> 10 & 7
    inward = (head >> 13 & 15) - 8, (head >> 17 & 15) - 8
    over_step = quantiser.mel_over_step(base.envelope, step_index)
    levels, modes = coefficient_coding.decode(data[3:], over_step, base.superframes)
    return Waveform(levels, modes, step_index, gain, inward)


def synthesise(base: Base | None, waveform: Waveform | None, superframes: int) -> Singles:
    """Return `[superframes * 640]` samples at their original level."""
    if base is None:
        return np.zeros(superframes * SUPERFRAME, np.float32)
    if waveform is not None:
        signal = waveform.filled(base).signal(waveform.gain)
    else:
        nothing = np.zeros((superframes, SUPERFRAME))
        modes = np.ones(superframes, np.int64)
        filled = Filled(nothing, modes, base.mel, base.envelope, None, ROUNDS_OF_BASE)
        signal = filled.signal(GAINS - 1)
    restored: Singles = (signal * (base.peak / _PEAK)).astype(np.float32)
    return restored


def _peak(level: int) -> float:
    return float(2.0 ** ((level - _LEVEL_ZERO) / _LEVELS_PER_OCTAVE))
