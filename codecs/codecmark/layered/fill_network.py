"""The fill by a trained network, anchored in what the waveform layer coded.

References
----------
`anchors` has what the network is told, `training.anchored` how it learned.
"""

from __future__ import annotations

import numpy as np
import torch

from codecmark.layered.mel_coding import natural_log
from codecmark.layered.noise_filling import Filled, Known
from codecmark.layered.spectra import Spectrum
from codecmark.mel.front_end import linear_spectrum
from codecmark.mel.harmonic.vocoder import HarmonicVocoder
from codecmark.mel.stft import Pair
from codecmark.networks import runtime

ROUNDS = 2  # of consistency with a mel that is coarse itself: more follow its errors


class AnchoredFill:
    """See `fill.Filler`."""

    def __init__(self, vocoder: HarmonicVocoder) -> None:
        self._network, self._mel, self._device = vocoder.network, vocoder.mel, vocoder.device

    @torch.inference_mode()
    def __call__(self, known: Known) -> Filled:
        """Return the coded signal, hardly corrected, and what the network put beside it."""
        anchors = linear_spectrum(runtime.to_tensor(known.coded()[None], self._device), self._mel)
        heard = runtime.to_tensor(natural_log(known.mel)[None], self._device)
        made = self._network.spectrum(heard, (anchors.real, anchors.imag))
        made = self._network.consistent(made, heard, ROUNDS)
        fill, carried = _complex(made.own), _complex(made.coded or made.own)
        return Filled(carried, fill, np.abs(fill), known)


def _complex(parts: Pair) -> Spectrum:
    real, imaginary = (runtime.to_array(part)[0] for part in parts)
    spectrum: Spectrum = real + np.complex64(1j) * imaginary
    return spectrum
