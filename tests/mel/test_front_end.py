"""Mel front ends and the STFT under them, against librosa and known answers."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import torch

from codecmark import AudioClip, InputError, create
from codecmark.mel import formats
from codecmark.mel.front_end import filters, log_mel, magnitude_from_mel
from codecmark.mel.stft import inverse_stft, stft
from entries import noise

MEL = formats.AUDIOLDM2
FRAMING = MEL.framing


def test_log_mel_agrees_with_librosa(speech: AudioClip) -> None:
    ours = log_mel(torch.tensor(speech.samples), MEL)[0]
    padded = np.pad(speech.samples[0], MEL.reflected, mode="reflect")
    reference = librosa.feature.melspectrogram(
        y=padded, sr=16_000, n_fft=1024, hop_length=160, n_mels=64, power=1.0, center=False
    )
    theirs = np.log(np.maximum(reference, MEL.floor)).T
    assert ours.shape == (500, 64)
    difference = np.abs(ours.numpy() - theirs)
    assert difference[theirs > -9].max() < 1e-4
    assert difference.max() < 5e-3  # near the floor the two float32 transforms round differently


def test_stft_and_its_inverse_are_exact() -> None:
    signal = torch.tensor(noise(1_024 + 160 * 40).samples)
    rebuilt = inverse_stft(stft(signal, FRAMING), FRAMING)
    inner = slice(512, -512)
    torch.testing.assert_close(rebuilt[:, inner], signal[:, inner], atol=1e-5, rtol=0)


def test_mel_inversion_reproduces_the_mel(speech: AudioClip) -> None:
    given = log_mel(torch.tensor(speech.samples), MEL)
    magnitude = magnitude_from_mel(given, MEL)
    assert (magnitude >= 0).all()
    bank = torch.from_numpy(librosa.filters.mel(sr=16_000, n_fft=1024, n_mels=64))
    again = (magnitude @ bank.T).clamp(min=MEL.floor).log()
    loud = given > given.max() - 5
    assert (again - given)[loud].abs().mean() < 0.02


@pytest.mark.parametrize("name", ["16k-64-centred", "16k-80-256", "16k-128-256-2048", "48k-256"])
def test_every_format_agrees_with_librosa(name: str, speech: AudioClip) -> None:
    mel = formats.mel_format(name)
    audio = speech.resampled(mel.sample_rate_hz)
    frames = mel.frames(audio.n_samples, multiple=4)
    samples = np.pad(audio.samples, ((0, 0), (0, mel.samples(frames) - audio.n_samples)))
    ours = log_mel(torch.tensor(samples), mel)[0]
    assert ours.shape == (frames, mel.bands)
    padded = np.pad(samples[0], mel.reflected, mode="reflect")
    reference = librosa.feature.melspectrogram(
        y=padded, sr=mel.sample_rate_hz, n_fft=mel.n_fft, hop_length=mel.hop, n_mels=mel.bands,
        fmin=mel.lowest_hz, fmax=mel.highest_hz, power=1.0, center=False,
    )  # fmt: skip
    theirs = np.log(np.maximum(reference, mel.floor)).T
    assert np.abs(ours.numpy() - theirs)[theirs > -8].max() < 1e-3


def test_unknown_formats_are_refused_with_the_choice() -> None:
    with pytest.raises(InputError, match="16k-BANDS-HOP"):
        create("mel:16k-99-160/griffinlim-64")


def test_the_users_own_frame_count_is_316() -> None:
    """5 s at a hop of 256, centred, padded to the VAE's stride."""
    assert formats.USER.frames(80_000) == 314
    assert formats.USER.frames(80_000, multiple=4) == 316


def test_the_filter_bank_is_slaneys() -> None:
    bank = filters(MEL, torch.device("cpu"))
    assert bank.shape == (64, 513)
    assert torch.equal(
        bank, torch.from_numpy(librosa.filters.mel(sr=16_000, n_fft=1024, n_mels=64))
    )
