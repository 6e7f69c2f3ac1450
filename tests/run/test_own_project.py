"""A project of one's own benchmarks its codec: a conftest and a benchmark file of one line each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from codecmark import catalog
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
    group = catalog.ENTRY_POINT_GROUP
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
