"""Losses, and the discriminator."""

from __future__ import annotations

import pytest
import torch

from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.front_end import linear_spectrum
from codecmark.mel.harmonic.excitation import clock_of
from codecmark.training import losses
from codecmark.training.adversary import Adversary
from codecmark.training.dataset import Dataset
from small_trainings import vocoder_task, voice


def test_what_a_network_goes_without_is_not_there(dataset: Dataset) -> None:
    mel = torch.linspace(-6, 0, 64).expand(1, 40, 64)
    clock, rate = clock_of(torch.full((1, 40), 150.0), AUDIOLDM2)
    hiss = torch.zeros(1, clock.shape[1])
    task = vocoder_task(dataset, without=("prior", "clock", "phase"))
    network = task.vocoder
    torch.nn.init.zeros_(network.leave.weight)
    torch.nn.init.constant_(network.leave.bias, 0.1)
    with torch.inference_mode():
        found = network(mel, clock, rate, hiss).whole
        moved = network(mel, (clock + 0.5) % 1, rate, hiss).whole
    level = torch.hypot(*found).log()
    assert float(level.max() - level.min()) < 1e-3
    assert all(torch.equal(a, b) for a, b in zip(found, moved, strict=True))
    assert not {"complex", "delay", "frequency"} & task.losses(0).keys()
    assert {"complex", "delay", "frequency"} <= vocoder_task(dataset).losses(0).keys()


def test_losses_are_zero_for_the_truth_and_blind_to_nothing() -> None:
    signal = torch.tensor(voice(150, 0.5))[None]
    same = losses.spectral(signal, signal)
    assert float(same.log) == float(same.bands) == float(same.convergence) == 0.0
    coded, nothing = 0.9 * signal, 0 * signal
    assert float(losses.raised_error(0.8 * signal, coded, signal)) == pytest.approx(0.9, rel=1e-3)
    assert float(losses.raised_error(coded, coded, signal)) == 0.0
    assert float(losses.raised_error(-signal, nothing, signal)) == 0.0
    louder = losses.spectral(2 * signal, signal)
    assert float(louder.bands) > float(louder.log) > 0.0  # bins at the floor dilute the latter
    spectrum = linear_spectrum(signal, AUDIOLDM2)
    truth = spectrum.real.contiguous(), spectrum.imag.contiguous()
    everywhere = torch.ones_like(truth[0])
    assert float(losses.complex_distance(truth, truth, everywhere)) == 0.0
    negated = -truth[0], -truth[1]
    assert float(losses.complex_distance(negated, truth, everywhere)) == pytest.approx(2.0)
    delay, frequency = losses.phase_differences(negated, truth, everywhere)
    assert max(float(delay), float(frequency)) < 0.01  # a constant phase is neither
    later = linear_spectrum(torch.roll(signal, 40, 1), AUDIOLDM2)
    delay, frequency = losses.phase_differences((later.real, later.imag), truth, everywhere)
    assert float(delay) > 2 * float(frequency) > 0


def test_the_adversary_learns_to_tell_noise_from_a_voice() -> None:
    torch.manual_seed(0)
    adversary = Adversary(4)
    optimizer = torch.optim.Adam(adversary.parameters(), 5e-3)
    real, made = torch.tensor(voice(150, 0.3))[None], 0.1 * torch.randn(1, 4_800)
    first = float(adversary.own_loss(made, real).detach())
    for _ in range(15):
        optimizer.zero_grad()
        torch.autograd.backward(adversary.own_loss(made, real))
        optimizer.step()
    assert float(adversary.own_loss(made, real).detach()) < 0.6 * first
    assert float(adversary.generator_losses(real, real)["features"]) == 0.0
