"""A run over a folder of anything: the good clips get rows, each other file a line of why."""

from __future__ import annotations

import os
from pathlib import Path
from time import monotonic

import pytest

from audio_on_disk import put, put_with_ffmpeg, with_stated_length
from codecmark.__main__ import main
from codecmark.results import store


def test_ten_good_clips_among_anything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    for index in range(10):
        put(folder / f"{index}.wav", seconds=0.3)
    put_with_ffmpeg(folder / "surround.m4a", "aac", seconds=0.3, layout="7.1")
    os.mkfifo(folder / "fifo.wav")
    (folder / "folder.wav").mkdir()
    (folder / "loop.wav").symlink_to("loop.wav")
    (folder / "tcp:127.0.0.1:9?x.m4a").write_bytes(b"nothing")
    with_stated_length(put(folder / "bomb.flac", seconds=0.1), 2**36 - 1)
    odd = os.fsencode(folder) + b"/\xff\x1b[31m.m4a"
    Path(os.fsdecode(odd)).write_bytes(b"nothing")
    start_s = monotonic()
    status = main(
        ["run", "--codecs", "pcm16", "--corpus", str(folder), "--out", str(tmp_path / "out"),
         "--engine", "in-process", "--workers", "1", "--no-timing"]
    )  # fmt: skip
    said = capsys.readouterr().out
    assert status == 0
    assert monotonic() - start_s < 60
    rows = store.read(tmp_path / "out")
    good = {f"{index}.wav" for index in range(10)} | {"surround.m4a"}
    assert {row.clip for row in rows if row.status == "ok"} == good
    assert len(rows) == len(good)
    for name in (
        "fifo.wav",
        "folder.wav",
        "loop.wav",
        "tcp:127.0.0.1:9?x.m4a",
        "bomb.flac",
        r"\udcff\x1b[31m",
    ):
        assert said.count(f"not used: {name}") == 1
    assert "\x1b[31m.m4a" not in said
