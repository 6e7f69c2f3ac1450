"""Environment variables as folders and switches.

They are read at the edges: by the commands, the pytest plug-in, and the defaults of the functions
that users call. Everything within is given a `networks.setup.Setup` or a library of audio.
"""

from __future__ import annotations

import os
from pathlib import Path

COMMANDS = "CODECMARK_COMMANDS"
PUBLISHED_AUDIO = "CODECMARK_PUBLISHED_AUDIO"
_YES = frozenset({"1", "true", "yes", "on"})


def folder(variable: str) -> Path | None:
    """Return the folder that a variable names, None if it is unset or empty."""
    value = os.environ.get(variable)
    return Path(value).expanduser() if value else None


def folders(variable: str) -> tuple[Path, ...]:
    """Return the folders that a variable names, written as in `PATH`."""
    named = os.environ.get(variable, "").split(os.pathsep)
    return tuple(Path(name).expanduser() for name in named if name)


def is_on(*variables: str) -> bool:
    """Return whether one of these variables is 1, true, yes or on."""
    return any(os.environ.get(name, "").lower() in _YES for name in variables)
