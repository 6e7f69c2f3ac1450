"""A process that decodes streams and never saw a clip: where the scores come from.

A codec that keeps the clip it encodes and returns it again would need no bytes at all. So what is
scored is what this process decodes, which is given a spec and bytes and nothing else: every clip
of a run for quality; of a timed run, whose calls must be where the clock is, one clip of each
batch, held against what the timed call returned. Of a plug-in the process decodes all that is
scored of a timed run too, and times it, see `unseen_inputs`.

The codecs of this package share a process. One of another distribution has its own for each spec
and condition, so that it finds nothing there that it decoded at another rate, and what it does to
its process costs nobody else.
"""

from __future__ import annotations

import atexit
import json
import secrets
from collections.abc import Sequence
from time import perf_counter
from typing import IO, Any

import numpy as np

from codecmark import catalog
from codecmark.bitstream import frame
from codecmark.bitstream.frame import DecodeLimits
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.errors import CodecError, CodecmarkError
from codecmark.measure import agreement, taken_over
from codecmark.networks.setup import Setup
from codecmark.spec import Spec
from codecmark.system import child_program, threads
from codecmark.system.child_program import ChildDiedError, ChildProgram, exactly
from codecmark.system.text import shortened

_MAX_LINE = 1 << 16
_PROGRAM = ChildProgram("codecmark.measure.decoding_worker", apart=False)
atexit.register(_PROGRAM.close)


class DecodingWorker:
    """Decodes the streams of one codec in the process, which it shares unless it is a plug-in.

    Parameters
    ----------
    codec : Codec
        What the process builds from the codec's spec must be of the same class.
    setup : Setup
    thread_count : int
    limits : DecodeLimits
    is_plugin : bool
        Whether another distribution's code takes part; by default whether the codec is of one.
    """

    def __init__(
        self,
        codec: Codec,
        setup: Setup,
        thread_count: int,
        limits: DecodeLimits,
        *,
        is_plugin: bool | None = None,
    ) -> None:
        if is_plugin is None:
            is_plugin = catalog.is_plugin(Spec.parse(codec.info.spec).family)
        self.is_plugin = is_plugin
        # a program that was started with other arguments is replaced
        self._arguments = (secrets.token_hex(8),) if self.is_plugin else ()
        self._request: dict[str, Any] = {
            "spec": codec.info.spec,
            "class": _class_of(codec),
            "threads": thread_count,
            "limits": [limits.seconds, limits.audio_bytes],
        }
        # what could be fetched was fetched by the caller's own instance
        self._variables = {**setup.variables(), "CODECMARK_OFFLINE": "1"}

    def decode(self, stream: bytes, thread_count: int | None = None) -> AudioClip:
        """Return what the stream decodes to there, by default on the threads of the condition.

        Raises
        ------
        CodecError
            If it does not decode, or the process dies of it.
        """
        return self.timed(stream, thread_count)[0]

    def timed(self, stream: bytes, thread_count: int | None = None) -> tuple[AudioClip, float]:
        """Return what `decode` does, and the seconds of the codec's call by the clock there."""
        try:
            return self._asked(stream, thread_count or self._request["threads"])
        except ChildDiedError as error:
            raise CodecError(f"the process that never saw the clip died of it ({error})") from error

    def forget(self) -> None:
        """Let the process free the codec: a second network would be in memory meanwhile."""
        if self.is_plugin:
            _PROGRAM.close()
        elif _PROGRAM.pid is not None:
            with _PROGRAM.asked(None, variables=self._variables) as pipes:
                _exchanged(pipes, {"spec": None}, b"")

    def _asked(self, stream: bytes, thread_count: int) -> tuple[AudioClip, float]:
        header, _ = frame.unpack(self._request["spec"], stream, strict=False)
        request = {**self._request, "threads": thread_count, "bytes": len(stream)}
        with _PROGRAM.asked(None, *self._arguments, variables=self._variables) as pipes:
            answer = _exchanged(pipes, request, stream)
            if answer.get("reason") is not None:
                raise _RefusedError(answer["reason"])
            content = exactly(pipes[1], header.channels * header.n_samples * 4)
        samples = np.frombuffer(content, "<f4").reshape(header.channels, header.n_samples)
        clip = AudioClip(samples.astype(np.float32, copy=False), header.sample_rate_hz)
        return clip, float(answer["seconds"])


def _exchanged(
    pipes: tuple[IO[bytes], IO[bytes]], request: dict[str, Any], content: bytes
) -> dict[str, Any]:
    """Send a request and read the line that answers it; its `reason` is why it was refused.

    Raises
    ------
    CodecError
        If the line does not repeat the number of this request: something else wrote on the pipe.
    """
    requests, answers = pipes
    number = secrets.token_hex(8)
    requests.write(json.dumps({**request, "number": number}).encode() + b"\n" + content)
    requests.flush()
    line = answers.readline(_MAX_LINE)
    if not line:
        raise EOFError
    try:
        answer = json.loads(line)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or answer.get("number") != number:
        raise CodecError("the process that never saw the clip sent what answers no request of it")
    return answer


def disagreement(
    outputs: Sequence[object], streams: Sequence[bytes], worker: DecodingWorker
) -> str:
    """Say how what calls returned for these streams differs from what the process decodes.

    One of them is decoded there, drawn now that all streams are made, so that no codec can tell
    which. Empty if they agree, or the call failed by itself.
    """
    index = secrets.randbelow(len(streams))
    returned = outputs[index]
    if not isinstance(returned, AudioClip):
        return ""
    try:
        return said(agreement.difference_of(returned, worker.decode(streams[index])))
    except CodecmarkError as error:
        return said(str(error))


def said(difference: str) -> str:
    """Say that the process disagrees, and how; empty if it does not."""
    return difference and f"a process that never saw the clip disagrees: {difference}"


class _RefusedError(CodecError):
    """What the process says of a stream; it is ready for the next."""

    is_whole = True


def _class_of(codec: Codec) -> str:
    return f"{type(codec).__module__}.{type(codec).__qualname__}"


def _main() -> None:
    """The process itself: answer requests until the parent ends."""
    requests, answers = child_program.serving()
    built: dict[str, Codec] = {}
    for line in requests:
        request = json.loads(line)
        if request["spec"] not in built:
            built.clear()
        answer: dict[str, Any] = {"number": request["number"]}
        content = b""
        if request["spec"] is not None:
            stream = exactly(requests, request["bytes"])
            try:
                clip, answer["seconds"] = _decoded(request, stream, built)
            except (Exception, SystemExit) as error:  # whatever a plug-in raises is its failure
                known = isinstance(error, CodecmarkError)
                reason = str(error) if known else f"{type(error).__name__}: {error}"
                answer["reason"] = shortened(reason)
            else:
                content = clip.samples.astype("<f4", copy=False).tobytes()
        answers.write(json.dumps(answer).encode() + b"\n" + content)
        answers.flush()


def _decoded(
    request: dict[str, Any], stream: bytes, built: dict[str, Codec]
) -> tuple[AudioClip, float]:
    spec: str = request["spec"]
    threads.limit(request["threads"])
    if spec not in built:
        built[spec] = catalog.create(spec, Setup.from_environment())
        built[spec].limits = DecodeLimits(*request["limits"])
        threads.limit(request["threads"])  # again: the codec may have loaded a library
    codec = built[spec]
    if _class_of(codec) != request["class"]:
        raise CodecError(
            f"{spec}: {_class_of(codec)} in one process, {request['class']} in another"
        )
    codec.reset()
    header, _ = frame.unpack(codec.info.spec, stream, strict=False)
    start = perf_counter()
    clip = codec.decode(stream)
    seconds = perf_counter() - start
    return taken_over.decoded(clip, spec, header), seconds


if __name__ == "__main__":
    _main()
