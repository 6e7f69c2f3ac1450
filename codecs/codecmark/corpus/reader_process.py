"""A process that reads audio files, so that what a library does to it costs one file.

One such process serves its parent for as long as that lives. A file that crashes it, or takes it
beyond a limit, ends it; the next file gets another.

The parent sends a line of JSON for each file. The answer is a sequence of parts, each a kind and a
length: blocks of samples, then an end or the reason why there is none.
"""

from __future__ import annotations

import atexit
import json
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from codecmark.corpus.audio_decoding import Block
from codecmark.errors import CodecmarkError, InputError
from codecmark.system import child_program
from codecmark.system.child_program import ChildDiedError, ChildLateError, ChildProgram, exactly

_PART = struct.Struct("<cII")  # kind, bytes, sample rate
_BLOCK, _END, _FAILURE = b"B", b"E", b"F"


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
    """The process, started when the first file is asked for."""

    def __init__(self) -> None:
        self.program = ChildProgram("codecmark.corpus.reader_process", apart=True)

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
        one_thread = {"OPENBLAS_NUM_THREADS": "1"}
        try:
            with self.program.asked(
                limits.seconds, str(limits.process_bytes), variables=one_thread
            ) as (requests, answers):
                requests.write(json.dumps(request).encode() + b"\n")
                requests.flush()
                return list(_received(answers, limits.audio_bytes))
        except ChildLateError as error:
            raise InputError(f"reading it {error}") from error
        except ChildDiedError as error:
            raise InputError(f"the process that reads it died ({error})") from error


class _RefusedError(InputError):
    """What the process says of a file; it is ready for the next."""

    is_whole = True


def _received(pipe: IO[bytes], audio_bytes: int) -> Iterator[Block]:
    """Yield the blocks of an answer; raises `EOFError` if it stops before its end."""
    total = 0
    while True:
        kind, size, rate_hz = _PART.unpack(exactly(pipe, _PART.size))
        total += size
        if kind == _BLOCK and total > audio_bytes:  # the process would go on sending
            raise InputError(
                f"holds more than {audio_bytes / 1e6:.0f} MB of samples; name a part of it"
            )
        content = exactly(pipe, size)
        if kind == _END:
            return
        if kind == _FAILURE:
            raise _RefusedError(json.loads(content))
        (channels,) = struct.unpack_from("<I", content)
        samples = np.frombuffer(content, "<f4", offset=4).reshape(channels, -1)
        yield Block(rate_hz, samples.astype(np.float32, copy=False))


SHARED = ReaderProcess()
atexit.register(SHARED.program.close)


def _main(process_bytes: int) -> None:
    """The process itself: answer requests until the parent ends."""
    from codecmark.corpus import audio_decoding

    requests, answers = child_program.serving()
    _limit_memory(process_bytes)
    for line in requests:
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
