"""A program that answers over pipes is ended with all that it started, and waited for no longer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from codecmark.system import ending
from codecmark.system.child_program import ChildDiedError, ChildLateError, ChildProgram

_LONG_S = 600
_PROGRAM = f"""
import os, sys, time
from codecmark.system import child_program
requests, answers = child_program.serving()
for line in requests:
    how, note = line.decode().split()
    # a process that holds the pipes, as C code forks one: no hook of Python runs in it
    if "hooks" in how:
        pid = os.fork()
    else:
        import ctypes
        pid = ctypes.PyDLL(None).fork()
    if not pid:
        if "session" in how:
            os.setsid()
        time.sleep({_LONG_S})
        os._exit(0)
    with open(note, "w") as file:
        file.write(str(pid))
    if "dies" in how:
        os._exit(9)
    if "hangs" in how:
        time.sleep({_LONG_S})
    answers.write(b"done\\n")
    answers.flush()
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChildProgram]:
    (tmp_path / "forking.py").write_text(_PROGRAM)
    monkeypatch.syspath_prepend(tmp_path)
    program = ChildProgram("forking", apart=False)
    yield program
    program.close()


@pytest.fixture
def note(tmp_path: Path) -> Iterator[Path]:
    """Where the program writes which process it forked; that has ended at the end."""
    note = tmp_path / "note"
    yield note
    until = time.monotonic() + 5
    try:
        while _lives(int(note.read_text())):
            assert time.monotonic() < until, "a process was left behind"
            time.sleep(0.01)
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(note.read_text()), signal.SIGKILL)


def _lives(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def _asked(program: ChildProgram, how: str, note: Path, seconds: float | None = None) -> bytes:
    with program.asked(seconds) as (requests, answers):
        requests.write(f"{how} {note}\n".encode())
        requests.flush()
        line = answers.readline()
        if not line:
            raise EOFError
        return line


@pytest.mark.parametrize("how", ["dies", "dies-hooks"])
def test_its_death_is_noticed_whoever_holds_its_pipes(
    program: ChildProgram, note: Path, how: str
) -> None:
    with pytest.raises(ChildDiedError, match="exit status 9"):
        _asked(program, how, note)


@pytest.mark.parametrize("how", ["hangs", "hangs-session"])
def test_a_limit_is_kept_whoever_holds_its_pipes(
    program: ChildProgram, note: Path, how: str
) -> None:
    with pytest.raises(ChildLateError, match="takes more than 1 s"):
        _asked(program, how, note, 1)


def test_closing_it_leaves_nothing_behind(program: ChildProgram, note: Path) -> None:
    assert _asked(program, "answers", note) == b"done\n"
    assert _lives(int(note.read_text()))
    program.close()


def test_it_ends_with_what_it_started_when_its_parent_is_killed(tmp_path: Path, note: Path) -> None:
    (tmp_path / "forking.py").write_text(_PROGRAM)
    script = (
        "import os, sys, signal\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "from codecmark.system.child_program import ChildProgram\n"
        "with ChildProgram('forking', apart=False).asked(None) as (requests, answers):\n"
        f"    requests.write(b'answers {note}\\n')\n"
        "    answers.readline()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == -signal.SIGKILL


def test_a_request_that_nobody_reads_is_not_written_for_ever(
    program: ChildProgram, note: Path
) -> None:
    with pytest.raises(ChildLateError), program.asked(1) as (requests, _):
        requests.write(f"hangs {note}\n".encode() + bytes(1 << 20))


def test_who_ends_others_spares_what_they_did_not_start() -> None:
    command = [sys.executable, "-c", f"import time; time.sleep({_LONG_S})"]
    ours, theirs = (subprocess.Popen(command, process_group=0) for _ in range(2))
    try:
        ending.kill_with_started(ours.pid)
        assert ours.wait(10) == -signal.SIGKILL
        assert theirs.poll() is None
    finally:
        for process in (ours, theirs):
            process.kill()
            process.wait()
