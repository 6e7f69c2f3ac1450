"""`make bench` makes the page whatever failed before it, and keeps pytest's exit status."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from places import REPOSITORY

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@needs_make
@pytest.mark.parametrize(
    ("pytest_status", "review_status", "report_status", "fails"),
    [(0, 0, 0, False), (1, 0, 0, True), (1, 2, 2, True), (0, 2, 0, True), (0, 0, 2, True)],
)
def test_the_page_is_made_whatever_failed(
    tmp_path: Path, pytest_status: int, review_status: int, report_status: int, fails: bool
) -> None:
    calls = tmp_path / "calls"
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "pytest").write_text(f'#!/bin/sh\necho pytest "$@" >> {calls}\n'
                                     f"exit {pytest_status}\n")  # fmt: skip
    (programs / "codecmark").write_text(
        f'#!/bin/sh\necho codecmark "$@" >> {calls}\n'
        f"[ $1 = review ] && exit {review_status}\nexit {report_status}\n"
    )
    for program in programs.iterdir():
        program.chmod(0o755)
    (tmp_path / ".ready").touch()
    done = subprocess.run(
        ["make", "--silent", "bench", f"VENV={tmp_path}"],  # noqa: S607
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    assert calls.read_text().splitlines() == [
        "pytest benchmarks/ --benchmark-only",
        "codecmark review results/decisions/requirements.toml",
        "codecmark report",
    ]
