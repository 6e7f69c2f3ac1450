"""Weights that this project trained: exported, found, read back, and refused when damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from codecmark import corpus, create
from codecmark.clip import AudioClip
from codecmark.codec import NO_WEIGHTS, Weights
from codecmark.corpus.condition import named
from codecmark.corpus.condition import prepared as prepared_clip
from codecmark.errors import DamagedWeightsError, InputError, UnavailableError
from codecmark.mel.autoencoders.compact import CompactAutoencoder
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.front_end import log_mel
from codecmark.mel.harmonic.network import HarmonicConfig, HarmonicNetwork
from codecmark.metrics.perceptual import pesq_wb
from codecmark.metrics.waveform import snr_db
from codecmark.networks import trained_sets
from codecmark.networks.setup import Setup
from codecmark.networks.weights import WeightLocator
from codecmark.training.dataset import Dataset
from codecmark.training.export import export
from codecmark.training.schedule import Schedule
from codecmark.training.trainer import Trainer
from codecmark.training.vae import VaeTask
from codecmark.training.vocoder import VocoderTask
from small_trainings import CPU
from tiny_networks import TINY_HARMONIC, TINY_VAE, write_tiny_sets


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_tiny_sets(tmp_path)
    monkeypatch.setenv("CODECMARK_TRAINED", str(tmp_path))
    return tmp_path


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained_sets, "SHIPPED", tmp_path)


@pytest.mark.usefixtures("nothing")
@pytest.mark.parametrize(
    ("spec", "task"),
    [("mel:16k-64/harmonic", "vocoder"), ("audioldm2:compact/griffinlim-8", "vae"),
     ("audioldm2:compact/joint", "joint")],
)  # fmt: skip
def test_absent_weights_come_with_the_remedy(spec: str, task: str) -> None:
    with pytest.raises(UnavailableError, match=f"codecmark train {task}.*CODECMARK_TRAINED"):
        create(spec)


def test_rows_claim_what_is_so(sets: Path) -> None:
    alone = create("mel:16k-64/harmonic").info
    both = create("audioldm2:compact/harmonic").info
    assert alone.weights.evidence == both.weights.evidence == "trained"
    assert alone.weights.sha256 != both.weights.sha256
    assert (both.parameters or 0) > (alone.parameters or 0) > 0
    assert create("audioldm2:base/harmonic").info.weights.evidence == "random"


def test_evidence_is_that_of_the_weakest() -> None:
    published, trained = Weights("published", "1", "p"), Weights("trained", "2", "t")
    random = Weights("random", note="r")
    assert trained_sets.together(NO_WEIGHTS, trained) == trained
    assert trained_sets.together(published, random, trained) == random
    mixed = trained_sets.together(published, trained)
    assert (mixed.evidence, mixed.note) == ("trained", "p; t")
    assert mixed.sha256 not in {None, "1", "2"}


@pytest.mark.usefixtures("sets")
def test_a_chain_of_trained_networks_keeps_the_form(speech: AudioClip) -> None:
    clip = speech.cropped(1.0)
    for spec in ("audioldm2:compact/harmonic@int8", "mel:16k-64/harmonic+griffinlim-2"):
        codec = create(spec)
        decoded = codec.decode(codec.encode(clip))
        assert decoded.n_samples == clip.n_samples
        assert decoded.samples.std() > 0


@pytest.mark.usefixtures("sets")
@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("mel:16k-80-256/harmonic", "takes 64 mel bands.*write mel:16k-64/harmonic"),
        ("audioldm2:user-80-256/harmonic", "takes 64 mel bands"),
        ("audioldm2:compact/hifigan", "published checkpoint only"),
        ("mel:16k-64/harmonic+admm-3", r"use harmonic, or harmonic\+griffinlim-N"),
    ],
)
def test_stages_that_do_not_fit_are_refused(spec: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        create(spec)


def test_damaged_files_are_refused(sets: Path) -> None:
    path = sets / "harmonic" / "vocoder.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedWeightsError, match="cannot be read"):
        create("mel:16k-64/harmonic")
    path.write_bytes((sets / "compact" / "vae.safetensors").read_bytes())
    with pytest.raises(DamagedWeightsError, match="holds a compact, not a harmonic"):
        create("mel:16k-64/harmonic")
    config, state = trained_sets.read(sets / "joint" / "vocoder.safetensors", "harmonic")
    state.pop("leave.bias")
    trained_sets.write(path, "harmonic", config, state)
    with pytest.raises(DamagedWeightsError, match="not a complete network"):
        create("mel:16k-64/harmonic")
    vae = sets / "compact" / "vae.safetensors"
    config, state = trained_sets.read(vae, "compact")
    trained_sets.write(vae, "compact", {**config, "latent_channels": 3}, state)
    with pytest.raises(DamagedWeightsError, match="not a complete network"):
        create("audioldm2:compact/griffinlim-8")


def test_what_is_exported_is_what_was_trained(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speech: AudioClip
) -> None:
    config = HarmonicConfig(**TINY_HARMONIC)
    task = VocoderTask(dataset, CPU, batch=2, seconds=0.2, config=config, validation_items=4)
    trainer = Trainer(task, tmp_path / "run", Schedule(steps=2, log_every=1, validate_every=2))
    trainer.run(Console(quiet=True))
    written = export(tmp_path / "run", tmp_path / "sets" / "harmonic", dataset, Setup())
    assert [path.name for path in written] == ["vocoder.safetensors", "card.md"]
    card = written[1].read_text()
    assert "CC0-1.0" in card
    assert "Steps 2 of 2 crops" in card
    monkeypatch.setenv("CODECMARK_TRAINED", str(tmp_path / "sets"))
    codec = create("mel:16k-64/harmonic@f32")
    clip = speech.cropped(1.0)
    decoded = codec.decode(codec.encode(clip))
    network = HarmonicNetwork(AUDIOLDM2, config)
    network.load_state_dict(trainer.average.module.state_dict())
    samples = clip.samples - clip.samples.mean()
    gain = 0.5 / np.abs(samples).max()
    with torch.inference_mode():
        direct = network.synthesize(log_mel(torch.tensor(samples * gain), AUDIOLDM2)) / gain
    assert snr_db(direct.numpy(), decoded.samples, 16_000) > 35  # half precision


def test_an_exported_autoencoder_has_latents_of_unit_variance(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speech: AudioClip
) -> None:
    task = VaeTask(dataset, CPU, batch=2, seconds=0.2, config=TINY_VAE, validation_items=4)
    Trainer(task, tmp_path / "run", Schedule(steps=2, log_every=1, validate_every=2)).run(
        Console(quiet=True)
    )
    export(tmp_path / "run", tmp_path / "sets" / "compact", dataset, Setup())
    config, _ = trained_sets.read(tmp_path / "sets/compact/vae.safetensors", "compact")
    assert config["scaling_factor"] not in {0.0, TINY_VAE["scaling_factor"]}
    monkeypatch.setenv("CODECMARK_TRAINED", str(tmp_path / "sets"))
    codec = create("audioldm2:compact/griffinlim-4")
    assert codec.decode(codec.encode(speech.cropped(0.5))).n_samples == 8_000


def test_files_too_large_to_ship_are_refused(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = HarmonicConfig(**TINY_HARMONIC)
    task = VocoderTask(dataset, CPU, batch=1, seconds=0.2, config=config, validation_items=1)
    Trainer(task, tmp_path / "run", Schedule(steps=1, log_every=1, validate_every=1)).run(
        Console(quiet=True)
    )
    monkeypatch.setattr(trained_sets, "LARGEST_BYTES", 1_000)
    with pytest.raises(InputError, match="at most 1000 are shipped"):
        export(tmp_path / "run", tmp_path / "out", dataset, Setup())


# what ships


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CODECMARK_TRAINED", raising=False)


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize("name", trained_sets.SETS)
def test_every_set_ships_small_with_its_data_named(name: str) -> None:
    folder = trained_sets.locate_trained(name, WeightLocator()).folder
    card = (folder / trained_sets.CARD).read_text(encoding="utf-8")
    assert "festvox-ru" in card
    assert "CC-BY-3.0 | Carlo Flora" in card  # attribution travels with the weights
    for file in trained_sets.SETS[name]:
        assert f"`{file}`" in card
        assert (folder / file).stat().st_size < trained_sets.LARGEST_BYTES


@pytest.mark.usefixtures("shipped")
def test_the_shipped_vocoder_beats_phase_retrieval_on_a_speaker_it_never_heard() -> None:
    clip = next(one for one in corpus.load() if one.name == "fr_female_1.flac")
    audio = prepared_clip(clip, named("16k-mono")).audio
    scores = []
    for spec in ("mel:16k-64/harmonic", "mel:16k-64/pghi+admm-64"):
        codec = create(spec)
        decoded = codec.decode(codec.encode(audio))
        scores.append(pesq_wb(audio.samples, decoded.samples, audio.sample_rate_hz))
    assert scores[0] > scores[1] + 0.3


@pytest.mark.usefixtures("shipped")
def test_the_shipped_autoencoder_gives_mels_back() -> None:
    audio = prepared_clip(
        next(one for one in corpus.load() if one.name == "es_female_1.flac"), named("16k-mono")
    ).audio
    vae = CompactAutoencoder.load(trained_sets.locate_trained("compact", WeightLocator()), Setup())
    length = AUDIOLDM2.samples(AUDIOLDM2.frames(audio.n_samples, 4) - 4)
    mel = log_mel(torch.from_numpy(audio.samples[:, :length].copy()), AUDIOLDM2)
    latent = vae.encode(mel)
    assert latent.shape == (1, 8, mel.shape[1] // 4, 16)
    assert 0.7 < float(latent.square().mean().sqrt()) < 1.4  # scaled to unit variance
    assert float((vae.decode(latent) - mel).abs().mean()) < 0.25  # nepers
