"""Runs: repeated, killed and resumed, cooled down, refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console

from codecmark.errors import InputError
from codecmark.training.dataset import Dataset
from codecmark.training.runs import read_run
from codecmark.training.schedule import Schedule
from codecmark.training.task import Task
from codecmark.training.trainer import CHECKPOINT, VALIDATION, Trainer
from codecmark.training.vocoder import VocoderTask
from small_trainings import SCHEDULE, curve, train, vae_task, vocoder_task


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
    with pytest.raises(InputError, match="is not a checkpoint"):
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
    with pytest.raises(InputError, match="is not a run"):
        read_run(tmp_path)
    train(vocoder_task(dataset), tmp_path, replace(SCHEDULE, steps=1))
    with pytest.raises(InputError, match="has not been validated"):
        read_run(tmp_path)
    with pytest.raises(InputError, match="trains vocoder; name a run of vae"):
        read_run(tmp_path, "vae")


def test_a_run_cools_down_to_zero(dataset: Dataset, tmp_path: Path) -> None:
    schedule = replace(SCHEDULE, rate=2e-2)
    plain = train(vae_task(dataset), tmp_path / "plain", schedule)
    cooled = train(vae_task(dataset), tmp_path / "cooled", replace(schedule, cool_from=2))
    rates = [[float(line["rate"]) for line in curve(t.out)] for t in (plain, cooled)]
    assert rates[0] == pytest.approx([2e-4, 3e-4, 4e-4, 5e-4])
    assert rates[1] == pytest.approx([2e-4, 3e-4, 2e-4, 0.0])
    never = replace(schedule, steps=3, validate_every=100, cool_from=1)
    assert read_run(train(vae_task(dataset), tmp_path / "last", never).out).step == 3
    with pytest.raises(InputError, match=r"--cool-from: 4 needs --steps above it"):
        Trainer(vae_task(dataset), tmp_path / "never", replace(SCHEDULE, cool_from=4))


def test_the_average_is_the_recurrence_and_is_resumed(dataset: Dataset, tmp_path: Path) -> None:
    """After the first step the weights themselves, then `decay` of the average is kept."""
    states = []
    for steps in (1, 2, 3):
        task = vae_task(dataset)
        trainer = train(task, tmp_path / "run", replace(SCHEDULE, steps=steps, validate_every=99))
        states.append(task.generator.state_dict())
        assert int(trainer.average.n_averaged) == steps
    for name, value in trainer.average.module.state_dict().items():
        expected = states[0][name]
        for decay, state in ((2 / 11, states[1]), (3 / 12, states[2])):
            expected = decay * expected + (1 - decay) * state[name]
        assert torch.allclose(value, expected, atol=1e-6), name
