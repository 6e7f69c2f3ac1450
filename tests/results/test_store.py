"""Rows on disk: appended, read, torn, damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from codecmark import InputError, ResultSchemaError
from codecmark.__main__ import main
from codecmark.results import store
from made_rows import row


def test_append_and_read_the_newest_run(tmp_path: Path) -> None:
    store.append(tmp_path, [row(run_id="20260101T000000Z-aa")])
    store.append(
        tmp_path, [row(run_id="20260102T000000Z-aa"), row("flac", run_id="20260102T000000Z-aa")]
    )
    assert [r.spec for r in store.read(tmp_path)] == ["opus@24k", "flac"]
    assert len(store.read(tmp_path, store.run_ids(tmp_path))) == 3
    with pytest.raises(InputError, match="run: no 'x'"):
        store.read(tmp_path, ["x"])


def test_a_row_replaces_an_earlier_one_with_the_same_axes_only(tmp_path: Path) -> None:
    clean, lossy = row(), row(loss_percent=10.0, snr_db=3.0)
    store.append(tmp_path, [clean, lossy, row(loss_percent=10.0, snr_db=4.0)])
    assert [(r.loss_percent, r.snr_db) for r in store.read(tmp_path)] == [(None, 15.0), (10.0, 4.0)]
    assert "loss_percent" not in clean.to_json()


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    store.append(tmp_path, [row(), row("flac")])
    path = tmp_path / "rows" / "r1.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert [r.spec for r in store.read(tmp_path)] == ["opus@24k"]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    store.append(tmp_path, [row()])
    path = tmp_path / "rows" / "r1.jsonl"
    path.write_text("damage\n" + path.read_text())
    with pytest.raises(ResultSchemaError, match=r"r1\.jsonl line 1"):
        store.read(tmp_path)


def test_no_rows_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run `codecmark run` first"):
        store.read(tmp_path)


@pytest.mark.parametrize("damage", [b"\xff\xfe", b'{"spec": "\xe9"}', b"", b"[1]"])
def test_damage_of_any_kind_names_file_and_line(tmp_path: Path, damage: bytes) -> None:
    store.append(tmp_path, [row()])
    path = tmp_path / "rows" / "r1.jsonl"
    path.write_bytes(path.read_bytes() + damage + b"\n")
    with pytest.raises(ResultSchemaError, match=r"r1\.jsonl line 3"):
        store.read(tmp_path)


def test_a_folder_in_place_of_rows_is_not_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "rows" / "r1.jsonl").mkdir(parents=True)
    with pytest.raises(InputError, match=r"r1\.jsonl: cannot be read"):
        store.read(tmp_path)


def test_out_is_checked_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        pytest.fail("measured before the folder was checked")

    monkeypatch.setattr("codecmark.commands.run.run_plan", refuse)
    taken = tmp_path / "file"
    taken.write_text("mine")
    assert main(["run", "--codecs", "pcm16", "--limit", "1", "--out", str(taken)]) == 2
    assert f"--out: cannot write to {taken}" in capsys.readouterr().err
    assert taken.read_text() == "mine"
