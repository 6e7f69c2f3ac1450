"""Phase retrieval and first phases."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from codecmark import AudioClip, corpus
from codecmark.mel import formats, griffinlim_cpu, phase
from codecmark.mel.front_end import linear_spectrum, log_mel, magnitude_from_mel
from codecmark.mel.phase import retrieve
from codecmark.mel.stft import stft
from codecmark.mel.vocoders.base import PhaseRetrieval
from codecmark.metrics.waveform import snr_db
from entries import noise

MEL = formats.AUDIOLDM2
FRAMING = MEL.framing


def test_griffin_lim_converges_and_momentum_helps(speech: AudioClip) -> None:
    target = stft(torch.tensor(speech.samples[:, :32_000]), FRAMING).abs()

    def convergence_db(iterations: int, momentum: float) -> float:
        found = stft(retrieve(target, FRAMING, iterations, momentum=momentum), FRAMING).abs()
        return 20 * float(torch.log10((found - target).norm() / target.norm()))

    plain, fast = convergence_db(32, 0.0), convergence_db(32, 0.99)
    assert convergence_db(0, 0.0) > -8
    assert plain < -17
    assert fast < plain - 3


def test_griffin_lim_is_deterministic_by_seed() -> None:
    magnitude = stft(torch.tensor(noise(4_000).samples), FRAMING).abs()
    first = retrieve(magnitude, FRAMING, 3)
    assert torch.equal(first, retrieve(magnitude, FRAMING, 3))
    assert not torch.equal(first, retrieve(magnitude, FRAMING, 3, seed=1))


@pytest.mark.parametrize("momentum", [0.0, 0.99])
def test_the_fused_loops_agree_with_plain_torch(momentum: float) -> None:
    magnitude = stft(torch.tensor(noise(4_000, channels=2).samples), FRAMING).abs()
    magnitude[:, 3] = 0
    start = torch.polar(magnitude, torch.ones_like(magnitude))
    factor = momentum / (1 + momentum)
    with torch.inference_mode():
        fused = griffinlim_cpu.iterate(magnitude, FRAMING, start, 4, factor)
        plain = phase._griffinlim(magnitude, FRAMING, start, 4, factor)
    torch.testing.assert_close(fused, plain, atol=2e-3, rtol=2e-3)
    torch.testing.assert_close(fused.abs(), magnitude, atol=1e-4, rtol=1e-4)


def spectral_convergence_db(found: torch.Tensor, target: torch.Tensor) -> float:
    rebuilt = stft(found, FRAMING).abs()
    return 20 * float(torch.log10((rebuilt - target).norm() / target.norm()))


def test_first_phases_from_exact_magnitudes(speech: AudioClip) -> None:
    target = linear_spectrum(torch.tensor(speech.samples), MEL).abs()
    reached = {
        start: spectral_convergence_db(retrieve(target, FRAMING, 0, start=start), target)
        for start in ("random", "zero", "spsi", "pghi")
    }
    assert reached["pghi"] < -20 < reached["spsi"] < -9 < reached["random"]


def test_pghi_is_worth_hundreds_of_iterations() -> None:
    """On the bundled speech together; on single clips either may be ahead by 2 dB."""
    gains = []
    for clip in corpus.load():
        if clip.clip_class != "speech":
            continue
        samples = clip.read(2.0).resampled(16_000).samples[:1]
        target = linear_spectrum(torch.tensor(samples), MEL).abs()
        started = spectral_convergence_db(retrieve(target, FRAMING, 64, start="pghi"), target)
        random = spectral_convergence_db(retrieve(target, FRAMING, 256), target)
        gains.append(random - started)
    assert np.mean(gains) > 0
    assert np.median(gains) > 0


def test_admm_converges(speech: AudioClip) -> None:
    target = linear_spectrum(torch.tensor(speech.samples[:, :32_000]), MEL).abs()
    admm = spectral_convergence_db(retrieve(target, FRAMING, 32, method="admm"), target)
    assert admm < -20


def test_the_true_phase_shows_what_is_lost(speech: AudioClip) -> None:
    """64 mel bands with the true phase keep 12 dB; without it, nothing is left of the waveform."""
    spectrum = linear_spectrum(torch.tensor(speech.samples), MEL)
    magnitude = magnitude_from_mel(log_mel(torch.tensor(speech.samples), MEL), MEL)
    vocoder = PhaseRetrieval.from_stage("griffinlim-64", MEL)
    true = vocoder.retrieve(magnitude, spectrum.angle()).numpy()[:, : speech.n_samples]
    assert snr_db(speech.samples, true, 16_000) > 9
