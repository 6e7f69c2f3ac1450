"""The log-mel as base layer: no learned part, and identical integers on every machine."""

from __future__ import annotations

import numpy as np

from codecmark.layered import coefficient_coding, mel_coding
from codecmark.layered.base import Base
from codecmark.layered.mdct import Floats
from codecmark.layered.spectra import log2_mel

ROUNDING = 0.32  # added before truncation to a level: the dead zone reaches to 0.68
# a finer mel costs more bits than its better prediction of the coefficients saves: at 15 dB on
# speech this bound lowers the rate by 8 % and ViSQOL by 0.04
_FINEST_AT_SNR, _COARSEST_AT_SNR = 28, 44


class MelBase:
    """See `base.BaseCoding`.

    Parameters
    ----------
    share_of_rate : float
    """

    steps = mel_coding.STEPS
    range_at_rate = 8, 52  # finer than for SNR targets: raises ViSQOL at the cost of SNR

    # on recordings other than the bundled ones, at 8 kbit/s: from 0.5 up, each 0.05 adds 0.02 to
    # 0.05 ViSQOL and costs 0.6 dB SNR
    def __init__(self, share_of_rate: float = 0.55) -> None:
        self.share_of_rate = share_of_rate

    def step_for(self, snr_db: float) -> int:
        """Return the step index: coarser below 10 dB, where the waveform is coarse too."""
        return int(
            np.clip(round(_FINEST_AT_SNR - (snr_db - 10) * 0.8), _FINEST_AT_SNR, _COARSEST_AT_SNR)
        )

    def analyse(self, signal: Floats) -> Floats:
        """Return the log2-mel `[frames, 64]`."""
        return log2_mel(signal)

    def encode(self, values: Floats, step_index: int) -> bytes:
        """Quantise and code the log2-mel."""
        return mel_coding.encode(mel_coding.quantise(values, step_index, ROUNDING))

    def decode(self, data: bytes, step_index: int, superframes: int, peak: float) -> Base:
        """Return the base; any bytes decode."""
        frames = superframes * coefficient_coding.FRAMES
        levels = mel_coding.decode(data, mel_coding.blocks(frames))
        return Base(peak, mel_coding.dequantise(levels, step_index)[:frames])
