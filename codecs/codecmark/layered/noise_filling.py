"""Noise filling: synthesis of what was not coded, at the level of the decoded mel, without bits.

The filling is either noise shaped by phase retrieval (`fill_griffinlim`), or the output of a
network trained for it (`fill_network`). Louder filling costs more SNR for less audible benefit, so
it is attenuated near the level above which signals are coded. The encoder chooses the attenuation
and sends it with the layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from codecmark.layered import shaping
from codecmark.layered.context_mixing import Ints
from codecmark.layered.mdct import SUPERFRAME, Floats, Modes, synthesise
from codecmark.layered.mel_coding import UNIT
from codecmark.layered.spectra import Singles, Spectrum, istft

GAINS = 8  # number of gain settings
LOUDEST = 0.5  # of a step: larger coefficients would have been coded

_STFT_SIGMA = 19.6  # magnitude of an STFT bin per coefficient: root of the window's energy
_NEAREST = np.clip(np.arange(513) * 5 // 4, 0, SUPERFRAME - 1)  # MDCT bin of each STFT bin
_KNEE = 0.3  # of a step: level from which the gain applies in full


@dataclass(frozen=True)
class Known:
    """What a decoder knows of a signal before noise filling.

    Attributes
    ----------
    coefficients : Floats, shape=(superframes, 640)
        Dequantised MDCT coefficients of the waveform layers; zeros if there are none.
    modes : Modes, shape=(superframes,)
        Block length of each superframe, see `mdct`.
    mel, envelope : Ints, shape=(frames, 64) and (frames, 640)
        Decoded log2-mel in 1/1024 octave, and the same interpolated to the MDCT bins.
    step : float or None
        Quantiser step of the waveform layer; None if there is none.
    offsets : Ints or None, shape=(frames, 640)
        What noise shaping adds to the step at the MDCT bins, see `shaping`.
    """

    coefficients: Floats
    modes: Modes
    mel: Ints
    envelope: Ints
    step: float | None
    offsets: Ints | None = None

    def coded(self) -> Singles:
        """Return the signal of the waveform layers, `[superframes * 640]`."""
        return synthesise(self.coefficients, self.modes).astype(np.float32)

    @property
    def steps(self) -> Floats | float | None:
        """Quantiser step at each coefficient; None without a waveform layer."""
        if self.step is None:
            return None
        return self.step * shaping.weights(self.offsets, self.modes)

    @property
    def loudest(self) -> Singles | np.float32:
        """STFT magnitude that corresponds to one step; infinite without a waveform layer."""
        if self.step is None:
            return np.float32(np.inf)
        flat = np.float32(self.step * _STFT_SIGMA)
        if self.offsets is None:
            return flat
        at_bins = self.offsets[:, _NEAREST].astype(np.float32) / np.float32(UNIT)
        loudest: Singles = flat * np.exp2(at_bins)
        return loudest


class Filled:
    """A coded signal and its noise filling, before the gain is chosen.

    Parameters
    ----------
    carried, fill : Spectrum, shape=(frames, 513)
        STFT of the coded signal, and of the noise filling.
    size : Singles, shape=(frames, 513)
        Magnitudes of the noise filling.
    """

    def __init__(self, carried: Spectrum, fill: Spectrum, size: Singles, known: Known) -> None:
        self._carried, self._fill, self._size = carried, fill, size
        self._knee = known.loudest * np.float32(_KNEE)

    def signal(self, gain: float) -> Singles:
        """Return the decoded signal `[superframes * 640]`.

        Parameters
        ----------
        gain : float, 0 to 7
            Filling near the level of coded coefficients is scaled by gain / 7, softer filling
            less, and filling far below it not at all.
        """
        down = np.float32(1 - gain / (GAINS - 1)) * np.minimum(1, self._size / self._knee)
        return istft(self._carried + self._fill * (1 - down))


Filler = Callable[[Known], Filled]
