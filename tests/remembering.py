"""Plug-ins that remember what they did, or print what nobody asked for, for tests of figures."""

from __future__ import annotations

import atexit
from typing import Any

from cheating import Honest


class Printer(Honest):
    """Says good-bye at exit, as a logger does."""

    farewell: Any = "bye."

    def __init__(self) -> None:
        super().__init__()
        atexit.register(lambda: print(self.farewell))


class MemLie(Printer):
    """Says at exit that it took half a mebibyte."""

    farewell = 0.5


PLUGINS = (Printer, MemLie)
