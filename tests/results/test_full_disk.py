"""Full disks and interrupted writes: rows are there whole or not at all, and nothing is lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codecmark.__main__ import main
from codecmark.commands.merge import merge
from codecmark.errors import InputError, ResultSchemaError
from codecmark.results import parquet, store
from made_rows import row


def failing(after: int, real: Callable[..., Any]) -> Callable[..., Any]:
    calls = iter(range(10**6))

    def call(*arguments: Any, **named: Any) -> Any:
        if next(calls) >= after:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments, **named)

    return call


@pytest.mark.parametrize("after", [0, 1])
def test_rows_that_do_not_fit_leave_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    store.append(tmp_path, [row()])
    path = tmp_path / "rows" / "r1.jsonl"
    with store.writing(tmp_path, "r1") as writer:
        monkeypatch.setattr(os, "fsync", failing(after, os.fsync))
        if after:
            writer.add([row("flac")])
        before = path.read_bytes()
        with pytest.raises(InputError, match=r"r1\.jsonl: cannot be written \(No space left"):
            writer.add([row("pcm16")])
        assert path.read_bytes() == before
        monkeypatch.undo()
        writer.add([row("mp3@64k")])
    specs = [found.spec for found in store.read(tmp_path)]
    assert specs == ["opus@24k", *(["flac"] if after else []), "mp3@64k"]


def test_a_device_that_is_full() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no such device")
    with Path("/dev/full").open("r+b", buffering=0) as device:
        writer = store.Writer(device)
        with pytest.raises(InputError, match="No space left"):
            writer.add([row()])


@pytest.mark.parametrize("step", ["sync", "check", "place"])
def test_compaction_that_fails_removes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    pytest.importorskip("duckdb")
    store.append(tmp_path, [row(), row("flac")])
    path = tmp_path / "rows" / "r1.jsonl"
    before = path.read_bytes()
    name = {"sync": "_sync", "check": "rows", "place": "put_in_place"}[step]
    monkeypatch.setattr(parquet, name, failing(0, getattr(parquet, name)))
    with pytest.raises(OSError, match="No space left"):
        store.compact(tmp_path, "r1")
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [found.spec for found in store.read(tmp_path)] == ["opus@24k", "flac"]
    assert store.compact(tmp_path, "r1") == 2


def test_a_command_says_in_one_line_that_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("duckdb")
    store.append(tmp_path, [row(), row("flac")])
    monkeypatch.setattr(os, "fsync", failing(0, os.fsync))
    assert main(["compact", str(tmp_path)]) == 2
    monkeypatch.undo()
    said = capsys.readouterr().err
    assert said == "codecmark: No space left on device; what was stored before is as it was\n"
    assert len(store.read(tmp_path)) == 2


def test_compaction_that_would_change_a_row_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("duckdb")
    store.append(tmp_path, [row(), row("flac")])
    path = tmp_path / "rows" / "r1.jsonl"
    real = parquet.rows
    monkeypatch.setattr(parquet, "rows", lambda part: list(real(part))[1:])
    with pytest.raises(ResultSchemaError, match="nothing was changed"):
        store.compact(tmp_path, "r1")
    assert path.is_file()
    assert not list(path.parent.glob("*.p*"))


def test_compaction_refuses_what_the_reader_refuses(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    store.append(tmp_path, [row(), row("flac")])
    path = tmp_path / "rows" / "r1.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"spec"', b'"s\xffec"', 1))
    before = path.read_bytes()
    with pytest.raises(ResultSchemaError, match="line 2"):
        store.compact(tmp_path, "r1")
    assert path.read_bytes() == before


def test_an_ok_row_is_never_replaced_by_a_failed_one(tmp_path: Path) -> None:
    ok, failed = row(), row(status="failed", reason="decode: broke", snr_db=None)
    for order in ([ok, failed], [failed, ok]):
        folder = tmp_path / order[0].status
        for number, found in enumerate(order):
            store.append(folder / str(number), [found])
        merge(folder / "joined", [folder / "0", folder / "1"])
        assert [found.status for found in store.read(folder / "joined")] == ["ok"]
        assert merge(folder / "joined", [folder / "1"])[1].added == []
        assert [found.status for found in store.read(folder / "joined")] == ["ok"]


def test_random_weights_do_not_replace_trained_ones(tmp_path: Path) -> None:
    trained = row("dac:16khz@6k", weights="published", weights_sha256="0" * 64)
    random = row("dac:16khz@6k", weights="random", snr_db=None, reasons={"snr_db": "no weights"})
    store.append(tmp_path / "0", [trained])
    store.append(tmp_path / "1", [random])
    merge(tmp_path / "joined", [tmp_path / "0", tmp_path / "1"])
    assert [found.weights for found in store.read(tmp_path / "joined")] == ["published"]
