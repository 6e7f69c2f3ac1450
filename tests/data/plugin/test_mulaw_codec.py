"""The plug-in's own tests: what every codec promises, and a fact that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark import AudioClip, InputError, create
from codecmark.measure import contract
from codecmark.metrics.waveform import snr_db


def test_the_contract() -> None:
    contract.check(create("mulaw"))


def test_eight_bits_are_38_decibels_at_every_level() -> None:
    """Bennett's approximation: 6.02 dB * 8 bits + 4.77 dB - 20 log10(ln 256) dB."""
    time = np.arange(16_000) / 16_000
    for level in (1.0, 0.3, 0.1):
        samples = (level * np.sin(2 * np.pi * 440.3 * time)).astype(np.float32)[None]
        codec = create("mulaw")
        decoded = codec.decode(codec.encode(AudioClip(samples, 16_000)))
        assert snr_db(samples, decoded.samples, 16_000) == pytest.approx(38.05, abs=1.5)


def test_a_setting_is_refused() -> None:
    with pytest.raises(InputError, match="mulaw takes no setting"):
        create("mulaw@8k")
