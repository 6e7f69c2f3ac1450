"""What whoever runs a server is told: each notice once, and nobody waits until it is read."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import Final

_END_S: Final = 1.0


class Notices:
    """Writes to standard error in a thread of its own.

    A pipe that nobody empties is full after a few hundred lines, and then holds up whoever writes.
    Where there is no standard error, as in a window without a console, nothing is written.
    """

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._waiting: SimpleQueue[str | None] = SimpleQueue()
        self._descriptor: int | None = None
        with suppress(AttributeError, OSError, ValueError):
            self._descriptor = sys.stderr.fileno()
        # a daemon, or one that is held up would keep the process from ending
        self._thread = threading.Thread(
            target=self._write_all, name="codecmark-listen-notices", daemon=True
        )
        self._thread.start()

    def tell(self, text: str) -> None:
        """Write a notice, unless it was written before; from one thread."""
        if text not in self._said:
            self._said.add(text)
            self._waiting.put(text)

    def close(self) -> None:
        """End the thread, if it is not held up."""
        self._waiting.put(None)
        self._thread.join(_END_S)

    def _write_all(self) -> None:
        while (text := self._waiting.get()) is not None:
            if self._descriptor is not None:
                # not through the stream, whose lock the end of the process would wait for
                with suppress(OSError):
                    os.write(self._descriptor, f"{text}\n".encode("utf-8", "replace"))
