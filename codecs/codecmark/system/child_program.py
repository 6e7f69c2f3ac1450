"""A module of this package that runs as a program of its own and answers over pipes.

It is started as a program, not as a copy of its parent, so that scripts need no main guard and no
thread of the parent is in the way. It lives until it is ended, dies, or its parent does, and what
it started ends with it. A process that it started may hold its pipes open: whether it lives is
asked of the system, and a limit of time is kept by the one who waits.
"""

from __future__ import annotations

import atexit
import io
import math
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from codecmark.errors import CodecmarkError
from codecmark.system import ending, program_start
from codecmark.system.quiet import VERBOSE

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_LOOK_S = 0.25  # between two looks whether the program lives
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
            until = math.inf if seconds is None else time.monotonic() + seconds
            whole = False
            try:
                answers = io.BufferedReader(_Pipe(process, process.stdout, until))
                yield cast("IO[bytes]", _Pipe(process, process.stdin, until)), answers
                whole = True
            except _LateError as error:
                raise ChildLateError(f"takes more than {seconds:g} s") from error
            except (OSError, EOFError) as error:
                raise ChildDiedError(_ending(process)) from error
            except CodecmarkError as error:
                whole = getattr(error, "is_whole", False)
                raise
            finally:
                if not whole:
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
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if inherited.get(VERBOSE) == "1" else subprocess.DEVNULL,
            env={**inherited, "PYTHONPATH": packages, **variables},
            process_group=0,  # so that what it starts can be ended with it
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        ending.kill_with_started(process.pid)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


class _LateError(OSError):
    """The time is up."""


class _Pipe(io.RawIOBase):
    """One end of a pipe to a program: it ends when the program does, whoever else holds it."""

    def __init__(
        self, process: subprocess.Popen[bytes], pipe: IO[bytes] | None, until: float
    ) -> None:
        if pipe is None:
            raise OSError("no pipe to the process")
        self._process = process
        self._descriptor = pipe.fileno()
        self._until = until
        os.set_blocking(self._descriptor, False)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        while self._is_ready(select.POLLIN):
            with suppress(BlockingIOError):
                return os.readv(self._descriptor, [buffer])
        return 0

    def write(self, content: ReadableBuffer, /) -> int:
        """Write all of it."""
        left = memoryview(content)
        while left:
            if not self._is_ready(select.POLLOUT):
                raise BrokenPipeError("the program has ended")
            with suppress(BlockingIOError):
                left = left[os.write(self._descriptor, left) :]
        return len(memoryview(content))

    def _is_ready(self, event: int) -> bool:
        """Wait until the pipe can be used; false if the program has ended instead."""
        polled = select.poll()
        polled.register(self._descriptor, event)
        while True:
            has_ended = self._process.poll() is not None  # before the last look at the pipe
            left_s = self._until - time.monotonic()
            wait_s = 0.0 if has_ended else max(0.0, min(left_s, _LOOK_S))
            if polled.poll(1e3 * wait_s):
                return True
            if has_ended:
                return False
            if left_s <= 0:
                raise _LateError


def exactly(pipe: IO[bytes], size: int) -> bytes:
    """Read so many bytes, or raise `EOFError`."""
    content = pipe.read(size)
    if len(content) < size:
        raise EOFError
    return content


def only_answer(
    module: str,
    *arguments: str,
    variables: Mapping[str, str],
    at_most: int,
    seconds: float | None = None,
) -> bytes:
    """Return what a program of its own sends before it ends, the first `at_most` bytes.

    Raises
    ------
    ChildDiedError, ChildLateError
        Also if it sends nothing.
    """
    with (
        closing(ChildProgram(module, apart=False)) as program,
        program.asked(seconds, *arguments, variables=variables) as (_, answers),
    ):
        answer = answers.read(at_most)
        if not answer:
            raise EOFError
    return answer


def serving() -> tuple[IO[bytes], IO[bytes]]:
    """Return where requests come from and answers go; what the program calls first.

    What libraries print is kept from the answers, Ctrl-C is left to the parent, and the program
    ends when its parent does. What it starts itself gets the environment of now.
    """
    program_start.keep()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nowhere, standard)

    def leave_pipes() -> None:
        for pipe in (requests, answers):
            os.dup2(nowhere, pipe.fileno(), inheritable=False)

    os.register_at_fork(after_in_child=leave_pipes)
    atexit.register(ending.kill_started)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    return requests, answers


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    ending.end_with_started()


def _ending(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return "no answer"
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"
