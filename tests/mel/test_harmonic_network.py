"""The harmonic vocoder's network: its clock, its prior, and long clips in blocks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from codecmark.clip import AudioClip
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.front_end import linear_spectrum, log_mel
from codecmark.mel.harmonic import network as harmonic
from codecmark.mel.harmonic.excitation import clock_of, pulses
from codecmark.mel.harmonic.network import HarmonicConfig, HarmonicNetwork
from codecmark.mel.harmonic.pitch_network import index_of, pitch_at
from codecmark.mel.log_levels import log_prior, scaled, unscaled
from small_trainings import (
    RATE,
    voice,
)
from tiny_networks import TINY_HARMONIC


def test_pulses_are_all_harmonics_in_phase() -> None:
    frames = 40
    clock, rate = clock_of(torch.full((1, frames), 200.0), AUDIOLDM2)
    assert clock.shape == (1, frames * 160)
    train_of_pulses = pulses(clock, rate)[0, 1_600:4_800].numpy()
    assert train_of_pulses.std() == pytest.approx(1.0, rel=0.02)
    spectrum = np.abs(np.fft.rfft(train_of_pulses)) * 2 / 3_200
    assert spectrum[40:1_560:40] == pytest.approx(spectrum[40], rel=0.02)  # every 200 Hz
    assert spectrum[20:1_580:40].max() < 0.02 * spectrum[40]  # nothing between
    silent, still = clock_of(torch.zeros(1, frames), AUDIOLDM2)
    assert not pulses(silent, still).any()


def test_pitches_and_their_places_are_inverse() -> None:
    hz = torch.tensor([50.0, 100.0, 440.0, 600.0])
    assert torch.allclose(pitch_at(index_of(hz, 192), 192), hz, rtol=1e-5)


def test_the_prior_is_near_the_truth(speech: AudioClip) -> None:
    waveform = torch.tensor(speech.samples)
    truth = linear_spectrum(waveform, AUDIOLDM2).abs().clamp(min=1e-3).log()
    prior = log_prior(log_mel(waveform, AUDIOLDM2), AUDIOLDM2).clamp(min=-6.9)
    flat = truth.mean().expand_as(truth)
    assert (prior - truth).abs().mean() < 0.4 * (flat - truth).abs().mean()
    assert torch.allclose(unscaled(scaled(truth)), truth, atol=1e-5)


def test_an_untrained_network_keeps_the_prior_and_turns_with_the_clock() -> None:
    network = HarmonicNetwork(AUDIOLDM2, HarmonicConfig(**TINY_HARMONIC))
    torch.nn.init.zeros_(network.leave.weight)
    mel = torch.randn(1, 40, 64) - 3
    clock, rate = clock_of(torch.full((1, 40), 150.0), AUDIOLDM2)
    hiss = torch.zeros(1, clock.shape[1])
    with torch.inference_mode():
        real, imaginary = network(mel, clock, rate, hiss).whole
        moved = network(mel, (clock + 0.5) % 1, rate, hiss).whole
    assert torch.allclose(torch.hypot(real, imaginary).log(), log_prior(mel, AUDIOLDM2), atol=0.01)
    fundamental = round(150 * 1024 / RATE)
    turned = torch.atan2(imaginary, real) - torch.atan2(moved[1], moved[0])
    assert torch.cos(turned[0, 10:30, fundamental]).max() < -0.9  # by half a period
    assert network.synthesize(mel).shape == (1, 40 * 160)


@pytest.mark.parametrize("anchored", [False, True])
def test_blocks_give_what_the_whole_gives(anchored: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    config = HarmonicConfig(**{**TINY_HARMONIC, "layers": 6, "pitch_layers": 4}, anchored=anchored)
    network = HarmonicNetwork(AUDIOLDM2, config)
    signal = torch.tensor(voice(150, 3.0))[None]
    spectrum = 0.5 * linear_spectrum(signal, AUDIOLDM2)
    anchors = (spectrum.real, spectrum.imag) if anchored else None
    with torch.inference_mode():
        mel = log_mel(signal, AUDIOLDM2)
        whole = network.spectrum(mel, anchors)
        monkeypatch.setattr(harmonic, "_BLOCK", 70)
        blocks = network.spectrum(mel, anchors)
    for found, expected in zip(blocks.whole, whole.whole, strict=True):
        assert torch.allclose(found, expected, atol=1e-4)
