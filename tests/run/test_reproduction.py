"""Rows tried again: what was measured is reproduced, what was edited is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
from msgspec.structs import replace

from codecmark import InputError, corpus
from codecmark.__main__ import main
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.run import reproduction
from entries import noise


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three families on two clips, in a folder with the clips beside it."""
    folder = tmp_path_factory.mktemp("machine")
    (folder / "clips").mkdir()
    for seed, name in enumerate("ab"):
        samples = noise(16_000, seed=seed).samples
        soundfile.write(folder / "clips" / f"{name}.wav", samples.T / 4, 16_000)
    codecs = "opus@24k,lc3@32k,pcm16"
    arguments = ("--codecs", codecs, "--no-timing", "--corpus", str(folder / "clips"),
                 "--engine", "in-process", "--workers", "1")  # fmt: skip
    assert main(["run", *arguments, "--out", str(folder / "results")]) == 0
    return folder


@pytest.fixture(scope="module")
def rows(run: Path) -> list[ResultRow]:
    return store.read(run / "results")


def tried(row: ResultRow, run: Path) -> reproduction.Reproduction:
    return reproduction.reproduce(row, corpus.load(run / "clips"), Setup.from_environment())


def test_every_row_of_an_honest_run_is_reproduced(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", str(run / "results"), "--rows", "6", "--seed", "mine"]) == 0
    assert "6 of 6 rows reproduced, 0 differ, 0 untried; --seed mine" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"snr_db": 40.0}, "snr_db: "),
        ({"zimtohrli": 4.99}, "zimtohrli: "),
        ({"stream_bytes": 100}, "here, 100 there"),
        ({"stream_sha256": "0" * 64}, "the stream: "),
        ({"decoded_sha256": "0" * 64}, "the output"),
    ],
)
def test_a_row_that_was_edited_is_found(
    run: Path, rows: list[ResultRow], change: dict[str, float | str], what: str
) -> None:
    row = next(row for row in rows if row.spec == "opus@24k")
    found = tried(replace(row, **change), run)
    assert found.verdict == "differs"
    assert what in found.what


def test_what_is_not_here_is_untried(run: Path, rows: list[ResultRow]) -> None:
    for change, what in (
        ({"clip": "c.wav"}, "clip: c.wav is not here"),
        ({"clip_sha256": "0" * 64}, "is another one here"),
        ({"spec": "nothing@1k"}, "no codec named"),
    ):
        found = tried(replace(rows[0], **change), run)
        assert (found.verdict, what in found.what) == ("untried", True)


def test_rows_are_drawn_from_every_family_and_by_the_seed(rows: list[ResultRow]) -> None:
    assert {row.family for row in reproduction.choose(rows, 3, "a")} == {"opus", "lc3", "pcm16"}
    draws = {tuple(row.clip for row in reproduction.choose(rows, 3, str(s))) for s in range(9)}
    assert len(draws) > 1
    assert reproduction.choose(rows, 3, "a") == reproduction.choose(rows[::-1], 3, "a")


def test_rows_without_digests_cannot_be_tried(rows: list[ResultRow]) -> None:
    replayed = [replace(row, weights="replayed") for row in rows]
    with pytest.raises(InputError, match="none has digests"):
        reproduction.choose(replayed, 3, "a")
    with pytest.raises(InputError, match="rows: must be at least 1, got 0"):
        reproduction.choose(rows, 0, "a")


def test_a_run_that_differs_ends_with_status_one(
    run: Path, rows: list[ResultRow], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.append(tmp_path, [replace(row, snr_db=99.0) for row in rows if row.family != "pcm16"])
    arguments = ("--rows", "1", "--corpus", str(run / "clips"))
    assert main(["reproduce", str(tmp_path), *arguments]) == 1
    assert "0 of 1 row reproduced, 1 differ" in capsys.readouterr().out
