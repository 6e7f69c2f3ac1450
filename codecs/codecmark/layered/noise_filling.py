"""Noise filling: what was not coded, at the decoded mel's level; no bits are spent on it.

The filling is one of two: noise shaped by phase retrieval (`fill_griffinlim`), or a network that
was trained for it (`fill_network`). Louder filling costs more SNR and adds less to what is heard,
so it is turned down as it comes near the level that would have been coded. How far is the encoder's
choice, sent with the layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from codecmark.layered.context_mixing import Ints
from codecmark.layered.mdct import Floats, Modes, synthesise
from codecmark.layered.spectra import Singles, Spectrum, istft

GAINS = 8  # settings of the fill's gain
LOUDEST = 0.5  # of a step: what is louder would have been coded

_STFT_SIGMA = 19.6  # of an STFT bin, for a coefficient of 1: root of the window's energy
_KNEE = 0.3  # of a step: where the gain has come all the way down


@dataclass(frozen=True)
class Known:
    """What a decoder knows of a signal before it fills.

    Attributes
    ----------
    coefficients : Floats, shape=(superframes, 640)
        Of the waveform layer, dequantised; zeros without one.
    mel, envelope : Ints, shape=(frames, 64) and (frames, 640)
        Decoded mel in 1/1024 of a factor of two, and the same at the bins of the MDCT.
    step : float or None
        The waveform layer's; None without one.
    """

    coefficients: Floats
    modes: Modes
    mel: Ints
    envelope: Ints
    step: float | None

    def coded(self) -> Singles:
        """Return the waveform layer's signal `[superframes * 640]`."""
        return synthesise(self.coefficients, self.modes).astype(np.float32)

    @property
    def loudest(self) -> np.float32:
        """An STFT bin's magnitude that corresponds to one step; infinite without a layer."""
        return np.float32(np.inf if self.step is None else self.step * _STFT_SIGMA)


class Filled:
    """A signal and its fill, before the fill's gain is chosen.

    Parameters
    ----------
    carried, fill : Spectrum, shape=(frames, 513)
        What the waveform layer says, and what is put beside it.
    size : Singles, shape=(frames, 513)
        Magnitudes of the fill.
    """

    def __init__(self, carried: Spectrum, fill: Spectrum, size: Singles, known: Known) -> None:
        self._carried, self._fill, self._size = carried, fill, size
        self._knee = known.loudest * np.float32(_KNEE)

    def signal(self, gain: float) -> Singles:
        """Return the decoded signal `[superframes * 640]`.

        Parameters
        ----------
        gain : float, 0 to 7
            Fill that is about to reach the coded level is turned down to gain / 7, softer fill
            less, and what is far below not at all.
        """
        down = np.float32(1 - gain / (GAINS - 1)) * np.minimum(1, self._size / self._knee)
        return istft(self._carried + self._fill * (1 - down))


Filler = Callable[[Known], Filled]
