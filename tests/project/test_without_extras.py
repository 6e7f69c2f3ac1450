"""What an installation without extras does, by refusing every import that it would lack."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from codecmark.corpus import bundled_folder
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.system import extras
from places import REPOSITORY

REFUSAL = """
import sys

class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Refusal())
"""
# what comes with these, or is for developers alone
MORE = {"accelerate", "auraloss", "joblib", "pooch", "sklearn", "tokenizers"}
CODECS = "opus@24k,mp3@48k,flac,lc3@32k,codec2@3.2k,mel:16k-64/griffinlim-64,encodec:24khz@6k"
WORKS = {"opus@24k", "mp3@48k", "flac", "lc3@32k", "codec2@3.2k"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two clips of a second, and a start-up file that refuses imports."""
    folder = tmp_path_factory.mktemp("plain")
    refused = MORE.union(*extras.EXTRAS.values()) - {"numba"}  # which ViSQOL's package brings
    (folder / "sitecustomize.py").write_text(REFUSAL.format(names=refused))
    for name, of in (("speech", "en_male_1"), ("music", "koto_chords")):
        samples, rate = soundfile.read(bundled_folder() / f"{of}.flac")
        (folder / "clips" / name).mkdir(parents=True)
        soundfile.write(folder / "clips" / name / f"{of}.wav", samples[rate : 2 * rate], rate)
    return folder


def codecmark(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program in that folder, with what it would have after a plain `pip install`."""
    paths = os.pathsep.join([str(place), str(REPOSITORY / "codecs")])
    return subprocess.run(
        [sys.executable, "-m", "codecmark", *arguments],
        cwd=place, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip


@pytest.fixture(scope="module")
def rows(place: Path) -> list[ResultRow]:
    """What it measured, without times and without memory."""
    done = codecmark(place, "run", "--no-timing", "--codecs", CODECS, "--corpus", "clips")
    assert "Traceback" not in done.stderr
    assert "10 rows ok, 0 failed, 2 codecs unavailable" in done.stdout, done.stdout + done.stderr
    return store.read(place / "codecmark-results")


def test_classic_codecs_have_every_metric_without_a_network(rows: list[ResultRow]) -> None:
    assert {row.spec for row in rows if row.status == "ok"} == WORKS
    for row in rows:
        if row.status == "ok":
            assert row.bitrate_kbps
            exact = row.spec == "flac"
            for name in ("snr_db", "si_sdr_db"):
                assert exact or getattr(row, name) is not None
            for name in ("lsd_db", "mel_distance_db", "mrstft_distance", "zimtohrli"):
                assert getattr(row, name) is not None, row.reasons
            assert row.visqol_mos_lqo is not None
            if row.clip_class == "speech":
                assert row.pesq_wb is not None
                assert row.estoi is not None
                assert "pip install 'codecmark[neural]'" in row.reasons["distillmos"]


def test_codecs_that_need_an_extra_name_it(rows: list[ResultRow]) -> None:
    reasons = {row.family: row.reason or "" for row in rows if row.status == "unavailable"}
    assert set(reasons) == {"mel", "encodec"}
    assert reasons["mel"].endswith("needs the package torch; "
                                   "install it: pip install 'codecmark[chain]'")  # fmt: skip
    assert reasons["encodec"].endswith("pip install 'codecmark[neural]'")


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("command", ["leaderboard", "report"])
def test_tables_and_page_are_made(place: Path, command: str) -> None:
    done = codecmark(place, command)
    assert (done.returncode, done.stderr) == (0, "")
    page = place / "codecmark-results" / "report" / "index.html"
    if command == "report":
        text = page.read_text(encoding="utf-8")
        assert "opus@24k" in text
        assert "audio" in text
    else:
        assert "pip install 'codecmark[chain]'" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("list",), "pip install 'codecmark[neural]'"),
        (("list", "mel"), "pip install 'codecmark[chain]'"),
        (("--help",), "compare"),
    ],
)
def test_what_is_missing_is_listed(place: Path, arguments: tuple[str, ...], says: str) -> None:
    done = codecmark(place, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert says in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("train", "vocoder", "--data", "data", "--out", "out"), "train"),
        (("diagnose", "clips/speech/en_male_1.wav"), "chain"),
        (("layers",), "chain"),
    ],
)
def test_a_command_that_needs_an_extra_names_it(
    place: Path, arguments: tuple[str, ...], extra: str
) -> None:
    done = codecmark(place, *arguments)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"codecmark: codecmark {arguments[0]} needs the package ")
    assert line.endswith(f"; install it: pip install 'codecmark[{extra}]'")
