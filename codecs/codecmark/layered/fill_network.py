"""Noise filling by a trained network, conditioned on the bins that the waveform layer coded.

Specs and stored weights call it `anchored`. `mel.harmonic.coded_bins` defines the network's
additional inputs, `training.anchored` its training.
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

ROUNDS = 2  # of mel consistency; the mel is coarse, and more rounds would follow its errors


class NetworkFill:
    """See `noise_filling.Filler`."""

    def __init__(self, vocoder: HarmonicVocoder) -> None:
        self._network, self._mel, self._device = vocoder.network, vocoder.mel, vocoder.device

    @torch.inference_mode()
    def __call__(self, known: Known) -> Filled:
        """Return the slightly corrected coded signal, and the network's noise filling."""
        coded = linear_spectrum(runtime.to_tensor(known.coded()[None], self._device), self._mel)
        log_mel = runtime.to_tensor(natural_log(known.mel)[None], self._device)
        parts = self._network.spectrum(log_mel, (coded.real, coded.imag))
        parts = self._network.consistent(parts, log_mel, ROUNDS)
        fill, carried = _complex(parts.own), _complex(parts.coded or parts.own)
        return Filled(carried, fill, np.abs(fill), known)


def _complex(parts: Pair) -> Spectrum:
    real, imaginary = (runtime.to_array(part)[0] for part in parts)
    spectrum: Spectrum = real + np.complex64(1j) * imaginary
    return spectrum
