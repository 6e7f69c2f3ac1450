"""A process that decodes streams and never saw a clip: where the scores come from.

A codec that keeps the clip it encodes and returns it again would need no bytes at all. So what is
scored is what this process decodes, which is given a spec and bytes and nothing else: every clip
of a run for quality; of a timed run, whose calls must be where the clock is, one clip of each
batch, held against what the timed call returned.
"""

from __future__ import annotations

import atexit
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from codecmark import catalog
from codecmark.bitstream.frame import DecodeLimits
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.errors import BitstreamError, CodecError, CodecmarkError
from codecmark.measure import agreement
from codecmark.networks.setup import Setup
from codecmark.system import child_program, threads
from codecmark.system.child_program import ChildDiedError, ChildProgram, exactly

_PROGRAM = ChildProgram("codecmark.measure.decoding_worker", apart=False)
atexit.register(_PROGRAM.close)


class DecodingWorker:
    """Decodes the streams of one codec in the process, which all of them share.

    Parameters
    ----------
    codec : Codec
        What the process builds from the codec's spec must be of the same class.
    setup : Setup
    thread_count : int
    """

    def __init__(self, codec: Codec, setup: Setup, thread_count: int, limits: DecodeLimits) -> None:
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
        try:
            return self._asked(stream, thread_count or self._request["threads"])
        except ChildDiedError as error:
            raise CodecError(f"the process that never saw the clip died of it ({error})") from error

    def forget(self) -> None:
        """Let the process free the codec: a second network would be in memory meanwhile."""
        if _PROGRAM.pid is not None:
            with _PROGRAM.asked(None, variables=self._variables) as (requests, answers):
                requests.write(b'{"spec":null}\n')
                requests.flush()
                answers.readline()

    def _asked(self, stream: bytes, thread_count: int) -> AudioClip:
        with _PROGRAM.asked(None, variables=self._variables) as (requests, answers):
            request = {**self._request, "threads": thread_count, "bytes": len(stream)}
            requests.write(json.dumps(request).encode() + b"\n" + stream)
            requests.flush()
            line = answers.readline()
            if not line:
                raise EOFError
            answer: dict[str, Any] = json.loads(line)
            if "reason" in answer:
                raise _RefusedError(answer["reason"])
            channels, length = answer["shape"]
            content = exactly(answers, channels * length * 4)
        samples = np.frombuffer(content, "<f4").reshape(channels, length)
        return AudioClip(samples.astype(np.float32, copy=False), answer["sample_rate_hz"])


def disagreement(
    outputs: Sequence[object], streams: Sequence[bytes], worker: DecodingWorker
) -> str:
    """Say how what calls returned for these streams differs from what the process decodes.

    One of them is decoded there, which one follows from their bytes, so that no position is safe.
    Empty if they agree, or the call failed by itself.
    """
    index = min(range(len(streams)), key=lambda i: hashlib.sha256(streams[i]).digest())
    returned = outputs[index]
    if not isinstance(returned, AudioClip):
        return ""
    try:
        difference = agreement.difference_of(returned, worker.decode(streams[index]))
    except CodecmarkError as error:
        difference = str(error)
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
        content = b""
        if request["spec"] is None:
            answer: dict[str, Any] = {}
        else:
            stream = exactly(requests, request["bytes"])
            try:
                clip = _decoded(request, stream, built)
            except Exception as error:  # whatever a plug-in raises is its failure, by name
                known = isinstance(error, CodecmarkError)
                answer = {"reason": str(error) if known else f"{type(error).__name__}: {error}"}
            else:
                answer = {"shape": clip.samples.shape, "sample_rate_hz": clip.sample_rate_hz}
                content = clip.samples.astype("<f4", copy=False).tobytes()
        answers.write(json.dumps(answer).encode() + b"\n" + content)
        answers.flush()


def _decoded(request: dict[str, Any], stream: bytes, built: dict[str, Codec]) -> AudioClip:
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
    clip = codec.decode(stream)
    if not isinstance(clip, AudioClip):
        raise BitstreamError("decoded", f"must be an AudioClip, got {type(clip).__name__}")
    return clip


if __name__ == "__main__":
    _main()
