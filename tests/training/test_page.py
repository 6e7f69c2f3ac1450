"""The command that trains, and the page of a training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codecmark.__main__ import main
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.training.against_the_chain import Chain
from codecmark.training.dataset import Dataset
from small_trainings import train, vocoder_task


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
    store.append(
        rows,
        [
            ResultRow(
                run_id="r", spec="mel:16k-64/griffinlim-32", family="mel", condition="16k-mono",
                status="ok", clip="9.wav", clip_class="speech", source=source, weights="none",
                pesq_wb=2.1, visqol_mos_lqo=3.0, mel_distance_db=3.0, snr_db=-2.5,
            )
            for source in ("a", "z")
        ],
    )  # fmt: skip
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
