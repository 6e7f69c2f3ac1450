"""Reading and writing of whole files in memory with libsndfile."""

from __future__ import annotations

import io
from typing import Any

import soundfile
from numpy.typing import NDArray

from codecmark.bitstream.frame import StreamHeader
from codecmark.errors import BitstreamError, InputError

BLOCK = 1 << 19  # samples: libvorbis keeps the first block whole on the stack


def write(samples: NDArray[Any], sample_rate_hz: int, **options: Any) -> bytes:
    """Return the file that libsndfile writes for `[channels, samples]`."""
    if not soundfile.check_format(options["format"], options["subtype"]):
        raise InputError(
            f"format: the installed libsndfile cannot write {options['format']} "
            f"{options['subtype']}; update it: pip install -U soundfile"
        )
    buffer, channels = io.BytesIO(), samples.shape[0]
    with soundfile.SoundFile(buffer, "w", sample_rate_hz, channels, **options) as sound:
        for start in range(0, samples.shape[1], BLOCK):
            sound.write(samples[:, start : start + BLOCK].T)
    return buffer.getvalue()


def read(file: bytes, header: StreamHeader, container: str, dtype: str) -> NDArray[Any]:
    """Return `[channels, samples]` of a file that agrees with the stream's header.

    Raises
    ------
    BitstreamError
        If container, sample rate, channels or length differ; names the field.
    """
    with soundfile.SoundFile(io.BytesIO(file)) as sound:
        for field, in_file, expected in (
            ("container", sound.format, container),
            ("sample rate", sound.samplerate, header.sample_rate_hz),
            ("channels", sound.channels, header.channels),
            ("samples", sound.frames, header.n_samples),
        ):
            if in_file != expected:
                raise BitstreamError(field, f"the payload has {in_file}, the header {expected}")
        decoded: NDArray[Any] = sound.read(dtype=dtype, always_2d=True)
    return decoded.T
