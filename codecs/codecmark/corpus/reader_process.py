"""A process that reads audio files, so that what a library does to it costs one file.

One such process serves its parent for as long as that lives. A file that crashes it, or takes it
beyond a limit, ends it; the next file gets another. It is started as a program, not as a copy of
its parent, so that scripts need no main guard and no thread of the parent is in the way.

The parent sends a line of JSON for each file. The answer is a sequence of parts, each a kind and a
length: blocks of samples, then an end or the reason why there is none.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from codecmark.corpus.audio_decoding import Block
from codecmark.errors import CodecmarkError, InputError
from codecmark.system.quiet import VERBOSE

_PART = struct.Struct("<cII")  # kind, bytes, sample rate
_BLOCK, _END, _FAILURE = b"B", b"E", b"F"
_SAMPLE_BYTES = 4
_PACKAGES = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class ReadLimits:
    """What reading one file may cost.

    Attributes
    ----------
    seconds : float
        Of clock time.
    process_bytes : int
        Address space of the process that reads; it holds one block of samples at a time.
    audio_bytes : int
        Of the samples that are returned, as float32.
    """

    seconds: float = 60.0
    process_bytes: int = 1 << 31
    audio_bytes: int = 1 << 31


class ReaderProcess:
    """The process, started when the first file is asked for; one thread at a time uses it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._process_bytes = 0
        self._lock = threading.Lock()

    def read(
        self, path: Path, start_s: float, duration_s: float | None, limits: ReadLimits
    ) -> list[Block]:
        """Return the blocks that `audio_decoding.blocks` yields for a file.

        Raises
        ------
        InputError
            As it does, or if the process ends or a limit is met. The message does not name the
            file.
        """
        request = {
            "path": str(path.absolute()),
            "start_s": start_s,
            "duration_s": duration_s,
            "seconds": limits.seconds,
        }
        with self._lock:
            process = self._running(limits.process_bytes)
            late, whole = threading.Event(), False
            alarm = threading.Timer(limits.seconds, _expire, (process, late))
            alarm.start()
            try:
                requests, answers = _pipes(process)
                requests.write(json.dumps(request).encode() + b"\n")
                requests.flush()
                blocks = list(_received(answers, limits.audio_bytes))
                whole = True
            except (OSError, EOFError) as error:
                if late.is_set():
                    raise InputError(f"reading it takes more than {limits.seconds:g} s") from error
                how = _ending(process)
                raise InputError(f"the process that reads it died ({how})") from error
            except InputError as error:
                whole = not isinstance(error, _TooLongError)
                raise
            finally:
                alarm.cancel()
                if not whole or late.is_set():
                    self._end()
        return blocks

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _running(self, process_bytes: int) -> subprocess.Popen[bytes]:
        """Return the process; another one after a fork, a death or with another limit."""
        if self._owner != os.getpid():
            self._process = None
        alive = self._process is not None and self._process.poll() is None
        if not alive or process_bytes != self._process_bytes:
            self._end()
        if self._process is None:
            self._process = _started(process_bytes)
            self._owner, self._process_bytes = os.getpid(), process_bytes
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        for pipe in _pipes(process):
            with suppress(OSError):
                pipe.close()
        process.wait()


class _TooLongError(InputError):
    """More samples than the limit; the process would go on sending."""


def _started(process_bytes: int) -> subprocess.Popen[bytes]:
    found = os.environ.get("PYTHONPATH")
    packages = os.pathsep.join([str(_PACKAGES), *([found] if found else [])])
    return subprocess.Popen(
        # -P: no module of the current folder is taken for one of ours
        [sys.executable, "-P", "-m", __name__, str(process_bytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get(VERBOSE) == "1" else subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": packages, "OPENBLAS_NUM_THREADS": "1"},
    )


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise OSError("no pipes to the process")
    return process.stdin, process.stdout


def _expire(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def _received(pipe: IO[bytes], audio_bytes: int) -> Iterator[Block]:
    """Yield the blocks of an answer; raises `EOFError` if it stops before its end."""
    total = 0
    while True:
        kind, size, rate_hz = _PART.unpack(_exactly(pipe, _PART.size))
        total += size
        if kind == _BLOCK and total > audio_bytes:
            raise _TooLongError(
                f"holds more than {audio_bytes / 1e6:.0f} MB of samples; name a part of it"
            )
        content = _exactly(pipe, size)
        if kind == _END:
            return
        if kind == _FAILURE:
            raise InputError(json.loads(content))
        (channels,) = struct.unpack_from("<I", content)
        samples = np.frombuffer(content, "<f4", offset=4).reshape(channels, -1)
        yield Block(rate_hz, samples.astype(np.float32, copy=False))


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    content = pipe.read(size)
    if len(content) < size:
        raise EOFError
    return content


def _ending(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return "no answer"
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"


SHARED = ReaderProcess()
atexit.register(SHARED.close)


def _main(process_bytes: int) -> None:
    """The process itself: answer requests until the parent ends."""
    from codecmark.corpus import audio_decoding

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to deal with
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # what libraries print is no answer
    _limit_memory(process_bytes)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        _limit_processor_time(request["seconds"])
        path = Path(request["path"])
        try:
            for block in audio_decoding.blocks(path, request["start_s"], request["duration_s"]):
                content = struct.pack("<I", block.samples.shape[0])
                content += block.samples.astype("<f4", copy=False).tobytes()
                answers.write(_PART.pack(_BLOCK, len(content), block.rate_hz) + content)
            answers.write(_PART.pack(_END, 0, 0))
        except Exception as error:  # a bug, or a library's own exception, costs one file too
            reason = str(error)
            if not isinstance(error, CodecmarkError):
                reason = f"cannot be read as audio ({type(error).__name__}: {reason})"
            content = json.dumps(reason).encode()
            answers.write(_PART.pack(_FAILURE, len(content), 0) + content)
        answers.flush()


def _limit_memory(process_bytes: int) -> None:
    with suppress(ImportError, ValueError, OSError):  # not every system has such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (process_bytes, process_bytes))


def _limit_processor_time(seconds: float) -> None:
    """End the process by itself if it is at one file for too long and its parent is gone."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime + seconds) + 2
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


if __name__ == "__main__":
    _main(int(sys.argv[1]))
