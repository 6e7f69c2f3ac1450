"""The wheel alone, in an empty environment: built, installed and run; `make wheel-test`.

It takes minutes and asks the package index, so it is no part of the usual tests: those refuse the
imports instead, see `test_without_extras`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from codecmark.corpus import bundled_folder
from codecmark.networks import trained_sets
from codecmark.system.digest import file_sha256
from places import REPOSITORY

pytestmark = pytest.mark.wheel
PARTS = (".ci", "benchmarks/corpus", "codecs", "LICENSE", "README.md", "pyproject.toml")
UNREACHABLE = ("No matching distribution", "Could not find a version", "Connection", "Temporary")
LARGEST_BYTES = 12_000_000
CODECS = "opus,mp3,flac,lc3"
CLIPS = 5
ASKED_S = 60  # for `CODECS` on `CLIPS` clips, to the page, on a machine with nothing else to do


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Return what a program prints; without a package index the test is skipped.

    Nothing of this environment shows there: neither a path to the sources nor a setting of ours.
    """
    ours = ("PYTHON", "CODECMARK_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=kept)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        if "pip" in map(str, command) and any(word in done.stderr for word in UNREACHABLE):
            pytest.skip(f"no package index is reachable: {lines[-1]}")
        pytest.fail(done.stdout + done.stderr, pytrace=False)
    return done.stdout


def _processor_s() -> float:
    """Return the processor time of all programs that have ended, theirs included."""
    times = os.times()
    return times.children_user + times.children_system


def build(project: Path, out: Path) -> Path:
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", out, project)
    (wheel,) = out.glob("*.whl")
    return wheel


def copied(place: Path) -> Path:
    """Return a copy of what the wheel is built from, with other times than the checkout."""
    for part in PARTS:
        whole, copy = REPOSITORY / part, place / part
        if whole.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(whole, copy, copy_function=shutil.copyfile, ignore=ignored)
        else:
            shutil.copyfile(whole, copy)
    return place


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(copied(tmp_path_factory.mktemp("tree")), tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel and what it asks for."""
    environment = tmp_path_factory.mktemp("empty")
    run(sys.executable, "-m", "venv", environment)
    interpreter = environment / "bin" / "python"
    constraints = REPOSITORY / "constraints.txt"
    run(interpreter, "-m", "pip", "install", "-q", "-c", constraints, wheel)
    return interpreter


def test_the_same_files_make_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    again = build(copied(tmp_path / "elsewhere"), tmp_path / "dist")
    assert (again.name, file_sha256(again)) == (wheel.name, file_sha256(wheel))


def test_it_holds_the_clips_and_no_weights(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    clips = {path.name for path in bundled_folder().iterdir()}
    assert {f"codecmark/corpus/bundled/{name}" for name in clips} <= names
    assert not [name for name in names if name.endswith((".safetensors", ".pyc"))]
    assert not [name for name in names if name.startswith(("tests", "results", "benchmarks"))]
    assert wheel.stat().st_size < LARGEST_BYTES


def test_from_measuring_to_the_page_without_torch(python: Path, tmp_path: Path) -> None:
    packages = run(python, "-m", "pip", "list", "--format=freeze").lower()
    for name in ("torch", "transformers", "librosa"):
        assert f"\n{name}==" not in packages
    five = tmp_path / "five"
    five.mkdir()
    for clip in sorted(bundled_folder().glob("*.flac"))[:CLIPS]:
        shutil.copyfile(clip, five / clip.name)
    command = (python, "-m", "codecmark")
    start, before_s = time.monotonic(), _processor_s()
    printed = run(*command, "run", "--codecs", CODECS, "--corpus", five, cwd=tmp_path)
    assert "rows ok, 0 failed, 0 codecs unavailable" in printed
    run(*command, "report", cwd=tmp_path)
    wall_s, processor_s = time.monotonic() - start, _processor_s() - before_s
    page = tmp_path / "codecmark-results" / "report" / "index.html"
    assert "opus@24k" in page.read_text(encoding="utf-8")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(
        f"\nfrom the first command to the page of {CLIPS} clips: {wall_s:.0f} s, "
        f"{processor_s:.0f} s of processor time, load {load:.1f}; asked on a quiet machine: "
        f"{ASKED_S} s"
    )
    printed = run(*command, "run", "--codecs", "codec2@3.2k", "--limit", "1", cwd=tmp_path)
    assert "1 row ok" in printed
    run(*command, "leaderboard", cwd=tmp_path)


def test_trained_weights_come_as_data(python: Path, tmp_path: Path) -> None:
    tree = copied(tmp_path / "tree")
    data = build(tree / ".ci" / "trained", tmp_path / "dist")
    with zipfile.ZipFile(data) as archive:
        names = set(archive.namelist())
    for name, files in trained_sets.SETS.items():
        assert {f"codecmark_trained/{name}/{file}" for file in files} <= names
    command = (python, "-m", "codecmark", "weights")
    assert "codecmark_trained" not in run(*command, cwd=tmp_path)
    run(python, "-m", "pip", "install", "-q", "--no-deps", data)
    try:
        assert "codecmark_trained" in "".join(run(*command, cwd=tmp_path).split())
    finally:
        run(python, "-m", "pip", "uninstall", "-q", "-y", "codecmark-trained")
