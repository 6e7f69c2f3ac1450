"""Audio files for tests, whole and damaged, and a limit on the memory that reading them takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

from entries import noise


def put(path: Path, seconds: float = 0.05, channels: int = 1, rate_hz: int = 16_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise(round(seconds * rate_hz), channels=channels).samples.T, rate_hz)
    return path


def put_with_ffmpeg(
    path: Path, codec: str, seconds: float = 1.0, layout: str = "mono", **options: str
) -> Path:
    import av

    channels = av.AudioLayout(layout).nb_channels

    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=48_000, layout=layout)
        assert isinstance(stream, av.AudioStream)
        parts = [
            noise(round(seconds * 48_000), channels=min(8, channels - first), rate_hz=48_000)
            for first in range(0, channels, 8)
        ]
        samples = np.concatenate([part.samples for part in parts])
        frame = av.AudioFrame.from_ndarray(samples.T.reshape(1, -1), "flt", layout)
        frame.sample_rate, frame.pts = 48_000, 0
        resampler = av.AudioResampler(format=stream.format.name)
        for ready in resampler.resample(frame):
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    return path


def cut(path: Path, fraction: float = 0.5) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: round(fraction * len(data))])
    return path


def with_stated_length(flac: Path, n_samples: int) -> Path:
    data = bytearray(flac.read_bytes())
    field = int.from_bytes(data[18:26], "big")  # its last 36 bits count the samples
    data[18:26] = ((field >> 36 << 36) | n_samples).to_bytes(8, "big")
    flac.write_bytes(data)
    return flac


@contextmanager
def memory_below(limit_bytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < limit_bytes
