"""A project of one's own benchmarks its codec: a conftest and a benchmark file of one line each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import soundfile

from codecmark import AudioClip
from codecmark.catalog import factories
from codecmark.corpus.audio_files import write_wav
from codecmark.results import store
from entries import noise, tone

CODEC = '''
from codecmark import CodecInfo
from codecmark.classic.pcm import Pcm16Codec
from dataclasses import replace


class Mine(Pcm16Codec):
    """Sixteen bits a sample, under a name of its own."""

    catalog_specs = ("mine",)

    def __init__(self):
        super().__init__()
        self.info = replace(self.info, spec="mine", family="mine")

    @classmethod
    def from_spec(cls, spec, setup):
        return cls()
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    info = folder / "mine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    group = factories.ENTRY_POINT_GROUP
    (info / "entry_points.txt").write_text(f"[{group}]\nmine = mine_codec:Mine\n")
    (folder / "mine_codec.py").write_text(CODEC)
    (folder / "conftest.py").write_text('pytest_plugins = ["codecmark.commands.pytest_plugin"]\n')
    (folder / "bench_codecs.py").write_text(
        "from codecmark.commands.pytest_plugin.benchmarks import bench_decode, bench_encode\n"
    )
    (folder / "test_of_its_own.py").write_text("def test_nothing() -> None:\n    pass\n")
    (folder / "clips").mkdir()
    for name, clip in (("noise", noise(8_000)), ("tone", tone(0.5))):
        soundfile.write(folder / "clips" / f"{name}.wav", clip.samples.T, 16_000)
    return folder


def pytest_in(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(project), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=project, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip


def test_its_codec_is_measured_into_its_own_folder(project: Path) -> None:
    done = pytest_in(project, "--benchmark-only", "--codecs", "mine,flac", "--corpus", "clips")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bench_encode[mine]" in done.stdout
    rows = store.read(project / "codecmark-results")
    assert [(row.spec, row.clip, row.status) for row in rows] == [
        (spec, f"{clip}.wav", "ok") for spec in ("mine", "flac") for clip in ("noise", "tone")
    ]
    assert all(row.encode_s and row.decode_s and row.stream_bytes for row in rows)
    assert (project / "codecmark-results" / "leaderboard.md").is_file()


def test_saved_benchmarks_say_what_was_coded_and_compare(project: Path, speech: AudioClip) -> None:
    (project / "clips" / "speech").mkdir()
    write_wav(project / "clips" / "speech" / "voice.wav", speech.cropped(1.5))
    try:
        _save_and_compare(project)
    finally:
        shutil.rmtree(project / "clips" / "speech")


def _save_and_compare(project: Path) -> None:
    options = ["--benchmark-only", "--codecs", "mine,opus@24k", "--corpus", "clips/speech", "--new",
               "--results", "saved", "--benchmark-storage", "file://./store"]  # fmt: skip
    first = pytest_in(project, *options, "--benchmark-save", "first")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "warning" not in first.stdout
    (saved,) = project.glob("store/*/0001_first.json")
    benchmarks = json.loads(saved.read_text())["benchmarks"]
    described = {entry["name"]: entry["extra_info"] for entry in benchmarks}
    assert set(described) == {
        f"bench_{phase}[{spec}]" for phase in ("encode", "decode") for spec in ("mine", "opus@24k")
    }
    (row,) = (row for row in store.read(project / "saved") if row.spec == "opus@24k")
    assert row.pesq_wb is not None
    for phase in ("encode", "decode"):
        assert described[f"bench_{phase}[opus@24k]"] == {
            "spec": "opus@24k", "condition": "16k-mono", "weights": "none", "run_id": row.run_id,
            "bitrate_kbps": row.bitrate_kbps, "snr_db": row.snr_db, "pesq_wb": row.pesq_wb,
        }  # fmt: skip
    assert described["bench_encode[mine]"]["snr_db"] is None  # exact
    options += ["--corpus", "clips/tone.wav", "--benchmark-compare"]  # quicker: times are compared
    second = pytest_in(project, *options, "--benchmark-save", "second")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "bench_encode[opus@24k] (0001_first)" in second.stdout
    assert "bench_encode[opus@24k] (NOW)" in second.stdout
    both = [str(path) for path in sorted(project.glob("store/*/000*.json"))]
    compared = subprocess.run(
        [sys.executable, "-m", "pytest_benchmark", "compare", *both],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert compared.returncode == 0, compared.stderr
    assert compared.stdout.count("bench_decode[mine]") == 2


def test_a_histogram_is_drawn_or_refused_by_name(project: Path) -> None:
    options = ["--benchmark-only", "--codecs", "mine", "--corpus", "clips/tone.wav", "--new",
               "--results", "drawn", "--benchmark-histogram", "pictures/times"]  # fmt: skip
    done = pytest_in(project, *options)
    if find_spec("pygal") is None:
        assert done.returncode == 2
        assert "--benchmark-histogram needs the packages pygal and pygaljs" in done.stderr
        assert "pip install 'codecmark[histogram]'" in done.stderr
        assert not (project / "drawn").exists()
    else:
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(list(project.glob("pictures/times-*.svg"))) == 2


def test_its_other_tests_read_no_clip(project: Path) -> None:
    done = pytest_in(project, "test_of_its_own.py", "--corpus", "no-such-folder")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "codecmark:" not in done.stdout


def test_a_wrong_corpus_is_one_clear_line(project: Path) -> None:
    done = pytest_in(project, "--benchmark-only", "--codecs", "mine", "--corpus", "no-such-folder")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "corpus: no-such-folder does not exist" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("spec", ["opus@900k", "opus@"])
def test_a_wrong_spec_ends_as_in_a_run(project: Path, spec: str) -> None:
    done = pytest_in(project, "--benchmark-only", "--codecs", spec, "--corpus", "clips")
    assert done.returncode == 2
    assert f"codecmark: spec: {spec}" in done.stderr.replace("'", "")
    assert "Traceback" not in done.stderr


def test_help_says_where_rows_go(project: Path) -> None:
    done = pytest_in(project, "--help")
    text = " ".join(done.stdout.split())
    assert "where rows and leaderboard go (default: codecmark-results)" in text
    assert "folder, manifest or audio file (default: the bundled clips)" in text
