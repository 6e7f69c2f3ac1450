"""A signal made to have the mel that it was made from: `+consistent-6` behind any vocoder.

A network's spectrum is seldom that of any signal: where its phases do not fit, neighbouring frames
cancel, and the mel of what comes out is not the one that went in. A few rounds mend that: each
takes the signal's own spectrum, scales it, band by band, by how far its mel is from the wanted
one, and makes a signal of it. Phases stay as the signal has them, so this is no phase retrieval:
Griffin and Lim's iterations keep magnitudes and move phases, these move magnitudes.
"""

from __future__ import annotations

import math
import re

import torch

from codecmark.mel.front_end import MelFormat, filters, linear_spectrum, log_of, waveform_of
from codecmark.mel.stft import Pair

_STAGE = re.compile(r"consistent-(\d{1,2})")
_MOST = 4.0  # of a band's correction in one round
_POWER = 1.5  # half as far again: three such rounds do what five plain ones do


def made_consistent(
    spectrum: Pair, log_mel: torch.Tensor, mel: MelFormat, rounds: int, held: Pair | None = None
) -> Pair:
    """Return a spectrum whose signal has the log-mel, nearly.

    Parameters
    ----------
    spectrum : Pair, parts of shape=(batch, frames, bins)
    log_mel : torch.Tensor, shape=(batch, frames, bands)
    rounds : int
        0 returns the spectrum as it is.
    held : Pair, optional
        A part of the spectrum that stays; the rest is scaled.
    """
    bank = filters(mel, log_mel.device)
    weights = bank / bank.sum(dim=0).clamp(min=1e-9)
    outside = (bank.sum(dim=0) == 0).to(bank)  # bins of no band stay as they are
    for _ in range(rounds):
        own = linear_spectrum(waveform_of(spectrum, mel), mel)
        short = (log_mel - log_of(own.abs(), mel)) * (_POWER * math.log(mel.log_base))
        limit = math.log(_MOST)
        gain = short.clamp(-limit, limit).exp() @ weights + outside
        if held is None:
            spectrum = own.real * gain, own.imag * gain
        else:
            spectrum = (
                held[0] + (own.real - held[0]) * gain,
                held[1] + (own.imag - held[1]) * gain,
            )
    return spectrum


def rounds_of(stage: str) -> int | None:
    """Return the rounds that a stage of a spec names, None if it is another stage."""
    match = _STAGE.fullmatch(stage)
    return None if match is None else int(match.group(1))


def consistent_waveform(
    waveform: torch.Tensor, log_mel: torch.Tensor, mel: MelFormat, rounds: int
) -> torch.Tensor:
    """Return a vocoder's `[channels, samples]` after some rounds."""
    own = linear_spectrum(waveform, mel)
    return waveform_of(made_consistent((own.real, own.imag), log_mel, mel, rounds), mel)
