"""Ending a process with all that it started.

A process that was forked on the way, as a pool of workers is, holds the pipes of its parent and
outlives it. So every process that may run code of others is the leader of a group, or of a session
with what it starts in groups of their own, and is ended with them.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PROCESSES = Path("/proc")
_ROUNDS = 100  # a process that forks for ever is not followed for ever


class _Process(NamedTuple):
    pid: int
    parent: int
    group: int
    session: int


def kill_with_started(leader: int) -> None:
    """Kill a process that leads a group or session, and all that it started.

    It may be dead already. A system without `/proc` tells of its group alone.

    Parameters
    ----------
    leader : int
        The process, which must not be this one.
    """
    killed: set[int] = set()
    for _ in range(_ROUNDS):  # until nothing was started meanwhile
        left = _started_by(leader) - killed  # while each still has its parent
        kill_group(leader)
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not left:
            return
        killed |= left


def kill_group(leader: int) -> None:
    """Kill the group that a process leads or led, and nothing that left it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def kill_started() -> None:
    """Kill what this process started, if it leads a group or session."""
    own = os.getpid()
    if own in (os.getpgrp(), os.getsid(0)):
        for pid in _started_by(own) - {own}:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def end_with_started() -> None:
    """End this process at once, with what it started if it leads a group or session."""
    kill_started()
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def _started_by(leader: int) -> set[int]:
    """Return the processes of a group or session, and those that they started."""
    living = _living()
    started = {process.pid for process in living if leader in (process.group, process.session)}
    while more := {p.pid for p in living if p.parent in started} - started:
        started |= more
    return started


def _living() -> list[_Process]:
    living = []
    for folder in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError, ValueError):  # it has ended meanwhile
            # the name before it, in brackets, may hold anything
            state, *numbers = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            if state not in "ZX":
                living.append(_Process(int(folder.name), *map(int, numbers)))
    return living
