"""The quantised latent of an autoencoder as base layer.

The decoded mel replaces the coarse mel: it conditions the waveform layer's models, and sets the
level of the noise filling.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from codecmark.clip import Samples
from codecmark.layered import coefficient_coding, latent_coding
from codecmark.layered.base import Base
from codecmark.layered.mdct import Floats
from codecmark.layered.spectra import log2_mel
from codecmark.mel.autoencoders.base import Autoencoder
from codecmark.mel.formats import AUDIOLDM2
from codecmark.networks import runtime

_FINEST_STEP, _STEPS_PER_OCTAVE = 0.25, 4
_LOG2 = math.log(2)


class LatentBase:
    """See `base.BaseCoding`."""

    steps = 24
    range_at_rate = 0, 23
    share_of_rate = 0.7

    def __init__(self, autoencoder: Autoencoder) -> None:
        self._autoencoder = autoencoder

    def step_for(self, snr_db: float) -> int:  # noqa: ARG002 - one step for every SNR
        """Return the index of step 0.5; at 1.0 the quantisation noise becomes audible."""
        return 4

    def analyse(self, signal: Floats) -> Samples:
        """Return the latent `[channels, frames / 4, bands / 4]`."""
        log_mel = (log2_mel(signal) * _LOG2).astype(np.float32)
        with _steady():
            on_device = runtime.to_tensor(log_mel[None], self._autoencoder.device)
            latent = self._autoencoder.encode(on_device)
            values: Samples = runtime.to_array(latent)[0]
        return values

    def encode(self, values: Samples, step_index: int) -> bytes:
        """Quantise and code the latent; values beyond the largest level are clipped."""
        levels = np.rint(values / _step(step_index)).astype(np.int64)
        return latent_coding.encode(np.clip(levels, -latent_coding.LARGEST, latent_coding.LARGEST))

    def decode(self, data: bytes, step_index: int, superframes: int, peak: float) -> Base:
        """Return the base; any bytes decode, unless the network returns NaN or Inf."""
        frames = superframes * coefficient_coding.FRAMES
        shape = self._autoencoder.latent_shape(frames, AUDIOLDM2.bands)
        values = (latent_coding.decode(data, shape) * _step(step_index)).astype(np.float32)
        with _steady():
            on_device = runtime.to_tensor(values[None], self._autoencoder.device)
            decoded = self._autoencoder.decode(on_device)
            log_mel = runtime.to_array(decoded)[0]
        return Base.of_network(peak, log_mel / np.float32(_LOG2))


def _step(step_index: int) -> float:
    return float(_FINEST_STEP * 2.0 ** (step_index / _STEPS_PER_OCTAVE))


@contextmanager
def _steady() -> Iterator[None]:
    """Run networks on one thread, deterministically and in full precision, to limit drift."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with (
            torch.inference_mode(),
            torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False),
        ):
            yield
    finally:
        torch.set_num_threads(before)
