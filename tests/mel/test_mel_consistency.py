"""Signals made to have the mel that they were made from."""

from __future__ import annotations

import pytest
import torch

from codecmark import create
from codecmark.clip import AudioClip
from codecmark.errors import InputError
from codecmark.mel.formats import AUDIOLDM2, USER
from codecmark.mel.front_end import MelFormat, linear_spectrum, log_mel, waveform_of
from codecmark.mel.mel_consistency import consistent_waveform, made_consistent, rounds_of
from codecmark.metrics.perceptual import pesq_wb
from codecmark.networks.runtime import to_tensor
from codecmark.spec import Spec
from entries import tiny

RATE = 16_000


def speech_at(clip: AudioClip, frames: int, mel: MelFormat) -> torch.Tensor:
    return to_tensor(clip.resampled(RATE).samples[:, : mel.samples(frames)], "cpu")


def distance(waveform: torch.Tensor, wanted: torch.Tensor, mel: MelFormat) -> float:
    return float((log_mel(waveform, mel) - wanted).abs().mean())


@pytest.mark.parametrize("mel", [AUDIOLDM2, USER])
def test_rounds_bring_the_mel_nearer(speech: AudioClip, mel: MelFormat) -> None:
    """Speech coloured by a filter and a gain that changes: the mel says what is wrong."""
    true = speech_at(speech, 120, mel)
    wanted = log_mel(true, mel)
    ramp = torch.linspace(0.5, 2.0, true.shape[1])
    coloured = torch.nn.functional.conv1d(
        (true * ramp)[:, None], torch.tensor([[[0.5, 1.0, -0.4]]]), padding=1
    )[:, 0]
    distances = [
        distance(consistent_waveform(coloured, wanted, mel, rounds), wanted, mel)
        for rounds in (0, 1, 3, 6)
    ]
    assert distances == sorted(distances, reverse=True)
    assert distances[1] < 0.55 * distances[0]
    assert distances[3] < 0.03 * distances[0]


def test_a_signal_that_has_the_mel_stays(speech: AudioClip) -> None:
    true = speech_at(speech, 100, AUDIOLDM2)
    same = consistent_waveform(true, log_mel(true, AUDIOLDM2), AUDIOLDM2, 3)
    assert float((same - true).abs().max()) < 1e-4


def test_no_rounds_do_nothing_and_extremes_stay_finite() -> None:
    spectrum = torch.randn(1, 50, 513), torch.randn(1, 50, 513)
    wanted = torch.full((1, 50, 64), 6.0)
    assert made_consistent(spectrum, wanted, AUDIOLDM2, 0) is spectrum
    for level in (6.0, -11.5):
        wanted = torch.full((1, 50, 64), level)
        for start in (spectrum, tuple(torch.zeros(1, 50, 513) for _ in range(2))):
            found = made_consistent((start[0], start[1]), wanted, AUDIOLDM2, 4)
            assert all(bool(part.isfinite().all()) for part in found)


def test_what_is_held_stays(speech: AudioClip) -> None:
    """Only the rest is scaled: a held part that is the whole truth leaves nothing to add."""
    true = linear_spectrum(speech_at(speech, 60, AUDIOLDM2), AUDIOLDM2)
    held = true.real, true.imag
    hiss = 0.1 * torch.randn(2, *true.shape)
    wanted = log_mel(waveform_of(held, AUDIOLDM2), AUDIOLDM2)
    noisy = held[0] + hiss[0], held[1] + hiss[1]
    found = made_consistent(noisy, wanted, AUDIOLDM2, 4, held)
    left = [float((a - b).square().sum()) for a, b in zip(found, held, strict=True)]
    assert max(left) < 0.5 * float(hiss[0].square().sum())


def test_the_stage_is_read() -> None:
    assert rounds_of("consistent-6") == 6
    assert rounds_of("wiener") is rounds_of("consistent-") is rounds_of("consistent-600") is None


def test_it_follows_any_vocoder(speech: AudioClip) -> None:
    clip = speech.cropped(1.5)
    scores = []
    for ending in ("", "+consistent-6", "+consistent-6+softlimit"):
        codec = create(f"mel:16k-64/spsi{ending}")
        decoded = codec.decode(codec.encode(clip))
        assert decoded.n_samples == clip.n_samples
        scores.append(pesq_wb(clip.samples, decoded.samples, RATE))
    assert scores[1] > scores[0] + 0.05
    assert scores[2] != scores[1]
    codec = tiny("audioldm2:music/hifigan+consistent-2")
    assert codec.decode(codec.encode(clip)).n_samples == clip.n_samples


def test_a_vocoder_at_another_rate_refuses_it() -> None:
    with pytest.raises(InputError, match="at the mel's own rate; leave it out"):
        tiny(str(Spec.parse("ltx2:2.0/hifigan+consistent-2")))
