"""Peak memory of a codec: encode and decode one clip in a fresh process and ask the system.

The figure is the whole process (interpreter, libraries, model), as a user would see it; the row
of `pcm16` shows the floor.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from pathlib import Path

from codecmark import catalog
from codecmark.clip import AudioClip
from codecmark.corpus import audio_files
from codecmark.errors import CodecmarkError, MetricError
from codecmark.networks.setup import Setup
from codecmark.system import child_program, threads
from codecmark.system.child_program import ChildDiedError, ChildLateError
from codecmark.system.text import shortened

_TIMEOUT_S = 300
_LONGEST_ANSWER = 1 << 16


def peak_memory_mib(
    spec: str, clip: AudioClip, setup: Setup, timeout_s: float = _TIMEOUT_S
) -> float:
    """Return the peak resident set, in MiB, of a process that does nothing but code `clip` once.

    Raises
    ------
    MetricError
        If the process fails or the system does not tell.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.wav"
        audio_files.write_wav(path, clip)
        # what could be fetched was fetched by the caller's own instance
        variables = {**setup.variables(), "CODECMARK_OFFLINE": "1"}
        try:
            answer = child_program.only_answer(
                "codecmark.measure.memory", spec, str(path),
                variables=variables, at_most=_LONGEST_ANSWER, seconds=timeout_s,
            )  # fmt: skip
        except ChildLateError as error:
            raise MetricError(f"the process took more than {timeout_s:g} s") from error
        except ChildDiedError as error:
            raise MetricError(f"the process failed: {error}") from error
    return _figure(answer)


def _figure(answer: bytes) -> float:
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError):
        told = None
    if isinstance(told, str):
        raise MetricError(f"the process failed: {told}")
    mib = told if isinstance(told, float) else math.nan
    if not 0 < mib < math.inf:
        raise MetricError(f"the process answered no figure: {shortened(repr(answer))}")
    return mib


def _main(spec: str, path: str) -> None:
    _, answers = child_program.serving()  # what libraries print, at exit too, is no answer
    threads.limit(threads.count())
    told: float | str
    try:
        codec = catalog.create(spec, Setup.from_environment())
        codec.decode(codec.encode(audio_files.read_own(Path(path))))
        told = own_peak_mib()
    except (Exception, SystemExit) as error:  # whatever a plug-in raises is its failure
        known = isinstance(error, CodecmarkError)
        told = shortened(str(error) if known else f"{type(error).__name__}: {error}")
    answers.write(json.dumps(told).encode())
    answers.close()


def own_peak_mib() -> float:
    """Return the most memory that this process has had so far, in MiB."""
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage would count the parent too, whose memory was there before exec
        line = next(s for s in status.read_text().splitlines() if s.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    try:
        import resource
    except ImportError:
        sys.exit("this system does not report a process's peak memory")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    _main(*sys.argv[1:])
