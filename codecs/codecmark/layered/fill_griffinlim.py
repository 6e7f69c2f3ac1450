"""Noise filling without a network: noise at the decoded mel's level, shaped by phase retrieval.

Zero coefficients start with random signs at the mel's level, but at most half a step, because
larger ones would have been coded. A few rounds of phase retrieval follow, with two constraints:
STFT bins that the waveform layer coded keep their values, and the magnitudes of the others are
scaled, band by band, until the mel of the whole is the decoded one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codecmark.layered.coefficient_coding import at_coefficients
from codecmark.layered.mdct import Floats, synthesise
from codecmark.layered.mel_coding import UNIT
from codecmark.layered.noise_filling import LOUDEST, Filled, Known
from codecmark.layered.spectra import Singles, bank, from_bands, istft, stft, to_bands, widths

_SIGMA = 0.9  # standard deviation of an MDCT coefficient for a mel magnitude of 1
_MOST = 4.0  # largest correction of a band in one pass
_PASSES = 3


@dataclass(frozen=True)
class PhaseRetrieval:
    """See `noise_filling.Filler`.

    Attributes
    ----------
    rounds, rounds_of_base : int
        Rounds of phase retrieval with a waveform layer, and for the base alone.
    """

    rounds: int = 3
    rounds_of_base: int = 24

    def __call__(self, known: Known) -> Filled:
        """Return the coded signal and the noise filling."""
        coded = known.coded()
        noise = _noise(known)
        signal = coded + synthesise(noise, known.modes).astype(np.float32)
        target: Singles = np.exp2(known.mel.astype(np.float32) / UNIT)
        loudest = known.loudest * np.float32(LOUDEST)
        carried = stft(coded)
        size = np.abs(carried)
        level = from_bands((target / widths()).astype(np.float32), *bank())
        keep = size > np.minimum(level, loudest)
        size[~keep] = 0
        missing = np.maximum(target - to_bands(size, *bank()), 0.05 * target)
        rounds = self.rounds_of_base if known.step is None else self.rounds
        for number in range(rounds):
            spectrum = stft(signal)
            shape = np.abs(spectrum)
            shape[keep] = 0
            target_size = np.minimum(_scaled_to_mel(shape, missing), loudest)
            spectrum *= target_size / np.maximum(shape, np.float32(1e-12))
            if number < rounds - 1:
                spectrum[keep] = carried[keep]
                signal = istft(spectrum)
        carried[~keep] = 0
        return Filled(carried, spectrum, target_size, known)


def _scaled_to_mel(shape: Singles, missing: Singles) -> Singles:
    """Return magnitudes of nearly the same shape whose mel is `missing`."""
    for _ in range(_PASSES):
        short = missing / np.maximum(to_bands(shape, *bank()), np.float32(1e-9))
        shape = shape * from_bands(np.minimum(short, np.float32(_MOST)), *bank())
    return shape


def _noise(known: Known) -> Floats:
    """Return noise for zero coefficients, with the same random signs in every call."""
    level = at_coefficients(known.envelope, known.modes) / UNIT
    size = 0.8 * _SIGMA * np.exp2(level)
    steps = known.steps
    if steps is not None:
        size = np.minimum(size, steps / 2)
    signs = np.random.default_rng(0).integers(0, 2, known.coefficients.shape) * 2 - 1
    noise: Floats = np.where(known.coefficients == 0, size * signs, 0.0)
    return noise
