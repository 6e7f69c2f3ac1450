"""Training: data that is allowed, clocks that are right, runs that can be repeated and resumed."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from rich.console import Console

from codecmark import corpus
from codecmark.__main__ import main
from codecmark.clip import AudioClip
from codecmark.corpus.audio_files import read_audio
from codecmark.errors import InputError, UnavailableError
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.front_end import linear_spectrum, log_mel
from codecmark.mel.harmonic import network as harmonic
from codecmark.mel.harmonic.excitation import clock_of, pulses
from codecmark.mel.harmonic.network import HarmonicConfig, HarmonicNetwork
from codecmark.mel.harmonic.pitch_network import index_of, pitch_at
from codecmark.mel.log_levels import log_prior, scaled, unscaled
from codecmark.results.row import ResultRow
from codecmark.training import losses, packages, pitch, prepare
from codecmark.training.adversary import Adversary
from codecmark.training.against_the_chain import Chain
from codecmark.training.dataset import MANIFEST, Dataset, Item, write_manifest
from codecmark.training.export import export
from codecmark.training.heldout import HeldOut
from codecmark.training.joint import JointTask
from codecmark.training.precision import multiplies_bfloat16
from codecmark.training.runs import Start, read_run, read_start
from codecmark.training.schedule import Schedule
from codecmark.training.task import Task
from codecmark.training.trainer import CHECKPOINT, VALIDATION, Trainer
from codecmark.training.vocoder import VocoderTask
from entries import TINY_HARMONIC
from small_trainings import (
    CPU,
    RATE,
    SCHEDULE,
    audio,
    curve,
    dataset,
    prepared,
    train,
    vae_task,
    vocoder_task,
    voice,
    write,
)

__all__ = ["audio", "dataset", "prepared"]  # fixtures

# data


def test_what_was_prepared(prepared: Path, dataset: Dataset) -> None:
    items = dataset.items
    assert {item.licence for item in items} == {"CC0-1.0"}
    assert [item.first for item in items] == list(
        np.cumsum([0, *(item.samples for item in items[:-1])])
    )
    splits = {(item.clip_class, item.split) for item in items}
    assert splits == {(c, s) for c in ("speech", "music") for s in ("train", "validation")}
    manifest = (prepared / MANIFEST).read_text()
    assert all(item.sha256 in manifest for item in items)


def test_bundled_clips_are_left_out_in_any_disguise(audio: Path, tmp_path: Path) -> None:
    """As the file itself, louder and shifted inside other audio, and under its source's name."""
    folder = tmp_path / "mixed"
    shutil.copytree(audio, folder)
    bundled = corpus.bundled_folder()
    shutil.copy(bundled / "fr_female_1.flac", folder / "copy.flac")
    clip = read_audio(bundled / "it_male_1.flac").with_channels(1).resampled(RATE).samples[0]
    hidden = np.concatenate([voice(150, 3.3), 0.4 * clip, voice(180, 1.0)])
    write(folder / "speech/hidden.wav", hidden)
    done = prepare.prepare(prepare.from_folder(folder, ""), tmp_path / "out", lambda _: None)
    assert set(done.left_out) == {"copy.flac", "speech/hidden.wav"}
    assert done.left_out["copy.flac"] == "is a bundled clip"
    assert done.left_out["speech/hidden.wav"].startswith("contains it_male_1.flac")
    reason = HeldOut.bundled().reason(
        audio / "music/0.wav", "", np.zeros(RATE, np.float32)
    )  # silence resembles nothing
    assert reason is None


def test_a_folder_of_bundled_clips_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name in ("fr_female_1.flac", "vinyl_hiss.flac"):
        shutil.copy(corpus.bundled_folder() / name, folder / name)
    with pytest.raises(InputError, match=r"0 of 2 files could be used \(is a bundled clip\)"):
        prepare.prepare(prepare.from_folder(folder, ""), tmp_path / "out", lambda _: None)


def test_a_manifest_that_lists_a_bundled_clip_is_refused(prepared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "edited"
    shutil.copytree(prepared, folder)
    items = Dataset(folder).items
    digest = next(c.sha256 for c in corpus.load() if c.name == "en_male_1.flac")
    assert digest is not None
    write_manifest(folder, [replace(items[0], sha256=digest), *items[1:]])
    with pytest.raises(InputError, match=r"lists the bundled clip en_male_1\.flac"):
        Dataset(folder)


def test_folders_that_are_not_prepared_are_refused(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="codecmark train data --out DIR"):
        Dataset(tmp_path)
    folder = tmp_path / "long"
    shutil.copytree(prepared, folder)
    items = Dataset(folder).items
    write_manifest(folder, [*items[:-1], replace(items[-1], samples=10**9)])
    with pytest.raises(InputError, match="is shorter than"):
        Dataset(folder)


def test_missing_packages_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"apt-get install festvox-ru .*fluid-soundfont-gm"):
        prepare.from_packages(tmp_path)


def test_the_recipe_is_permissive_and_has_no_speaker_of_the_headline() -> None:
    for package in packages.AUDIO:
        assert package.licence.split()[0] in {"BSD-like", "CC0-1.0", "CC-BY-3.0"}
    with (corpus.bundled_folder() / "clips.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["language"] in {"en", "fr", "es"}]
    assert rows
    assert not {row["source_package"] for row in rows} & set(packages.NAMES)
    assert not {row["source"] for row in rows} & {audio.source for audio in packages.AUDIO}


def test_crops_depend_on_seed_and_step_alone(dataset: Dataset) -> None:
    first = dataset.batch(3, 7, 4, 3_200)
    dataset.batch(3, 8, 4, 3_200)
    again = dataset.batch(3, 7, 4, 3_200)
    assert np.array_equal(first.waveform, again.waveform)
    assert np.array_equal(first.clock, again.clock)
    assert not np.array_equal(first.waveform, dataset.batch(3, 8, 4, 3_200).waveform)
    assert not np.array_equal(first.waveform, dataset.batch(4, 7, 4, 3_200).waveform)
    assert np.abs(first.waveform).max() <= 0.5 + 1e-6


def test_a_crop_comes_with_the_clock_of_its_own_speed(dataset: Dataset) -> None:
    """Slowed down or sped up, the clock still turns once for each period of the waveform."""
    checked = 0
    for step in range(20):
        batch = dataset.batch(0, step, 4, 6_400)
        for waveform, clock, rate, speech in zip(
            batch.waveform, batch.clock, batch.rate, batch.is_speech, strict=True
        ):
            if not speech:
                assert not rate.any()
                continue
            voiced = rate > 0
            if voiced.mean() < 0.9:
                continue
            fundamental = np.mean(waveform[voiced] * np.exp(-2j * np.pi * clock[voiced]))
            assert abs(fundamental) > 0.1 * waveform[voiced].std()
            assert abs(np.angle(fundamental)) < 0.5  # the fundamental is a cosine of the clock
            checked += 1
    assert checked > 10


# clocks


@pytest.mark.parametrize("hz", [80.0, 137.0, 301.0])
def test_the_clock_of_a_voice(hz: float) -> None:
    samples = voice(hz, 2.0)
    track = pitch.track(samples)
    inner = track[20:-20]
    assert (inner[:, 1] > 0).all()
    assert inner[:, 1].mean() * RATE / pitch.KNOT == pytest.approx(hz, rel=1e-3)
    expected = np.arange(len(track))[20:-20] * pitch.KNOT * hz / RATE
    error = (inner[:, 0] - expected + 0.5) % 1 - 0.5
    assert np.abs(error).max() < 0.03


def test_noise_and_silence_have_no_clock() -> None:
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert (pitch.track(0.1 * noise)[:, 1] > 0).mean() < 0.1
    assert not pitch.track(np.zeros(RATE, np.float32))[:, 1].any()


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


# the network


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


# losses


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


# runs


def test_the_same_seed_gives_the_same_curve(dataset: Dataset, tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        train(vocoder_task(dataset, seed=seed), tmp_path / name)
    assert curve(tmp_path / "a") == curve(tmp_path / "b") != curve(tmp_path / "c")
    assert len(curve(tmp_path / "a")) == 4
    assert set(curve(tmp_path / "a", VALIDATION)[0]) >= {"step", "mel_speech", "mel_other"}


@pytest.mark.parametrize("adversary_from", [None, 2])
def test_a_killed_run_goes_on_to_the_same_curve(
    dataset: Dataset, tmp_path: Path, adversary_from: int | None
) -> None:
    def task() -> VocoderTask:
        options = {} if adversary_from is None else {"adversary_from": adversary_from}
        return vocoder_task(dataset, **options)

    train(task(), tmp_path / "whole", replace(SCHEDULE, steps=8))
    train(task(), tmp_path / "killed", replace(SCHEDULE, steps=4))
    saved = (tmp_path / "killed" / CHECKPOINT).read_bytes()
    train(task(), tmp_path / "killed", replace(SCHEDULE, steps=6))
    # killed after step 6 was logged: the checkpoint is still that of step 4
    (tmp_path / "killed" / CHECKPOINT).write_bytes(saved)
    resumed = Trainer(task(), tmp_path / "killed", replace(SCHEDULE, steps=8))
    assert resumed.step == 4
    assert len(curve(tmp_path / "killed")) == 4
    resumed.run(Console(quiet=True))
    assert curve(tmp_path / "killed") == curve(tmp_path / "whole")
    assert curve(tmp_path / "killed", VALIDATION) == curve(tmp_path / "whole", VALIDATION)


def test_training_lowers_the_loss(dataset: Dataset, tmp_path: Path) -> None:
    def unseen(task: Task) -> float:
        with torch.no_grad():
            return sum(float(sum(task.losses(step).values())) for step in range(1_000, 1_008))

    schedule = Schedule(steps=60, rate=2e-3, log_every=20, validate_every=100)
    for name, task in (("vae", vae_task(dataset)), ("vocoder", vocoder_task(dataset))):
        before = unseen(task)
        train(task, tmp_path / name, schedule)
        assert unseen(task) < 0.95 * before, name


def test_a_run_is_not_continued_as_another(dataset: Dataset, tmp_path: Path) -> None:
    train(vocoder_task(dataset), tmp_path, replace(SCHEDULE, steps=1))
    with pytest.raises(InputError, match="another seed"):
        Trainer(vocoder_task(dataset, seed=5), tmp_path, SCHEDULE)
    with pytest.raises(InputError, match="another network, task"):
        Trainer(vae_task(dataset), tmp_path, SCHEDULE)
    (tmp_path / CHECKPOINT).write_bytes(b"half of a checkpoint")
    with pytest.raises(InputError, match="is no checkpoint"):
        Trainer(vocoder_task(dataset), tmp_path, SCHEDULE)


def test_losses_that_are_not_finite_end_the_run(dataset: Dataset, tmp_path: Path) -> None:
    train(vocoder_task(dataset), tmp_path, replace(SCHEDULE, steps=2))
    task = vocoder_task(dataset)
    trainer = Trainer(task, tmp_path, SCHEDULE)
    torch.nn.init.constant_(task.vocoder.leave.bias, float("nan"))
    with pytest.raises(InputError, match=r"losses log, .* not finite before step 3"):
        trainer.run(Console(quiet=True))
    assert Trainer(vocoder_task(dataset), tmp_path, SCHEDULE).step == 2


def test_a_run_that_cannot_be_used_says_so(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no run"):
        read_run(tmp_path)
    train(vocoder_task(dataset), tmp_path, replace(SCHEDULE, steps=1))
    with pytest.raises(InputError, match="has not been validated"):
        read_run(tmp_path)
    with pytest.raises(InputError, match="trains vocoder, a vae is needed"):
        read_run(tmp_path, "vae")


def test_joint_training_moves_the_decoder_and_not_the_encoder(
    dataset: Dataset, tmp_path: Path
) -> None:
    train(vae_task(dataset), tmp_path / "vae")
    train(vocoder_task(dataset), tmp_path / "vocoder")
    vae, vocoder = (read_start(tmp_path / name, name) for name in ("vae", "vocoder"))
    for keep in (False, True):
        task = JointTask(
            dataset, CPU, vae, vocoder, train_vae=not keep, batch=2, seconds=0.2,
            validation_items=4,
        )  # fmt: skip
        train(task, tmp_path / f"joint-{keep}")
        moved = {
            name.split(".")[0]
            for name, value in task.vae.state_dict().items()
            if not torch.equal(value, vae.state[name])
        }
        assert moved == (set() if keep else {"decoder", "post_quant_conv"})


def test_a_run_cools_down_to_zero(dataset: Dataset, tmp_path: Path) -> None:
    schedule = replace(SCHEDULE, rate=2e-2)
    plain = train(vae_task(dataset), tmp_path / "plain", schedule)
    cooled = train(vae_task(dataset), tmp_path / "cooled", replace(schedule, cool_from=2))
    rates = [[float(line["rate"]) for line in curve(t.out)] for t in (plain, cooled)]
    assert rates[0] == pytest.approx([2e-4, 3e-4, 4e-4, 5e-4])
    assert rates[1] == pytest.approx([2e-4, 3e-4, 2e-4, 0.0])
    never = replace(schedule, steps=3, validate_every=100, cool_from=1)
    assert read_run(train(vae_task(dataset), tmp_path / "last", never).out).step == 3
    with pytest.raises(InputError, match=r"--cool-from: 4 needs --steps beyond it"):
        Trainer(vae_task(dataset), tmp_path / "never", replace(SCHEDULE, cool_from=4))


def test_scores_are_those_of_full_precision(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vae, vocoder = vae_task(dataset), vocoder_task(dataset)
    starts = [
        Start(task.options["network"], task.generator.state_dict(), "random")
        for task in (vae, vocoder)
    ]
    task = JointTask(dataset, CPU, *starts, batch=2, seconds=0.2, validation_items=4)
    assert task.vocoder.mixed_precision == multiplies_bfloat16(CPU)
    scores = []
    for mixed in (True, False):
        monkeypatch.setattr(task.vocoder, "mixed_precision", mixed)
        with torch.inference_mode():
            scores.append(task.validate(tmp_path / "sample.png"))
        assert task.vocoder.mixed_precision == mixed
    assert scores[0] == scores[1]


@pytest.mark.parametrize("name", ["vae", "vocoder"])
def test_a_training_goes_on_from_exported_weights(
    name: str, dataset: Dataset, prepared: Path, tmp_path: Path
) -> None:
    make = {"vae": vae_task, "vocoder": vocoder_task}[name]
    train(make(dataset), tmp_path / "run")
    export(tmp_path / "run", tmp_path / "set", dataset)
    start = read_start(tmp_path / "set", name)
    task = make(dataset, start=start)
    for key, value in read_run(tmp_path / "run").state.items():
        held = task.generator.state_dict()[key]
        assert torch.allclose(held, value, rtol=1e-3, atol=1e-6)  # half precision
    train(task, tmp_path / "further", replace(SCHEDULE, steps=1))
    with pytest.raises(InputError, match=r"holds a run with another .*started_from"):
        train(make(dataset), tmp_path / "further")


# the command


def test_the_command_trains_and_reports(
    prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["train", "vae", "--data", str(prepared), "--out", str(tmp_path / "run"), "--batch", "1"]
    assert main([*run, "--steps", "1", "--device", "cpu"]) == 0
    assert "step 1" in capsys.readouterr().out
    assert main(["train", "vae", "--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 2
    assert "is not prepared" in capsys.readouterr().err


def test_the_page_of_a_run(dataset: Dataset, prepared: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    train(vocoder_task(dataset), tmp_path / "run")
    train(vocoder_task(dataset), tmp_path / "again")
    train(vocoder_task(dataset, seed=1), tmp_path / "other")
    train(vocoder_task(dataset, without=("prior", "phase")), tmp_path / "less")
    train(vocoder_task(dataset, adversary_from=0), tmp_path / "against")
    rows = tmp_path / "rows"
    clips = ["--codecs", "mel:16k-64/griffinlim-32", "--corpus", str(tmp_path / "clips")]
    write(tmp_path / "clips/speech/a/9.wav", voice(120, 0.6))
    write(tmp_path / "clips/speech/z/9.wav", voice(140, 0.6))
    assert main(["run", *clips, "--out", str(rows)]) == 0
    report = ["train", "report", "--run", str(tmp_path / "run"), "--data", str(prepared)]
    for name in ("run", "less", "against"):
        report += ["--ablation", str(tmp_path / name)]
    for name in ("again", "other"):
        report += ["--repeat", str(tmp_path / "run"), str(tmp_path / name)]
    assert main([*report, "--rows", str(rows), "--out", str(tmp_path / "page")]) == 0
    text = (tmp_path / "page/training.md").read_text()
    assert (tmp_path / "page/training.png").stat().st_size > 1_000
    assert "| run | vocoder | - | 4 | 0.0 | 2 | 0 | 4 | " in text
    assert "## run: scores while it was trained\n\n| step | " in text
    for what in ("with all", "without phase and prior", "with all, against the discriminator"):
        assert f"| {what} | 4 | " in text
    assert "run and again: 5 lines of losses and scores, 4 steps, 0 minutes: equal in every" in text
    assert "they differ from step 1 on" in text
    line = next(line for line in text.splitlines() if "griffinlim-32" in line)
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1] == "none"
    assert cells[5] == cells[6] == "-"  # no music, no ambient sound
    assert float(cells[9]) < 0


def test_what_the_rows_of_the_chain_say() -> None:
    def row(spec: str, clip_class: str, source: str, pesq: float | None, **more: Any) -> ResultRow:
        scores = {"visqol_mos_lqo": 4.0, "mel_distance_db": 3.0, "snr_db": -3.0, **more}
        return ResultRow(
            run_id="r", spec=spec, family="mel", condition="16k-mono", status="ok", clip="c",
            clip_class=clip_class,  # type: ignore[arg-type]
 source=source, pesq_wb=pesq, **{"weights": "none", **scores},
        )  # fmt: skip

    rows = [
        row("mel:16k-64/harmonic", "speech", "new", 2.9, weights="trained", visqol_mos_lqo=4.2),
        row("mel:16k-64/harmonic", "speech", "heard", 4.0, weights="trained"),
        row("mel:16k-64/harmonic", "music", "m", None, weights="trained", mel_distance_db=2.5),
        row("mel:16k-64/griffinlim-64", "speech", "new", 2.1),
        row("mel:16k-64/griffinlim-64", "speech", "heard", 3.9),
        row("mel:16k-64/griffinlim-64", "music", "m", None),
        row("mel:16k-64/pghi+admm-64", "speech", "new", 2.3),
        row("mel:16k-64+wave@snr10", "speech", "new", 3.5),
        row("audioldm2:compact/harmonic", "speech", "new", 1.9, weights="trained"),
        row("audioldm2:compact/joint", "speech", "new", 2.0, weights="trained"),
        row("audioldm2:music/hifigan", "speech", "new", None, visqol_mos_lqo=None, snr_db=None),
        row("opus@16k", "speech", "new", 4.1),
    ]
    lines = Chain(rows, {"heard"}).markdown().splitlines()
    assert lines[0] == (
        "- From the true mel, speakers never heard: PESQ-WB 2.90 against 2.30 (+0.60), ViSQOL 4.20 "
        "against 4.00 (+0.20); `mel:16k-64/pghi+admm-64` is the best phase retrieval."
    )
    assert "together: PESQ-WB 2.00 against 1.90 (+0.10)" in lines[1]
    assert "mel distance in dB 2.50 against 3.00 (-0.50)" in lines[2]
    specs = [line.split("|")[1].strip() for line in lines if line.startswith("| ")][2:]
    assert specs == [
        "mel:16k-64/harmonic", "mel:16k-64/pghi+admm-64", "mel:16k-64/griffinlim-64",
        "audioldm2:compact/joint", "audioldm2:compact/harmonic",
    ]  # fmt: skip


def test_the_command_prepares_a_folder(audio: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    assert main(["train", "data", "--folder", str(audio), "--out", str(out)]) == 0
    assert len(Dataset(out).items) == 6
    assert main(["train", "data", "--packages", str(tmp_path), "--out", str(out)]) == 2


def test_rendering_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from codecmark.training import scores

    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="fluidsynth"):
        scores.render(tmp_path / "none.sf2", tmp_path / "piece.wav", 0)


def test_generated_scores_differ_and_repeat(tmp_path: Path) -> None:
    pytest.importorskip("mido")
    from codecmark.training import scores

    for index, seed in enumerate((1, 1, 2)):
        scores.write_midi(tmp_path / f"{index}.mid", np.random.default_rng(seed))
    first, second, third = ((tmp_path / f"{index}.mid").read_bytes() for index in range(3))
    assert first == second != third


def test_items_round_trip(tmp_path: Path) -> None:
    item = Item('a, "b".wav', "0" * 64, 80, 160, "speech", "s", "CC0-1.0", "é", "p", "train")
    write_manifest(tmp_path, [item])
    with (tmp_path / MANIFEST).open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["name"] == item.name


def test_audio_without_a_header_is_read(tmp_path: Path) -> None:
    """Raw G.722, as Asterisk's packages hold it: half a byte a sample at 16 kHz."""
    path = tmp_path / "prompt.g722"
    path.write_bytes(bytes(range(256)) * 100)
    clip = read_audio(path)
    assert clip.sample_rate_hz == RATE
    assert clip.n_samples == 2 * 25_600
    with pytest.raises(soundfile.LibsndfileError):
        soundfile.SoundFile(path)
