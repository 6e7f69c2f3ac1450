"""The waveform layers of one channel: coding, decoding and synthesis.

The first waveform layer codes the MDCT coefficients. Each further layer codes the residual of the
layers before it, in the same blocks, with a smaller step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codecmark.errors import BitstreamError
from codecmark.layered import coefficient_coding, quantiser, shaping
from codecmark.layered.base import PEAK, Base
from codecmark.layered.context_mixing import Ints
from codecmark.layered.mdct import SUPERFRAME, Floats, Modes
from codecmark.layered.noise_filling import GAINS, Filled, Filler, Known
from codecmark.layered.side_information import Condition
from codecmark.layered.spectra import Singles

_RESIDUAL = -1468  # rms of the quantisation residual, 0.33 of the step, in 1/1024 octave


@dataclass(frozen=True)
class Waveform:
    """A waveform layer: quantised levels and the parameters that dequantise them.

    Attributes
    ----------
    levels : Ints, shape=(superframes, 640)
    modes : Modes, shape=(superframes,)
        Block length of each superframe, see `mdct`.
    step_index : int
        Index of the quantiser's step size.
    gain : int
        Gain of the noise filling, 0 to 7.
    inward : tuple of int
        Centroid offsets of level 1 and of larger levels, see `quantiser.centroids`.
    envelope : Ints, shape=(frames, 640)
        The decoded mel that the models of the first layer are conditioned on, relative to the
        shape of the step.
    strength : int
        Strength of the noise shaping, 0 to 7; see `shaping`.
    offsets : Ints or None, shape=(frames, 640)
        What it adds to the step.
    """

    levels: Ints
    modes: Modes
    step_index: int
    gain: int
    inward: tuple[int, int]
    envelope: Ints
    strength: int = 0
    offsets: Ints | None = None

    @property
    def step(self) -> float:
        """Step size of the quantiser."""
        return quantiser.step_size(self.step_index)

    def coefficients(self) -> Floats:
        """Return the dequantised coefficients `[superframes, 640]`."""
        values = quantiser.dequantise(self.levels, self.step, self.inward)
        return values * shaping.weights(self.offsets, self.modes)


def filled(layers: Sequence[Waveform], base: Base, fill: Filler) -> Filled:
    """Return the signal of one or more waveform layers with noise filling of adjustable gain."""
    total = layers[0].coefficients()
    for layer in layers[1:]:
        total = total + layer.coefficients()
    finest = min(layer.step for layer in layers)
    return fill(Known(total, layers[0].modes, base.mel, base.envelope, finest, layers[0].offsets))


def over_step(envelope: Ints, below: Sequence[Waveform], step_index: int) -> Ints:
    """Return the expected magnitude relative to the step, for the layer above `below`."""
    for layer in below:
        envelope = np.minimum(envelope, _RESIDUAL - quantiser.UNITS_PER_STEP * layer.step_index)
    return quantiser.mel_over_step(envelope, step_index)


def encode_waveform(layer: Waveform, base: Base, below: Sequence[Waveform] = ()) -> bytes:
    """Return the coded waveform layer above `below`; the first has the side information."""
    first, larger = (value + 8 for value in layer.inward)
    head = layer.step_index | layer.gain << 10 | first << 13 | larger << 17
    head |= layer.strength << 21
    side_information = b"" if below else base.encoder_condition.side_information
    expected = over_step(layer.envelope, below, layer.step_index)
    body = coefficient_coding.encode(layer.levels, layer.modes, expected, known=bool(below))
    return head.to_bytes(3, "little") + side_information + body


def decode_waveform(data: bytes, base: Base, below: Sequence[Waveform] = ()) -> Waveform:
    """Return the decoded waveform layer above `below`."""
    if len(data) < 4:
        raise BitstreamError("waveform layer", f"{len(data)} bytes are too short, at least 4")
    head = int.from_bytes(data[:3], "little")
    step_index, gain = head & 1023, head >> 10 & 7
    inward = (head >> 13 & 15) - 8, (head >> 17 & 15) - 8
    if below:
        strength, offsets = below[0].strength, below[0].offsets
        condition = Condition(below[0].envelope)
        envelope = condition.envelope
    else:
        strength = head >> 21
        offsets = shaping.offsets(base.mel, strength)
        condition = base.read_condition(data[3:])
        envelope = condition.envelope if offsets is None else condition.envelope - offsets
    expected = over_step(envelope, below, step_index)
    levels, modes = coefficient_coding.decode(
        data[3 + len(condition.side_information) :],
        expected,
        base.superframes,
        below[0].modes if below else None,
    )
    return Waveform(levels, modes, step_index, gain, inward, envelope, strength, offsets)


def synthesise(
    base: Base | None,
    layers: Sequence[Waveform],
    superframes: int,
    fill: Filler,
    fill_gain: float | None = None,
) -> Singles:
    """Return `[superframes * 640]` samples at their original level.

    Parameters
    ----------
    fill_gain : float, optional
        Gain of the noise filling, 0 to 1; by default the one that the encoder chose.
    """
    if base is None:
        return np.zeros(superframes * SUPERFRAME, np.float32)
    if layers:
        gain = layers[-1].gain if fill_gain is None else fill_gain * (GAINS - 1)
        signal = filled(layers, base, fill).signal(gain)
    else:
        nothing = np.zeros((superframes, SUPERFRAME))
        modes = np.ones(superframes, np.int64)
        signal = fill(Known(nothing, modes, base.mel, base.envelope, None)).signal(GAINS - 1)
    restored: Singles = (signal * (base.peak / PEAK)).astype(np.float32)
    return restored
