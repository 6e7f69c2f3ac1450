"""What commands say of one clip of one codec is in the singular: `1 clip`, never `1 clips`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audio_on_disk import put
from codecmark.__main__ import main
from codecmark.results import store

NOUNS = (
    "clips", "codecs", "conditions", "files", "lines", "listeners", "notes", "packages", "pairs",
    "requirements", "rows", "runs", "settings", "sources", "speakers", "streams",
)  # fmt: skip
ONE = re.compile(rf"(?<![\d.,:-])1 (?:\w+ )?(?:{'|'.join(NOUNS)})\b")
ASKED = """
title = "Small"
question = "Which?"
[[requirement]]
name = "ratio"
metric = "compression_ratio"
operator = ">="
threshold = 1
"""


def plurals(text: str) -> list[str]:
    """Return where a text says one of several."""
    return [match[0] for match in ONE.finditer(text)]


def test_what_is_found() -> None:
    assert plurals("run r1: 1 codecs, 1 clips of 1 stored rows") == [
        "1 codecs", "1 clips", "1 stored rows",
    ]  # fmt: skip
    assert plurals("21 clips, 1.1 clips, 1 clip of 11 clips; 1 is 1 clip") == []


def test_one_clip_of_one_codec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "clips" / "music" / "a.wav", seconds=0.5)
    put(tmp_path / "low" / "music" / "a.wav", seconds=0.5)
    put(tmp_path / "low" / "music" / "b.wav", seconds=0.5, rate_hz=8_000)
    (tmp_path / "asked.toml").write_text(ASKED)
    options = ("--codecs", "flac", "--engine", "in-process", "--workers", "1", "--no-timing")
    commands = (
        ("run", *options, "--corpus", "clips", "--dry-run"),
        ("run", *options, "--corpus", "clips"),
        ("run", *options, "--corpus", "clips"),
        ("run", *options, "--corpus", "low", "--out", "other"),
        ("leaderboard",),
        ("review", "asked.toml"),
        ("report", "--listen", "none"),
        ("compare", "codecmark-results", "codecmark-results"),
        ("verify", "codecmark-results"),
        ("migrate", "codecmark-results"),
        ("list", "flac"),
    )
    for command in commands:
        status = main(command)
        said = capsys.readouterr()
        assert (status, said.err) == (0, ""), command
        assert plurals(said.out) == [], command
    assert len(store.run_ids(Path("codecmark-results"))) == 1
    pages = ("leaderboard.md", "decisions/0001-small.md")
    for page in pages:
        assert plurals((Path("codecmark-results") / page).read_text()) == [], page
    page = Path("codecmark-results/report/index.html").read_text(encoding="utf-8")
    shown = re.sub(r"<(script|style|svg).*?</\1>", "", page, flags=re.DOTALL)
    assert plurals(re.sub(r"<[^>]*>", " ", shown)) == []
