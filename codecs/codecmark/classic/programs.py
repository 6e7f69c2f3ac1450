"""Running other programs without a shell, with a time limit and their last message in errors."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from codecmark.errors import CodecError
from codecmark.system import ending

_TAIL_BYTES = 4_096


def run(command: Sequence[str], folder: Path, timeout_s: float) -> None:
    """Run `command` in `folder` and wait until it ends.

    Raises
    ------
    CodecError
        If the program cannot be started, takes longer than `timeout_s`, or returns a code other
        than 0; quotes the last line of its standard error.
    """
    name = Path(command[0]).name
    messages = folder / "stderr.txt"
    with messages.open("wb") as stderr:  # a file: a full pipe that nobody reads blocks the program
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,  # so that its child processes can be killed with it
            )
        except OSError as error:
            raise CodecError(f"{name} cannot be started: {error}") from error
        try:
            code = process.wait(timeout_s)
        except BaseException as error:
            ending.kill_with_started(process.pid)
            process.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise CodecError(f"{name} took more than {timeout_s:g} s") from error
            raise
        # what it left in the background; no look at every process, since a clock may run
        ending.kill_group(process.pid)
    if code != 0:
        raise CodecError(f"{name} returned {code}: {_last_line(messages)}")


def _last_line(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "no message")
