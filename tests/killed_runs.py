"""A small run that is killed, and the rows that it must end with."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
from msgspec.structs import asdict

from codecmark.__main__ import main
from codecmark.results import store
from entries import noise, tone

SPECS = ("pcm16", "flac", "vorbis@q3", "opus@24k")
VARIES = ("run_id", "row_s")
Rows = dict[tuple[str, str | None], dict[str, object]]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for index in range(4):
        clip = noise(8_000, seed=index) if index % 2 else tone(0.5, frequency_hz=200.0 * index + 99)
        soundfile.write(folder / f"{index}.wav", clip.samples.T, 16_000)
    return folder


def command(clips: Path, out: Path) -> list[str]:
    return [
        "run", "--codecs", ",".join(SPECS), "--corpus", str(clips),
        "--out", str(out), "--no-timing", "--workers", "2",
    ]  # fmt: skip


def finished(clips: Path, out: Path, *options: str) -> Rows:
    assert main([*command(clips, out), *options]) == 0
    assert len(store.run_ids(out)) == 1
    return {
        (row.spec, row.clip): {k: v for k, v in asdict(row).items() if k not in VARIES}
        for row in store.read(out)
    }


@pytest.fixture(scope="module")
def undisturbed(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    out = tmp_path_factory.mktemp("undisturbed")
    return finished(clips, out, "--engine", "in-process", "--workers", "1")
