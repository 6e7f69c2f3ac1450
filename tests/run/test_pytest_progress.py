"""pytest's bar names the codec, what is done with it, and the clip."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from codecmark.clip import Samples
from entries import noise
from places import REPOSITORY

BENCH = "from codecmark.commands.pytest_plugin.benchmarks import bench_decode, bench_encode\n"
# a bar that is drawn at every change, and so says all that it was ever told
CONFTEST = """
from rich.progress import Progress

pytest_plugins = ["codecmark.commands.pytest_plugin"]
update = Progress.update

def at_once(self, *arguments, **fields):
    update(self, *arguments, **fields)
    self.refresh()

Progress.update = at_once
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "bench_codecs.py").write_text(BENCH)
    clip: Samples = noise(8_000).samples
    (tmp_path / "clips").mkdir()
    for name in ("a", "b"):
        soundfile.write(tmp_path / "clips" / f"{name}.wav", clip.T, 16_000)
    return tmp_path


def test_the_bar_names_codec_phase_and_clip(project: Path) -> None:
    terminal, end = pty.openpty()
    arguments = ("-q", "--benchmark-only", "-o", "python_files=bench_*.py", "-o",
                 "python_functions=bench_*", "--codecs", "pcm16", "--corpus", "clips")  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments], cwd=project, stdout=subprocess.PIPE,
        stderr=end, text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "codecs"), "TERM": "xterm",
             "COLUMNS": "120", "NO_COLOR": "1"},
    ) as pytest_process:  # fmt: skip
        os.close(end)
        drawn = b""
        while part := _read(terminal):
            drawn += part
        printed, _ = pytest_process.communicate()
    os.close(terminal)
    assert pytest_process.returncode == 0, printed
    text = drawn.decode()
    for words in ("pcm16: encode, clip 2 of 2", "pcm16: decode, clip 1 of 2", "pcm16: scoring"):
        assert words in text


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # how Linux says that nobody writes any more
        return b""
