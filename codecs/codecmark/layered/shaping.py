"""Perceptual noise shaping: how the quantiser's step follows the decoded mel.

One step for a whole clip spends the bits on its loudest bins. Here the step rises with the level of
the frame and of the band, by less than the level itself, so quiet frames and soft bands keep more
of their waveform; and it rises with the width of the critical bands, as a bin low in frequency is
heard more than one among many. Both sides compute it from the decoded mel, so nothing is sent but
its strength. It is integer arithmetic, because the models of the levels depend on it.

The exponents were chosen on the development half by PESQ, Zimtohrli, ViSQOL and DistillMOS
together; `results/layer_trials.md` lists the trials.
"""

from __future__ import annotations

import librosa
import numpy as np

from codecmark.layered import coefficient_coding
from codecmark.layered.context_mixing import Ints
from codecmark.layered.mdct import Floats, Modes
from codecmark.layered.mel_coding import BANDS, UNIT

STRONGEST = 7  # strength 0 is one step for the whole clip

_BY_FRAME, _BY_BAND = 10, 5  # sixteenths of the level's octaves
_BY_WIDTH = 0.3  # octaves of step per octave of bandwidth
_ONE_BITS = 30


def _mantissas() -> Ints:
    octave = np.arange(UNIT) / UNIT
    table: Ints = np.rint((1 << _ONE_BITS) * np.exp2(octave)).astype(np.int64)
    return table


def _widths() -> Ints:
    edges = librosa.mel_frequencies(BANDS + 2, fmin=0, fmax=8000)
    width = edges[2:] - edges[:-2]
    table: Ints = np.rint(UNIT * _BY_WIDTH * np.log2(width / width[0])).astype(np.int64)
    return table


_MANTISSAS, _WIDTHS = _mantissas(), _widths()


def offsets(mel: Ints, strength: int) -> Ints | None:
    """Return by how much the step is raised at each bin of the longest block, in the mel's unit.

    Parameters
    ----------
    mel : Ints, shape=(frames, 64)
        The decoded log2-mel in 1/1024 octave.
    strength : int, 0 to 7

    Returns
    -------
    Ints or None, shape=(frames, 640)
        None for strength 0.
    """
    if strength == 0:
        return None
    loudest = int(mel.max())
    energy = _exp2(2 * (mel - loudest)).sum(axis=1)
    ones = np.array([BANDS, len(mel) * BANDS]) << _ONE_BITS
    of_band, of_clip = _log2(ones)  # energies of what is as loud as the loudest everywhere
    loudness = loudest + (_log2(energy) - of_band) // 2
    above = loudness - (loudest + (_log2(energy.sum(keepdims=True)) - of_clip) // 2)
    octaves = (_BY_FRAME * above[:, None] + _BY_BAND * (mel - loudness[:, None])) // 16 + _WIDTHS
    return coefficient_coding.envelope(octaves * strength // STRONGEST)


def weights(offsets: Ints | None, modes: Modes) -> Floats | float:
    """Return the factor of the step at each coefficient, `[superframes, 640]`."""
    if offsets is None:
        return 1.0
    factors: Floats = np.exp2(coefficient_coding.at_coefficients(offsets, modes) / UNIT)
    return factors


def _exp2(exponent: Ints) -> Ints:
    """Return 2^30 times 2 to the power of `exponent` / 1024, which is at most 0."""
    shift = np.minimum(-(exponent >> 10), 62)
    values: Ints = _MANTISSAS[exponent & (UNIT - 1)] >> shift
    return values


def _log2(values: Ints) -> Ints:
    """Return the base-2 logarithm of integers in 1/1024, rounded down; 0 for 0."""
    positive = np.maximum(values, 1)
    octaves = np.frexp(positive.astype(np.float64))[1].astype(np.int64) - 1
    up, down = np.maximum(_ONE_BITS - octaves, 0), np.maximum(octaves - _ONE_BITS, 0)
    place = np.searchsorted(_MANTISSAS, (positive << up) >> down, side="right") - 1
    logarithm: Ints = octaves * UNIT + np.minimum(place, UNIT - 1)
    return logarithm
