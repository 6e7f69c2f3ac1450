"""Whole files in memory through libsndfile, for the codecs whose container it writes."""

from __future__ import annotations

import io
from typing import Any

import soundfile
from numpy.typing import NDArray

from codecmark.bitstream.frame import StreamHeader
from codecmark.errors import BitstreamError, InputError


def write(samples: NDArray[Any], sample_rate_hz: int, **options: Any) -> bytes:
    """Return the file that libsndfile writes for `[channels, samples]`."""
    if not soundfile.check_format(options["format"], options["subtype"]):
        raise InputError(f"libsndfile here cannot write {options['format']} {options['subtype']}")
    buffer = io.BytesIO()
    soundfile.write(buffer, samples.T, sample_rate_hz, **options)
    return buffer.getvalue()


def read(file: bytes, header: StreamHeader, container: str, dtype: str) -> NDArray[Any]:
    """Return `[channels, samples]`, after the file's own header has been held against ours."""
    with soundfile.SoundFile(io.BytesIO(file)) as sound:
        for field, found, expected in (
            ("container", sound.format, container),
            ("sample rate", sound.samplerate, header.sample_rate_hz),
            ("channels", sound.channels, header.channels),
            ("samples", sound.frames, header.n_samples),
        ):
            if found != expected:
                raise BitstreamError(field, f"payload has {found}, the header {expected}")
        decoded: NDArray[Any] = sound.read(dtype=dtype, always_2d=True)
    return decoded.T
