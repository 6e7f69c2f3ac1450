"""Correction of a vocoder's signal towards the mel that it was given: `+consistent-6` in specs.

A network's spectrum is seldom that of any signal: where its phases do not match, neighbouring
frames cancel, and the mel of the output differs from the input mel. A few rounds of correction
reduce that: each scales the signal's own spectrum, band by band, by the difference between its mel
and the given one, and resynthesises the signal. Unlike in phase retrieval, phases are those of the
signal: Griffin-Lim keeps magnitudes and changes phases, this changes magnitudes.
"""

from __future__ import annotations

import math
import re

import torch

from codecmark.mel.front_end import MelFormat, filters, linear_spectrum, log_of, waveform_of
from codecmark.mel.stft import Pair

_STAGE = re.compile(r"consistent-(\d{1,2})")
_MOST = 4.0  # largest correction of a band in one round, as a factor
_POWER = 1.5  # over-correction: three such rounds achieve what five plain ones do


def made_consistent(
    spectrum: Pair, log_mel: torch.Tensor, mel: MelFormat, rounds: int, held: Pair | None = None
) -> Pair:
    """Return a spectrum whose signal has nearly the given log-mel.

    Parameters
    ----------
    spectrum : Pair, parts of shape=(batch, frames, bins)
    log_mel : torch.Tensor, shape=(batch, frames, bands)
    rounds : int
        0 returns the spectrum unchanged.
    held : Pair, optional
        A part of the spectrum to leave unchanged; only the rest is scaled.
    """
    bank = filters(mel, log_mel.device)
    weights = bank / bank.sum(dim=0).clamp(min=1e-9)
    outside = (bank.sum(dim=0) == 0).to(bank)  # bins outside all bands are not scaled
    for _ in range(rounds):
        own = linear_spectrum(waveform_of(spectrum, mel), mel)
        correction = (log_mel - log_of(own.abs(), mel)) * (_POWER * math.log(mel.log_base))
        limit = math.log(_MOST)
        gain = correction.clamp(-limit, limit).exp() @ weights + outside
        if held is None:
            spectrum = own.real * gain, own.imag * gain
        else:
            spectrum = (
                held[0] + (own.real - held[0]) * gain,
                held[1] + (own.imag - held[1]) * gain,
            )
    return spectrum


def rounds_of(stage: str) -> int | None:
    """Return the rounds that a stage of a spec names; None if it is another stage."""
    match = _STAGE.fullmatch(stage)
    return None if match is None else int(match.group(1))


def consistent_waveform(
    waveform: torch.Tensor, log_mel: torch.Tensor, mel: MelFormat, rounds: int
) -> torch.Tensor:
    """Return a vocoder's waveform `[channels, samples]` after the rounds of correction."""
    own = linear_spectrum(waveform, mel)
    return waveform_of(made_consistent((own.real, own.imag), log_mel, mel, rounds), mel)
