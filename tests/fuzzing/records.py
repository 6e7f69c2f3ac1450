"""A record in which somebody wrote, for trials of what a fault or a kill does to it."""

from __future__ import annotations

from pathlib import Path

from codecmark.__main__ import main
from codecmark.results import store
from made_rows import row

_ASKED = """title = "A codec"
question = "Which?"

[[requirement]]
name = "SNR"
metric = "snr_db"
operator = ">"
threshold = 10
"""
_NOTE = "Somebody wrote this and wants to keep it."


def words(folder: Path) -> list[str]:
    """Return the command that writes the record anew."""
    return ["review", str(folder / "asked.toml"), "--results", str(folder)]


def begun(folder: Path) -> int:
    """Write a record, write into it, and add a row that changes it; return its exit status."""
    (folder / "asked.toml").write_text(_ASKED)
    store.append(folder, [row("pcm16"), row("flac")])
    status = main(words(folder))
    path = next((folder / "decisions").glob("*.md"))
    path.write_text(path.read_text().replace("*Nothing is written here yet.*", _NOTE))
    store.append(folder, [row("opus@24k")])
    return status


def notes(folder: Path) -> int:
    """Return how often what was written is there."""
    return next((folder / "decisions").glob("*.md")).read_text().count(_NOTE)
