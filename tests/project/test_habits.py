"""The checks that run before a commit, and the files that describe the project to others."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import codecmark
from places import REPOSITORY

CHECK = REPOSITORY / ".ci" / "check_files.py"


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_files", CHECK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HOME = "/ho" + "me/"  # in two parts, so that this file passes its own check


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.py", b"x = 1", "must end in exactly one line feed"),
        ("a.py", b"x = 1\n\n", "must end in exactly one line feed"),
        ("a.py", b"x = 1\r\ny = 2\r\n", "line 1 ends in a carriage return"),
        ("a.py", b"x = 1 \n", "line 1 ends in white space"),
        ("a.md", b"x\n" + f"in {HOME}anna/audio\n".encode(), f"line 2 names a home folder, {HOME}"),
        ("a.md", b"C:" + b"\\Users\\anna\n", "names a home folder"),
        ("a.bin", b"\0" * 1_000_001, "1000001 bytes, at most 1000000"),
    ],
)
def test_what_is_refused(check: ModuleType, name: str, data: bytes, problem: str) -> None:
    (found,) = check.problems(name, data)
    assert found.startswith(problem) or problem in found


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.py", b"x = 1\n"),
        ("empty.py", b""),
        ("a.md", b"a line break  \nhere\n"),
        ("a.csv", b"a,b\r\n1,2\r\n"),
        ("a.flac", b"\0\xff no text at all "),
        ("latin.txt", b"\xff no text at all "),
        ("results/rows/a.jsonl", b"{}\n" * 400_000),
        ("a.md", f"{HOME}USER/audio, {HOME}<name>\n".encode()),
    ],
)
def test_what_passes(check: ModuleType, name: str, data: bytes) -> None:
    assert list(check.problems(name, data)) == []


def test_every_committed_file_passes() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    names = [name for name in listed.stdout.split("\0") if name]
    assert len(names) > 300
    done = subprocess.run(
        [sys.executable, str(CHECK), *names],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


def test_the_exit_status_says_that_a_file_was_refused(tmp_path: Path) -> None:
    bad = tmp_path / "a.py"
    bad.write_text("x = 1")
    done = subprocess.run(
        [sys.executable, str(CHECK), str(bad), str(tmp_path / "deleted.py")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, f"{bad}: must end in exactly one line feed\n")


def test_hooks_come_from_this_repository_alone() -> None:
    text = (REPOSITORY / ".pre-commit-config.yaml").read_text()
    lines = [line.strip() for line in text.splitlines()]
    assert [line for line in lines if "repo:" in line] == ["- repo: local"]
    assert "://" not in text
    entries = [line.partition("entry: ")[2] for line in lines if line.startswith("entry: ")]
    assert len(entries) == lines.count("language: system") == 4
    assert all(entry.startswith(".venv/bin/") for entry in entries)


def test_the_citation_names_the_version_and_the_licence() -> None:
    fields = dict(
        line.split(": ", 1)
        for line in (REPOSITORY / "CITATION.cff").read_text().splitlines()
        if ": " in line and not line.startswith((" ", "-"))
    )
    assert fields["version"] == codecmark.__version__
    assert fields["license"] == "MIT"
    assert fields["cff-version"] == "1.2.0"


@pytest.mark.parametrize(
    "room", ["commands", "leaderboard", "report", "results", "review", "run", "studies"]
)
def test_pages_and_records_are_replaced_whole(room: str) -> None:
    """`whole_files` writes them: a full disk leaves the old one."""
    files = sorted((REPOSITORY / "codecs" / "codecmark" / room).rglob("*.py"))
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert ".write_text(" not in text, path
        assert ".write_bytes(" not in text, path
