"""`codecmark merge`: what was replaced stays so, and what is left out is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from codecmark.__main__ import main
from codecmark.results import store
from made_rows import row


def put(folder: Path, *figures_db: float, run_id: str = "r1") -> Path:
    """Store rows of one codec and clip, each of other code than the one before."""
    store.append(
        folder,
        [row(run_id=run_id, key=str(db), snr_db=db) for db in figures_db],
    )
    return folder


def figures_db(folder: Path) -> list[float | None]:
    return [each.snr_db for each in store.read(folder)]


@pytest.mark.parametrize("order", [[], ["compact"]])
def test_no_merge_brings_back_what_was_measured_anew(
    tmp_path: Path, order: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "shards" / "1-of-1", 13.0)
    assert main(["merge", str(tmp_path)]) == 0
    put(tmp_path, 30.7)
    if order:
        pytest.importorskip("duckdb")
        assert main(["compact", str(tmp_path)]) == 0
    capsys.readouterr()
    for _ in range(2):
        assert main(["merge", str(tmp_path)]) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert "0 rows added" in said
        assert ("1 row left out" in said) == bool(order)
        assert figures_db(tmp_path) == [30.7]
    # no empty file hides that the run is Parquet
    assert (store.compacted(tmp_path, "r1") is not None) == bool(order)
    assert main(["merge", str(tmp_path), "--replace"]) == 0
    assert figures_db(tmp_path) == [13.0]
    assert main(["merge", str(tmp_path), "--replace"]) == 0
    assert "0 rows added" in capsys.readouterr().out


def test_a_shard_that_was_measured_anew_takes_the_place_of_its_own_rows(tmp_path: Path) -> None:
    shard = put(tmp_path / "shards" / "1-of-1", 13.0)
    assert main(["merge", str(tmp_path)]) == 0
    put(shard, 30.7)
    assert main(["merge", str(tmp_path)]) == 0
    assert figures_db(tmp_path) == [30.7]


@pytest.mark.parametrize("newer", ["a", "b"])
def test_of_two_folders_the_newer_run_has_the_row(
    tmp_path: Path, newer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "ab":
        is_newer = name == newer
        put(tmp_path / name, 30.7 if is_newer else 13.0, run_id="r2" if is_newer else "r1")
    sources = [str(tmp_path / name) for name in "ab"]
    assert main(["merge", str(tmp_path / "out"), *sources]) == 0
    assert figures_db(tmp_path / "out") == [30.7]
    assert "1 row left out" in capsys.readouterr().out


def test_two_sounds_of_one_name_are_not_joined(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.append(tmp_path / "a", [row(clip_sha256="1")])
    store.append(tmp_path / "b", [row("flac", clip_sha256="2")])
    sources = [str(tmp_path / name) for name in "ab"]
    assert main(["merge", str(tmp_path / "out"), *sources]) == 2
    assert "one sound for flac and another for opus@24k" in capsys.readouterr().err
    assert not [*(tmp_path / "out" / "rows").iterdir()]


def test_a_source_without_a_row_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "a", 13.0)
    (tmp_path / "b" / "rows").mkdir(parents=True)
    (tmp_path / "b" / "rows" / "r1.jsonl").touch()
    assert main(["merge", str(tmp_path / "out"), str(tmp_path / "a"), str(tmp_path / "b")]) == 2
    assert "holds no whole row" in capsys.readouterr().err
