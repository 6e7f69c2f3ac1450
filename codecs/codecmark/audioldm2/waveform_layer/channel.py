"""One channel: a waveform layer on its base, as bytes and back, and what both sound like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codecmark.audioldm2.waveform_layer import coefficient_coding, quantiser
from codecmark.audioldm2.waveform_layer.base import PEAK, Base
from codecmark.audioldm2.waveform_layer.bit_models import Ints
from codecmark.audioldm2.waveform_layer.fill import GAINS, Filled, Singles
from codecmark.audioldm2.waveform_layer.lapped import SUPERFRAME, Floats, Modes
from codecmark.errors import BitstreamError

ROUNDS, ROUNDS_OF_BASE = 3, 24  # of phase retrieval, with a waveform layer and without


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


def encode_waveform(layer: Waveform, base: Base) -> bytes:
    """Return the waveform layer."""
    first, larger = (value + 8 for value in layer.inward)
    head = layer.step_index | layer.gain << 10 | first << 13 | larger << 17
    condition = base.chosen
    over_step = quantiser.mel_over_step(condition.envelope, layer.step_index)
    body = coefficient_coding.encode(layer.levels, layer.modes, over_step)
    return head.to_bytes(3, "little") + condition.sent + body


def decode_waveform(data: bytes, base: Base) -> Waveform:
    """Return the waveform layer."""
    if len(data) < 4:
        raise BitstreamError("waveform layer", "too short")
    head = int.from_bytes(data[:3], "little")
    step_index, gain = head & 1023, head >> 10 & 7
    inward = (head >> 13 & 15) - 8, (head >> 17 & 15) - 8
    condition, size = base.told(data[3:])
    over_step = quantiser.mel_over_step(condition.envelope, step_index)
    levels, modes = coefficient_coding.decode(data[3 + size :], over_step, base.superframes)
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
    restored: Singles = (signal * (base.peak / PEAK)).astype(np.float32)
    return restored
