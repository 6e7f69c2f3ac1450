"""Simulated decoder input for the noise-filling network: a coarse log-mel and coded coefficients.

The codec's encoder searches for steps that meet a target; training draws steps at random, so that
the network sees all of them, and skips the entropy coding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codecmark.layered import coefficient_coding, mdct, mel_coding, quantiser
from codecmark.layered.mel_base import ROUNDING
from codecmark.layered.spectra import Singles, log2_mel

_TRIES = 7


@dataclass(frozen=True)
class Received:
    """A signal as a decoder receives it.

    Attributes
    ----------
    log_mel : Singles, shape=(frames, 64)
        Decoded log-mel, in natural logarithms.
    coded : Singles, shape=(samples,)
        Signal of the waveform layer alone.
    """

    log_mel: Singles
    coded: Singles


def received(signal: Singles, snr_db: float, mel_step: int) -> Received:
    """Quantise `[samples]`, whole superframes, approximately as an encoder does.

    Parameters
    ----------
    snr_db : float
        Approximate SNR of the coded waveform; below zero nothing is coded.
    mel_step : int
        Step index of the mel, 0 to 63.
    """
    whole = signal.astype(np.float64)
    superframes = mdct.superframes(len(whole))
    levels = mel_coding.quantise(log2_mel(whole), mel_step, ROUNDING)
    mel = mel_coding.dequantise(levels, mel_step)[: superframes * coefficient_coding.FRAMES]
    log_mel = mel_coding.natural_log(mel)
    if snr_db < 0 or not whole.any():
        return Received(log_mel, np.zeros_like(signal))
    modes = np.ones(superframes, np.int64)
    step_index = _step_index(mdct.analyse(whole, modes), snr_db)
    step = quantiser.step_size(step_index)
    modes = quantiser.choose_modes(whole, superframes, step)
    coefficients = mdct.analyse(whole, modes)
    expected = quantiser.mel_over_step(coefficient_coding.envelope(mel), step_index)
    ratio = coefficient_coding.ratios(expected, modes)
    chosen = quantiser.quantise(coefficients, modes, ratio, step)
    inward = quantiser.centroids(coefficients, chosen, step)
    values = quantiser.dequantise(chosen, step, inward)
    return Received(log_mel, mdct.synthesise(values, modes)[: len(signal)].astype(np.float32))


def _step_index(coefficients: mdct.Floats, snr_db: float) -> int:
    """Return the index of the largest step whose plain rounding reaches the SNR."""
    allowed = float(np.sum(coefficients**2)) / 10 ** (snr_db / 10)
    low, high = 0, quantiser.STEPS - 1
    for _ in range(_TRIES):
        middle = (low + high) // 2
        step = quantiser.step_size(middle)
        scaled = np.abs(coefficients) / step
        error = np.where(scaled < 0.65, coefficients, (scaled - np.rint(scaled)) * step)
        if float(np.sum(error**2)) <= allowed:
            high = middle
        else:
            low = middle + 1
    return high
