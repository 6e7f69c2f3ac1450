"""Trainings that start from other trainings' weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from codecmark.errors import InputError
from codecmark.networks.setup import Setup
from codecmark.training.dataset import Dataset
from codecmark.training.export import export
from codecmark.training.joint import JointTask
from codecmark.training.precision import multiplies_bfloat16
from codecmark.training.runs import Start, read_run, read_start
from small_trainings import CPU, SCHEDULE, train, vae_task, vocoder_task


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
    export(tmp_path / "run", tmp_path / "set", dataset, Setup())
    start = read_start(tmp_path / "set", name)
    task = make(dataset, start=start)
    for key, value in read_run(tmp_path / "run").state.items():
        held = task.generator.state_dict()[key]
        assert torch.allclose(held, value, rtol=1e-3, atol=1e-6)  # half precision
    train(task, tmp_path / "further", replace(SCHEDULE, steps=1))
    with pytest.raises(InputError, match=r"holds a run with another .*started_from"):
        train(make(dataset), tmp_path / "further")
