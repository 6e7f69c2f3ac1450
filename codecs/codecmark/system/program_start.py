"""What this program was started with, which is what the programs that it starts are given.

Code of others that runs here, as a plug-in does, may change the environment, or where modules are
found. That is its own affair, and reaches no other process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class _Start(NamedTuple):
    variables: dict[str, str]
    module_folders: list[str]


_kept: _Start | None = None


def keep() -> None:
    """Give the environment and the module path of now to every process started from here on.

    The first call counts. Programs call it before they load anything of others; where none did, as
    in a script of a user, a process is given what there is when it starts.
    """
    global _kept
    _kept = _kept or _now()


def variables() -> dict[str, str]:
    """Return the environment for another process."""
    return dict((_kept or _now()).variables)


def module_folders() -> list[str]:
    """Return where another process finds modules, as `sys.path` has it."""
    return list((_kept or _now()).module_folders)


@contextmanager
def restored() -> Iterator[None]:
    """Be as at the start while `multiprocessing` starts a process, which inherits what there is."""
    here = _now()
    _become(_kept or here)
    try:
        yield
    finally:
        _become(here)


def _now() -> _Start:
    return _Start(dict(os.environ), list(sys.path))


def _become(start: _Start) -> None:
    if start.variables != os.environ:
        os.environ.clear()
        os.environ.update(start.variables)
    sys.path[:] = start.module_folders
