"""Files that the user names for reading: plain ones, and what a program writes into a pipe."""

from __future__ import annotations

import errno
import os
import select
from pathlib import Path

MOST_BYTES = 256 * 2**20
PATIENCE_S = 60.0  # in which a pipe brings something


def read(path: Path) -> bytes:
    """Return all that a file holds, or that comes out of a pipe, as of `<(...)` in a shell.

    Raises
    ------
    OSError
        If it cannot be read, is longer than `MOST_BYTES`, or is a pipe or a terminal from which
        nothing comes for `PATIENCE_S`.
    """
    if not hasattr(os, "O_NONBLOCK"):  # Windows, whose pipes are no files
        return path.read_bytes()
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        blocks: list[bytes] = []
        length = 0
        while block := _next_block(descriptor, path):
            blocks.append(block)
            length += len(block)
            if length > MOST_BYTES:
                raise OSError(errno.EFBIG, f"is longer than {MOST_BYTES >> 20} MiB", str(path))
    finally:
        os.close(descriptor)
    return b"".join(blocks)


def _next_block(descriptor: int, path: Path) -> bytes:
    """Return what comes next; a pipe to which nobody has written yet is waited for."""
    while True:
        if not select.select([descriptor], [], [], PATIENCE_S)[0]:
            raise OSError(
                errno.ETIMEDOUT,
                f"nothing came out of it for {PATIENCE_S:g} s; write what it holds to a file",
                str(path),
            )
        try:
            return os.read(descriptor, 1 << 20)
        except BlockingIOError:  # somebody else read it
            continue
