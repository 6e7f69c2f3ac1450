"""A file of lines, each of which is on disk before anybody is told so."""

from __future__ import annotations

import os
import threading
from pathlib import Path


class SynchronisedLines:
    """Appends lines; any number of threads.

    Parameters
    ----------
    path : Path
    whole : int
        How many bytes of it stay; a last line that was cut off goes.
    ends : bool
        Whether the last line that stays has its end; otherwise it gets one.
    """

    def __init__(self, path: Path, whole: int, *, ends: bool = True) -> None:
        self._lock = threading.Lock()
        self._written = self._synced = 0
        self._failed = False
        self._file = open(path, "ab", buffering=0, opener=_without_links)  # noqa: SIM115
        try:
            self._file.truncate(whole)
            if not ends:
                self._file.write(b"\n")
            os.fsync(self._file.fileno())  # what was written before a kill counts as stored here
            _synchronise_folder(path.parent)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def written(self) -> int:
        """How many lines were appended, synchronised or not."""
        return self._written

    def append(self, line: bytes) -> None:
        """Write a line, one thread at a time.

        Raises
        ------
        OSError
            If it does not fit, or an earlier one could not be synchronised; no part of it stays.
        """
        self.is_on_disk(0)
        whole = os.fstat(self._file.fileno()).st_size
        try:
            if self._file.write(line) != len(line):
                raise OSError("the disk is full")
        except OSError:  # no half line may stay before the next
            os.ftruncate(self._file.fileno(), whole)
            raise
        self._written += 1

    def is_on_disk(self, written: int) -> bool:
        """Say whether the first so many lines are synchronised.

        Raises
        ------
        OSError
            If they cannot be any more: a system reports a failure once and then forgets what it
            could not write, so that nothing is acknowledged until the file is opened anew.
        """
        if self._failed:
            raise OSError("what was written before could not be synchronised")
        return self._synced >= written

    def synchronise(self) -> None:
        """Return once every line so far is on disk; one call serves all who wait."""
        written = self._written
        with self._lock:
            if not self.is_on_disk(written):
                reached = self._written
                try:
                    os.fsync(self._file.fileno())
                except OSError:
                    self._failed = True
                    raise
                self._synced = reached


def _without_links(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _synchronise_folder(folder: Path) -> None:
    """Let the name of a file that was just made survive a loss of power."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
