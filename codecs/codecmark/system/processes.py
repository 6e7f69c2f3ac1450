"""What a worker process does first, whoever started it."""

from __future__ import annotations

import atexit
import os
import signal
import threading
from multiprocessing import connection, parent_process

from codecmark.system import ending, program_start, threads


def begin(thread_limit: int, *, leads: bool = False) -> None:
    """Limit the threads, leave Ctrl-C to the parent, and end when the parent does.

    A parent that is killed closes nothing: without this its workers would wait for ever. What they
    start themselves gets the environment of now.

    Parameters
    ----------
    leads : bool
        Whether it leads a session, so that what it starts is ended with it, see `ending`.
    """
    if leads:
        os.setsid()
        atexit.register(ending.kill_started)
    threads.limit(thread_limit)
    program_start.keep()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        ending.end_with_started()
