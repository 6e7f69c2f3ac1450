"""SHA-256 of files and texts: what weights, clips and rows are known by."""

from __future__ import annotations

import errno
import hashlib
import stat
from collections.abc import Mapping
from functools import cache
from pathlib import Path


def text_sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file; remembered by path, size and time of change.

    Raises
    ------
    OSError
        If it cannot be read, or is no regular file: a pipe or a device may never end.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "is no file that can be read", str(path))
    return _file_sha256(path, found.st_size, found.st_mtime_ns)


@cache
def _file_sha256(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def combined(digests: Mapping[str, str]) -> str:
    """Return a single digest as it is, and of several that of the sorted lines "name digest"."""
    if len(digests) == 1:
        return next(iter(digests.values()))
    lines = "".join(f"{name} {digests[name]}\n" for name in sorted(digests))
    return text_sha256(lines)
