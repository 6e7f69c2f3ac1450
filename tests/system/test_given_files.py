"""Files and pipes that the user names are read whole, and none is waited for without end."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from codecmark.__main__ import main
from codecmark.system import given_files

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such pipes")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_a_pipe_is_read_to_its_end(pipe: Path) -> None:
    content = b"x" * 300_000  # more than a pipe holds

    def write() -> None:
        with pipe.open("wb") as file:
            file.write(content[:7])
            file.flush()
            file.write(content[7:])

    writer = threading.Thread(target=write)
    writer.start()
    assert given_files.read(pipe) == content
    writer.join()


def test_what_a_program_wrote_before_it_ended_is_read() -> None:
    out, into = os.pipe()
    os.write(into, b"a = 1")
    os.close(into)
    try:
        assert given_files.read(Path(f"/dev/fd/{out}")) == b"a = 1"
    finally:
        os.close(out)


@pytest.mark.parametrize("command", ["score", "review"])
def test_a_pipe_to_which_nobody_writes_is_one_line(
    pipe: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setattr(given_files, "PATIENCE_S", 0.05)
    assert main([command, str(pipe)]) == 2
    said = capsys.readouterr().err
    assert "nothing came out of it for 0.05 s; write what it holds to a file" in said
    assert str(pipe) in said
    assert said.count("\n") == 1


def test_what_has_no_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given_files, "MOST_BYTES", 2**21)
    with pytest.raises(OSError, match="is longer than 2 MiB"):
        given_files.read(Path("/dev/zero"))
