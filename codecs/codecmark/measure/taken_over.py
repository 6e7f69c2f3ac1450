"""What a codec returned, as plain bytes and clips, before anything is believed of it.

A codec may be anybody's code. An object of a class of its own could tell one length to what counts
its bytes and another to what decodes them, or show other samples to a check than to a metric.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from codecmark.bitstream import frame
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip
from codecmark.errors import CodecError, CodecmarkError
from codecmark.measure.row_builder import Failure
from codecmark.measure.timing import Output, Timed


def streams(returned: Sequence[Timed[bytes | Failure]], spec: str) -> list[Timed[bytes | Failure]]:
    """Return streams of `spec`; a failure in place of what is no `bytes` itself or not whole."""

    def take(stream: object) -> bytes:
        if type(stream) is not bytes:
            raise CodecError(f"{spec} encoded to {type(stream).__name__}; it must be bytes")
        frame.unpack(spec, stream)
        return stream

    return [_taken("encode", timed, take) for timed in returned]


def clips(
    returned: Sequence[Timed[AudioClip | Failure]], spec: str, originals: Sequence[AudioClip]
) -> list[Timed[AudioClip | Failure]]:
    """Return copies of decoded clips; a failure in place of what `decoded` refuses."""
    return [
        _taken("decode", timed, partial(decoded, spec=spec, like=original))
        for timed, original in zip(returned, originals, strict=False)
    ]


def decoded(returned: object, spec: str, like: AudioClip | StreamHeader) -> AudioClip:
    """Return a copy of what a stream decoded to.

    Parameters
    ----------
    returned : object
    spec : str
    like : AudioClip or StreamHeader
        The clip that the stream is of, or its header.

    Raises
    ------
    CodecError
        If it is no `AudioClip` itself, or has another rate, length or number of channels.
    """
    if type(returned) is not AudioClip:
        raise CodecError(f"{spec} decoded to {type(returned).__name__}; it must be an AudioClip")
    own = AudioClip(returned.samples, returned.sample_rate_hz)
    got, expected = (
        f"{sound.channels} x {sound.n_samples} samples at {sound.sample_rate_hz} Hz"
        for sound in (own, like)
    )
    if got != expected:
        raise CodecError(f"{spec} decoded to {got}; the clip has {expected}")
    return own


def _taken(
    phase: str, returned: Timed[Output | Failure], take: Callable[[object], Output]
) -> Timed[Output | Failure]:
    if isinstance(returned.output, Failure):
        return returned
    try:
        return replace(returned, output=take(returned.output))
    except CodecmarkError as error:
        return Timed(Failure(f"{phase}: {error}"), ())
