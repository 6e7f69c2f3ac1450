"""The log-mel itself as base layer: no learned part, and the same integers on every machine."""

from __future__ import annotations

import numpy as np

from codecmark.layered import coefficient_coding, mel_coding
from codecmark.layered.base import Base
from codecmark.layered.mdct import Floats
from codecmark.layered.spectra import log2_mel

ROUNDING = 0.32  # of the mel's levels: the dead zone reaches to 0.68
# a finer mel costs more than its better guess of the coefficients saves: for 15 dB on speech this
# bound takes 8 % off the rate, and 0.04 off ViSQOL
_FINEST_AT_SNR, _COARSEST_AT_SNR = 28, 44


class MelBase:
    """See `base.BaseCoding`."""

    steps = mel_coding.STEPS
    range_at_rate = 8, 52  # a finer mel: the SNR that it costs is there, ViSQOL is not
    share_of_rate = 0.55  # on recordings beside the bundled ones, 8 kbit/s: from 0.5 on, each 0.05
    # more brings 0.02 to 0.05 of ViSQOL and costs 0.6 dB

    def step_for(self, snr_db: float) -> int:
        """Return a coarser step where the waveform is coarse, below 10 dB."""
        return int(
            np.clip(round(_FINEST_AT_SNR - (snr_db - 10) * 0.8), _FINEST_AT_SNR, _COARSEST_AT_SNR)
        )

    def analyse(self, signal: Floats) -> Floats:
        """Return the log2-mel `[frames, 64]`."""
        return log2_mel(signal)

    def encode(self, values: Floats, step_index: int) -> bytes:
        """Return it quantised and coded."""
        return mel_coding.encode(mel_coding.quantise(values, step_index, ROUNDING))

    def decode(self, data: bytes, step_index: int, superframes: int, peak: float) -> Base:
        """Return the base; any bytes decode to one."""
        frames = superframes * coefficient_coding.FRAMES
        levels = mel_coding.decode(data, mel_coding.blocks(frames))
        return Base(peak, mel_coding.dequantise(levels, step_index)[:frames])
