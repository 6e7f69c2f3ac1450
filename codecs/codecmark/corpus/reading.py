"""Clips as a condition presents them, each read and prepared once a process."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from codecmark.corpus.condition import Condition, PreparedClip, prepared
from codecmark.corpus.entry import CorpusClip

KEPT = 32  # 10 s of 48 kHz stereo are 3.8 MB, so 120 MB at most

_Stamp = tuple[int, int] | None


def read(entry: CorpusClip, condition: Condition) -> PreparedClip:
    """Return a clip, from memory if it was among the last 32 and its file is still the same.

    Raises
    ------
    InputError
        If it cannot be used.
    """
    return _read(entry, condition, _stamp(entry.path))


@lru_cache(maxsize=KEPT)
def _read(entry: CorpusClip, condition: Condition, stamp: _Stamp) -> PreparedClip:  # noqa: ARG001
    return prepared(entry, condition)


def _stamp(path: Path) -> _Stamp:
    """Return what changes when a file does."""
    try:
        found = path.stat()
    except (OSError, ValueError):  # reading it will say what is wrong
        return None
    return found.st_size, found.st_mtime_ns
