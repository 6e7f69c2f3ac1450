"""A disk that fails: once at the n-th call of a kind, or as soon as a file grows too large."""

from __future__ import annotations

import errno
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

SIZES = (0, 1, 100, 1_000, 4_096, 10_000)  # bytes at which a file can grow no further


@cache
def the_disk() -> Disk:
    """Return the one of this process: its hook can be put in, and never taken out."""
    return Disk()


class Disk:
    """Fails once, at the n-th call of a kind below a folder."""

    def __init__(self) -> None:
        self.folder = ""
        self.kind = ""
        self.place = -1
        self.error = errno.ENOSPC
        self.met = 0
        self._real_sync = os.fsync
        sys.addaudithook(self._hook)
        os.fsync = self._sync  # type: ignore[assignment]

    def fail(self, kind: str, place: int, error: int, folder: Path) -> None:
        """Arm a fault."""
        self.kind, self.place, self.error, self.folder = kind, place, error, str(folder)
        self.met = 0

    def work(self) -> None:
        """Fail no more."""
        self.kind = ""

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        kind = {"open": "open", "os.rename": "rename", "os.remove": "remove"}.get(event)
        if kind == self.kind and kind and self.folder in os.fsdecode(str(arguments[0])):
            self._count()

    def _sync(self, descriptor: Any) -> None:
        if self.kind == "sync":
            self._count()
        self._real_sync(descriptor)

    def _count(self) -> None:
        self.met += 1
        if self.met == self.place + 1:
            raise OSError(self.error, os.strerror(self.error))


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, for C libraries too; a write then fails, see `run`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
