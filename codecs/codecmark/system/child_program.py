"""A module of this package that runs as a program of its own and answers over pipes.

It is started as a program, not as a copy of its parent, so that scripts need no main guard and no
thread of the parent is in the way. It lives until it is ended, dies, or its parent does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from codecmark.errors import CodecmarkError
from codecmark.system import program_start
from codecmark.system.quiet import VERBOSE

_PACKAGES = Path(__file__).resolve().parents[2]


class ChildDiedError(CodecmarkError):
    """The program ended instead of answering; the message says how."""


class ChildLateError(CodecmarkError):
    """The program did not answer in time."""


class ChildProgram:
    """One such program, started when it is first asked and again after it died.

    Parameters
    ----------
    module : str
    apart : bool
        Whether it imports nothing but what is installed; else also what this process can import,
        as a plug-in beside a script.
    """

    def __init__(self, module: str, *, apart: bool) -> None:
        self._module = module
        self._apart = apart
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._started_with: tuple[object, ...] = ()
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The process that answers, if there is one."""
        return None if self._process is None else self._process.pid

    @contextmanager
    def asked(
        self, seconds: float | None, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Lend the pipes for one request and its whole answer, to one thread at a time.

        A program that was started with other arguments or variables is replaced. Whatever is
        raised inside ends the program, except a `CodecmarkError` whose `is_whole` is true.

        Raises
        ------
        ChildDiedError, ChildLateError
        """
        with self._lock:
            process = self._running(arguments, dict(variables or {}))
            late, whole = threading.Event(), False
            alarm = threading.Timer(seconds or 0, _expire, (process, late))
            if seconds is not None:
                alarm.start()
            try:
                yield _pipes(process)
                whole = True
            except (OSError, EOFError) as error:
                if late.is_set():
                    raise ChildLateError(f"takes more than {seconds:g} s") from error
                raise ChildDiedError(_ending(process)) from error
            except CodecmarkError as error:
                whole = getattr(error, "is_whole", False)
                raise
            finally:
                alarm.cancel()
                if not whole or late.is_set():
                    self._end()

    def close(self) -> None:
        """End the program."""
        with self._lock:
            self._end()

    def _running(
        self, arguments: tuple[str, ...], variables: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        if self._owner != os.getpid():  # a fork: the program is the parent's
            self._process = None
        wanted = (arguments, variables)
        alive = self._process is not None and self._process.poll() is None
        if not alive or self._started_with != wanted:
            self._end()
        if self._process is None:
            self._process = self._start(arguments, variables)
            self._owner, self._started_with = os.getpid(), wanted
        return self._process

    def _start(
        self, arguments: tuple[str, ...], variables: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        inherited = program_start.variables()
        if self._apart:
            found = [path for path in inherited.get("PYTHONPATH", "").split(os.pathsep) if path]
        else:
            found = [path or str(Path.cwd()) for path in program_start.module_folders()]
        packages = os.pathsep.join([str(_PACKAGES), *found])
        return subprocess.Popen(
            # -P: no module of the current folder is taken for another
            [sys.executable, "-P", "-m", self._module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if inherited.get(VERBOSE) == "1" else subprocess.DEVNULL,
            env={**inherited, "PYTHONPATH": packages, **variables},
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        for pipe in _pipes(process):
            with suppress(OSError):
                pipe.close()
        process.wait()


def exactly(pipe: IO[bytes], size: int) -> bytes:
    """Read so many bytes, or raise `EOFError`."""
    content = pipe.read(size)
    if len(content) < size:
        raise EOFError
    return content


def serving() -> tuple[IO[bytes], IO[bytes]]:
    """Return where requests come from and answers go; what the program calls first.

    What libraries print is kept from the answers, Ctrl-C is left to the parent, and the program
    ends when its parent does. What it starts itself gets the environment of now.
    """
    program_start.keep()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    return sys.stdin.buffer, answers


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise OSError("no pipes to the process")
    return process.stdin, process.stdout


def _expire(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def _ending(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return "no answer"
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"
