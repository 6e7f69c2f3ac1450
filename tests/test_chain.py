"""The AudioLDM2 chain against librosa and against checkpoints in the published layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from transformers import (
    DacConfig,
    DacModel,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
)

from codecmark import AudioClip, BitstreamError, InputError, bitstream, create, weights
from codecmark.audioldm2 import autoencoder, vocoder
from codecmark.audioldm2.chain import AudioLDM2Codec
from codecmark.audioldm2.mel import (
    AUDIOLDM2_16K,
    FLOOR,
    MelFormat,
    inverse_stft,
    log_mel,
    magnitude_from_mel,
    stft,
)
from codecmark.audioldm2.phase import griffin_lim
from codecmark.errors import DamagedWeightsError
from codecmark.metrics.waveform import correlation, snr_db
from codecmark.weight_sets import SETS, WeightFile, WeightSet
from codecmark.wrappers.encodec import random_model
from entries import TINY_ENCODEC, TINY_HIFIGAN, TINY_VAE, noise, tiny, tiny_dac, tone

MEL = AUDIOLDM2_16K


def test_log_mel_agrees_with_librosa(speech: AudioClip) -> None:
    ours = log_mel(torch.tensor(speech.samples), MEL)[0]
    padded = np.pad(speech.samples[0], MEL.padding, mode="reflect")
    reference = librosa.feature.melspectrogram(
        y=padded, sr=16_000, n_fft=1024, hop_length=160, n_mels=64, power=1.0, center=False
    )
    theirs = np.log(np.maximum(reference, FLOOR)).T
    assert ours.shape == (500, 64)
    difference = np.abs(ours.numpy() - theirs)
    assert difference[theirs > -9].max() < 1e-4
    assert difference.max() < 5e-3  # near the floor the two float32 transforms round differently


def test_stft_and_its_inverse_are_exact() -> None:
    signal = torch.tensor(noise(1_024 + 160 * 40).samples)
    rebuilt = inverse_stft(stft(signal, MEL), MEL)
    inner = slice(512, -512)
    torch.testing.assert_close(rebuilt[:, inner], signal[:, inner], atol=1e-5, rtol=0)


def test_mel_inversion_reproduces_the_mel(speech: AudioClip) -> None:
    given = log_mel(torch.tensor(speech.samples), MEL)
    magnitude = magnitude_from_mel(given, MEL)
    assert (magnitude >= 0).all()
    bank = torch.from_numpy(librosa.filters.mel(sr=16_000, n_fft=1024, n_mels=64))
    again = (magnitude @ bank.T).clamp(min=FLOOR).log()
    loud = given > given.max() - 5
    assert (again - given)[loud].abs().mean() < 0.02


def test_griffin_lim_converges_and_momentum_helps(speech: AudioClip) -> None:
    target = stft(torch.tensor(speech.samples[:, :32_000]), MEL).abs()

    def convergence_db(iterations: int, momentum: float) -> float:
        found = stft(griffin_lim(target, MEL, iterations, momentum=momentum), MEL).abs()
        return 20 * float(torch.log10((found - target).norm() / target.norm()))

    plain, fast = convergence_db(32, 0.0), convergence_db(32, 0.99)
    assert convergence_db(0, 0.0) > -8
    assert plain < -17
    assert fast < plain - 3


def test_griffin_lim_is_deterministic_by_seed() -> None:
    magnitude = stft(torch.tensor(noise(4_000).samples), MEL).abs()
    first = griffin_lim(magnitude, MEL, 3)
    assert torch.equal(first, griffin_lim(magnitude, MEL, 3))
    assert not torch.equal(first, griffin_lim(magnitude, MEL, 3, seed=1))


def test_the_users_own_finding_phase_free_means_no_snr(speech: AudioClip) -> None:
    codec = create("mel:16k-64/griffinlim-64")
    decoded = codec.decode(codec.encode(speech))
    assert -5 < snr_db(speech.samples, decoded.samples, 16_000) < 0
    assert abs(correlation(speech.samples, decoded.samples, 16_000)) < 0.15


def test_level_and_offset_come_back() -> None:
    codec = create("mel:16k-64/griffinlim-64")
    quiet = AudioClip(tone(1.0).samples * np.float32(0.01) + np.float32(0.1), 16_000)
    decoded = codec.decode(codec.encode(quiet)).samples
    assert decoded.mean() == pytest.approx(0.1, abs=0.002)
    inner = decoded[0, 2_000:-2_000]
    assert inner.std() == pytest.approx(quiet.samples[0, 2_000:-2_000].std(), rel=0.2)


@pytest.mark.parametrize("frames", [313, 316, 501, 504])
@pytest.mark.parametrize("stage", ["hifigan", "griffinlim-64"])
def test_any_frame_count_round_trips_to_the_exact_length(frames: int, stage: str) -> None:
    codec = tiny(f"audioldm2:base/{stage}")
    clip = noise(frames * 160 + 17)
    stream = codec.encode(clip)
    assert codec.decode(stream).n_samples == clip.n_samples
    padded_frames = -(-clip.n_samples // 640) * 4
    _, payload = bitstream.unpack(codec.info.spec, stream)
    assert len(payload) == 8 + 2 * 8 * (padded_frames // 4) * 16


def test_long_spectrograms_go_through_in_chunks() -> None:
    model = autoencoder.MelAutoencoder(weights.Weights("random"), TINY_VAE)
    mel = torch.randn(1, 1_100, 64)
    with torch.inference_mode():
        latent = model.encode(mel)
        assert latent.shape == (1, 8, 275, 16)
        torch.testing.assert_close(latent[:, :, :256], model.encode(mel[:, :1_024]))
        assert model.decode(latent).shape == mel.shape


def test_nan_in_a_stream_is_refused() -> None:
    codec = create("mel:16k-64/griffinlim-64")
    header, payload = bitstream.unpack(codec.info.spec, codec.encode(tone(0.1)))
    poisoned = payload[:-2] + b"\xff\xff"
    with pytest.raises(BitstreamError, match="holds NaN or Inf"):
        codec.decode(bitstream.pack(codec.info.spec, header, poisoned))


def test_a_vocoder_of_another_mel_format_is_refused() -> None:
    foreign = MelFormat(16_000, 80, 1024, 256, 0.0, 8_000.0)
    with pytest.raises(InputError, match="takes 64 mel bands, the front end gives 80"):
        vocoder.HifiGanVocoder(weights.Weights("random"), foreign, TINY_HIFIGAN)


def test_a_checkpoint_in_the_published_layout_is_loaded_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cvssp" / "audioldm2"
    random = tiny("audioldm2:base/hifigan").encode(tone(0.2))
    torch.manual_seed(5)
    vae: Any = AutoencoderKL(**TINY_VAE)  # type: ignore[no-untyped-call]
    hifigan = SpeechT5HifiGan(SpeechT5HifiGanConfig(**TINY_HIFIGAN))
    vae.save_pretrained(folder / "vae")
    hifigan.save_pretrained(folder / "vocoder")
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    codec = AudioLDM2Codec("base", "hifigan")
    assert codec.info.weights.evidence == "published"
    assert codec.info.weights.sha256 is not None
    loaded = codec._autoencoder.network.state_dict()
    assert all(torch.equal(value, loaded[name]) for name, value in vae.state_dict().items())
    assert codec.encode(tone(0.2)) != random


def unpin(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let a test's own checkpoint pass for the published one."""
    pinned = SETS[name]
    files = tuple(WeightFile(file.path) for file in pinned.files)
    loose = WeightSet(name, pinned.url, pinned.revision, pinned.licence, files)
    monkeypatch.setitem(SETS, name, loose)


def test_encodec_and_dac_checkpoints_are_loaded_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = {spec: tiny(spec).encode(tone(0.2)) for spec in ("encodec:24khz@6k", "dac:16khz@6k")}
    torch.manual_seed(6)
    random_model(TINY_ENCODEC).save_pretrained(tmp_path / "facebook/encodec_24khz")
    DacModel(DacConfig(**tiny_dac("16khz"))).save_pretrained(tmp_path / "descript/dac_16khz")
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    unpin(monkeypatch, "facebook/encodec_24khz")
    for spec, seeded in random.items():
        codec = create(spec)
        assert codec.info.weights.evidence == "published"
        assert codec.info.parameters is not None
        assert codec.info.parameters < 1e6  # the test's own, not the full size
        assert codec.decode(codec.encode(tone(0.2))).n_samples == 3_200
        assert codec.encode(tone(0.2)) != seeded


def test_a_checkpoint_that_is_not_the_pinned_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_model(TINY_ENCODEC).save_pretrained(tmp_path / "facebook/encodec_24khz")
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    with pytest.raises(DamagedWeightsError, match=r"model\.safetensors has SHA-256"):
        create("encodec:24khz@6k")
