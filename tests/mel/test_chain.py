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

from codecmark import AudioClip, BitstreamError, InputError, UnavailableError, corpus, create
from codecmark.bitstream import frame, scalar_coding
from codecmark.codec import Weights
from codecmark.corpus import condition
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import DamagedWeightsError
from codecmark.measure.measurement import Measurement
from codecmark.measure.scoring import Scorer
from codecmark.measure.timing import perf_counter_timer
from codecmark.mel import formats, griffinlim_cpu, phase, postfilter
from codecmark.mel.audioldm2 import AudioLDM2Codec
from codecmark.mel.autoencoders import audioldm2
from codecmark.mel.chain import ChainCodec
from codecmark.mel.front_end import MelFormat, filters, linear_spectrum, log_mel, magnitude_from_mel
from codecmark.mel.phase import retrieve
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.mel.stft import inverse_stft, stft
from codecmark.mel.vocoders import hifigan
from codecmark.mel.vocoders.base import PhaseRetrieval
from codecmark.metrics.waveform import correlation, snr_db
from codecmark.networks.published_sets import SETS, WeightFile, WeightSet
from codecmark.networks.setup import Setup
from codecmark.neural.encodec_network import random_model
from codecmark.spec import Spec
from entries import noise, tiny, tone
from tiny_networks import TINY_HIFIGAN, TINY_VAE, tiny_dac, tiny_encodec

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
    _, payload = frame.unpack(codec.info.spec, stream)
    assert len(payload) == 8 + 2 * 8 * (padded_frames // 4) * 16


def test_long_spectrograms_go_through_in_chunks() -> None:
    model = audioldm2.MelAutoencoder(Weights("random"), Setup(), TINY_VAE)
    mel = torch.randn(1, 1_100, 64)
    with torch.inference_mode():
        latent = model.encode(mel)
        assert latent.shape == (1, 8, 275, 16)
        torch.testing.assert_close(latent[:, :, :256], model.encode(mel[:, :1_024]))
        assert model.decode(latent).shape == mel.shape


def test_nan_in_a_stream_is_refused() -> None:
    codec = create("mel:16k-64/griffinlim-64")
    header, payload = frame.unpack(codec.info.spec, codec.encode(tone(0.1)))
    poisoned = payload[:-2] + b"\xff\xff"
    with pytest.raises(BitstreamError, match="hold NaN or Inf"):
        codec.decode(frame.pack(codec.info.spec, header, poisoned))


def test_a_vocoder_of_another_mel_format_is_refused() -> None:
    foreign = formats.USER
    with pytest.raises(InputError, match="takes 64 mel bands, the front end gives 80"):
        hifigan.HifiGan(Weights("random"), foreign, Setup(), TINY_HIFIGAN)


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
    codec = AudioLDM2Codec(Spec.parse("audioldm2:base/hifigan"), Setup.from_environment())
    assert codec.info.weights.evidence == "published"
    assert codec.info.weights.sha256 is not None
    loaded = codec.autoencoder.network.state_dict()
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
    random_model(tiny_encodec("24khz")).save_pretrained(tmp_path / "facebook/encodec_24khz")
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
    random_model(tiny_encodec("24khz")).save_pretrained(tmp_path / "facebook/encodec_24khz")
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    with pytest.raises(DamagedWeightsError, match=r"model\.safetensors has SHA-256"):
        create("encodec:24khz@6k")


# mel formats


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


# phase


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


@pytest.mark.parametrize(
    "stage", ["griffinlim-64m0", "admm-8", "pghi+griffinlim-8", "zero+admm-8", "spsi", "pghi"]
)
def test_stages_build_and_keep_the_length(stage: str) -> None:
    codec = create(f"mel:16k-64/{stage}+wiener+softlimit")
    clip = tone(0.3)
    decoded = codec.decode(codec.encode(clip))
    assert decoded.n_samples == clip.n_samples
    assert np.abs(decoded.samples).max() <= 0.8  # the soft limiter's ceiling


@pytest.mark.parametrize("stage", ["griffin", "pghi+hifigan", "loud+admm-8", "admm-8+x"])
def test_unknown_stages_are_refused_with_the_choice(stage: str) -> None:
    with pytest.raises(InputError, match="is not a vocoder"):
        create(f"mel:16k-64/{stage}")


def test_postfilters() -> None:
    loud = np.array([[0.0, 1.0, -1.0]], np.float32)
    np.testing.assert_allclose(postfilter.softlimit(loud), np.tanh(1.5 * loud) * 0.8, rtol=1e-6)
    assert np.array_equal(postfilter.wiener(np.zeros((2, 9), np.float32)), np.zeros((2, 9)))


# 316 vs 80


def mel_of(shape: tuple[int, ...], mel: MelFormat = formats.USER) -> MelSpectrogram:
    return MelSpectrogram(torch.zeros(shape), mel)


def test_316_vs_80_on_the_raw_model_and_the_clear_error_in_its_place() -> None:
    """The user's mel [1, 80, 316] against a vocoder of 80 bands, as SpeechT5 ships it."""
    foreign = {**TINY_HIFIGAN, "model_in_dim": 80, "upsample_rates": [4, 4, 4, 4],
               "upsample_kernel_sizes": [8, 8, 8, 8]}  # fmt: skip
    for normalize, message in (
        (True, r"size of tensor a \(316\) must match the size of tensor b \(80\)"),
        (False, "to have 80 channels, but got 316 channels instead"),
    ):
        raw = SpeechT5HifiGan(SpeechT5HifiGanConfig(**{**foreign, "normalize_before": normalize}))
        with pytest.raises(RuntimeError, match=message):
            raw(torch.zeros(1, 80, 316))
    vocoder = hifigan.HifiGan(Weights("random"), formats.SPEECHT5, Setup(), foreign)
    with pytest.raises(InputError, match=r"not \(1, 80, 316\): the last axis counts bands"):
        vocoder.synthesize(mel_of((1, 80, 316), formats.SPEECHT5))
    # exchanging the axes is not enough: that mel has another scale
    with pytest.raises(InputError, match=r"hop 256, 80 to 7600 Hz, log base 10.*natural log"):
        vocoder.synthesize(mel_of((1, 316, 80)))


def test_a_transposed_mel_is_refused_even_when_both_axes_are_equal() -> None:
    vocoder = hifigan.HifiGan(Weights("random"), MEL, Setup(), TINY_HIFIGAN)
    square = MelSpectrogram(torch.zeros(1, 64, 64), MEL)
    assert vocoder.synthesize(square).shape == (1, 64 * 160)
    with pytest.raises(InputError, match=r"channels 1 x bands 64 x frames 64.*\.transposed\(\)"):
        vocoder.synthesize(square.transposed())
    assert vocoder.synthesize(square.transposed().transposed()).shape == (1, 64 * 160)


def test_the_small_hifigan_on_its_own_format(speech: AudioClip) -> None:
    try:
        codec = create("mel:22k-80/hifigan-22k")
    except UnavailableError as error:
        pytest.skip(str(error))
    decoded = codec.decode(codec.encode(speech)).samples
    assert decoded.std() == pytest.approx(speech.samples.std(), rel=0.2)
    assert abs(correlation(speech.samples, decoded, 16_000)) < 0.3
    with pytest.raises(InputError, match="write mel:22k-80/hifigan-22k"):
        create("mel:16k-64/hifigan-22k")


# coding of latents


@pytest.mark.parametrize(
    ("name", "worst"), [("f32", 1e-7), ("f16", 2e-3), ("int8", 0.02), ("q0.5", 0.2501)]
)
def test_codings_round_trip_within_their_step(name: str, worst: float) -> None:
    values = np.random.default_rng(0).standard_normal((2, 5, 7)).astype(np.float32)
    coding = scalar_coding.named(name)
    decoded = coding.decode(coding.encode(values), values.shape)
    assert decoded.dtype == np.float32
    assert np.abs(decoded - values).max() <= worst


def test_entropy_coding_comes_near_the_entropy() -> None:
    values = np.random.default_rng(1).standard_normal(40_000).astype(np.float32)
    for step, bits in ((0.25, 4.05), (0.5, 3.05), (1.0, 2.1)):  # of a unit Gaussian, by formula
        data = scalar_coding.EntropyCoding(step).encode(values)
        assert 8 * len(data) / values.size == pytest.approx(bits, abs=0.06)


@pytest.mark.parametrize("value", [0.0, -3.7])
def test_constant_values_cost_nearly_nothing_but_justify_their_count(value: float) -> None:
    coding = scalar_coding.EntropyCoding(0.5)
    values = np.full((1, 200_000), value, np.float32)
    data = coding.encode(values)
    assert len(data) < 100
    assert np.abs(coding.decode(data, values.shape) - values).max() <= 0.25
    with pytest.raises(BitstreamError, match="cannot come from"):
        coding.decode(data, (1, 10**9))


@pytest.mark.parametrize("name", ["f32", "f16", "int8", "q0.5"])
def test_damaged_values_are_refused(name: str) -> None:
    coding = scalar_coding.named(name)
    values = np.random.default_rng(2).standard_normal(500).astype(np.float32)
    data = coding.encode(values)
    for damaged in (b"", data[:-3], data + b"\0\0\0\0\0"):
        with pytest.raises(BitstreamError):
            coding.decode(damaged, (500,))
    with pytest.raises(InputError, match="is not f32, f16, int8"):
        scalar_coding.named("f8")


def test_the_users_two_to_one_is_a_count_of_elements() -> None:
    codec = tiny("audioldm2:base/hifigan")
    assert isinstance(codec, ChainCodec)
    assert 4 * 64 / np.prod(codec.coded_shape(4)) == 2.0


def test_no_rate_is_claimed_for_an_entropy_coder_on_untrained_values() -> None:
    codec = tiny("audioldm2:music/hifigan@q0.5")
    clips = [PreparedClip("t", "t", "music", tone(0.3))]
    measurement = Measurement(codec, clips, condition.named("16k-mono"))
    measurement.decode(perf_counter_timer)
    (row,) = measurement.rows("r", Scorer(workers=1), memory=False)
    assert row.bitrate_kbps is None
    assert row.stream_bytes is None
    assert row.reasons["bitrate_kbps"].startswith("variable rate: seeded random weights")


def test_the_filter_bank_is_slaneys() -> None:
    bank = filters(MEL, torch.device("cpu"))
    assert bank.shape == (64, 513)
    assert torch.equal(
        bank, torch.from_numpy(librosa.filters.mel(sr=16_000, n_fft=1024, n_mels=64))
    )


def test_a_checkpoint_that_lacks_parameters_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The libraries would fill it with random numbers and call it loaded."""
    from safetensors.torch import save_file

    folder = tmp_path / "descript/dac_16khz"
    DacModel(DacConfig(**tiny_dac("16khz"))).save_pretrained(folder)
    save_file({"nothing": torch.zeros(1)}, folder / "model.safetensors")
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    with pytest.raises(DamagedWeightsError, match=r"lack \d+ parameters"):
        create("dac:16khz@6k")
    (folder / "model.safetensors").write_bytes(b"not a checkpoint")
    with pytest.raises(DamagedWeightsError, match="is damaged or cut off"):
        create("dac:16khz@6k")
