"""Latency of a live connection: algorithmic delay, and the time that each chunk takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.errors import InputError
from codecmark.neural.streaming import Streamable, time_chunks
from codecmark.studies.delay import measured_delay_samples
from codecmark.system.markdown import table

_PROBED_S = 1.0  # length of the clip for each probe of the delay
_PROBES = 24
_SPAN_S = 0.08  # Mimi's frame, the longest of all codecs

HEADINGS = (
    "codec", "delay ms", "declared ms", "chunk ms", "encode p50", "p95", "max", "decode p50",
    "p95", "max ms",
)  # fmt: skip


@dataclass(frozen=True)
class Percentiles:
    """Median, 95th percentile and maximum of the time per chunk, in milliseconds."""

    p50_ms: float
    p95_ms: float
    max_ms: float

    @classmethod
    def of(cls, seconds: NDArray[np.float64]) -> Percentiles:
        """Return the percentiles of times `[n]` in seconds."""
        return cls(*(float(np.percentile(seconds, q)) * 1000 for q in (50, 95, 100)))


@dataclass(frozen=True)
class Latency:
    """Latency of one codec.

    Attributes
    ----------
    spec : str
    delay_ms : float or str
        Measured algorithmic delay, or the reason why there is no number.
    declared_ms : float or None
        Algorithmic delay that the codec declares.
    chunk_ms : float or None
        Length of a chunk; None for codecs without a live form, as are `encode` and `decode`.
    encode, decode : Percentiles or None
        Time per chunk.
    """

    spec: str
    delay_ms: float | str
    declared_ms: float | None
    chunk_ms: float | None = None
    encode: Percentiles | None = None
    decode: Percentiles | None = None

    def cells(self) -> tuple[str, ...]:
        """Return the texts of the columns in `HEADINGS`."""
        delay = self.delay_ms if isinstance(self.delay_ms, str) else f"{self.delay_ms:.1f}"
        texts = [self.spec, delay, _text(self.declared_ms), _text(self.chunk_ms)]
        for times in (self.encode, self.decode):
            values = (times.p50_ms, times.p95_ms, times.max_ms) if times else (None,) * 3
            texts += [_text(value, 2) for value in values]
        return tuple(texts)


def measure(codec: Codec, clip: AudioClip) -> Latency:
    """Measure one codec on the first channel of `clip`.

    Raises
    ------
    InputError
        If the clip is shorter than a second.
    """
    if clip.duration_s < _PROBED_S:
        raise InputError(
            f"clip: {clip.duration_s:.2f} s is too short; choose one of at least {_PROBED_S:g} s"
        )
    mono = AudioClip(clip.samples[:1], clip.sample_rate_hz)
    info = codec.info
    rate = info.sample_rate_hz or clip.sample_rate_hz
    declared = info.algorithmic_delay_samples
    latency = Latency(
        info.spec,
        _delay_ms(codec, mono.resampled(rate).cropped(_PROBED_S)),
        None if declared is None else 1000 * declared / rate,
    )
    if not isinstance(codec, Streamable):
        return latency
    times = time_chunks(codec, mono.resampled(codec.live_rate_hz).samples[0])
    return Latency(
        latency.spec, latency.delay_ms, latency.declared_ms, 1000 * times.chunk_s,
        Percentiles.of(times.encode_s), Percentiles.of(times.decode_s),
    )  # fmt: skip


def markdown(latencies: Sequence[Latency], host: str, clip: str) -> str:
    """Return the page."""
    lines = [
        "# Latency",
        "",
        f"One channel, one thread, {host}; chunks of {clip}. *Delay* is measured from outside, on "
        "one second: how far before one changed input sample the decoded signal changes, the most "
        "of 24 places. Frame, look-ahead and overlap are in it; computing and network are not. "
        "*Chunk* is what a live encoder takes at once, and the columns after it are "
        "what a chunk took: half of them, 95 % and all took no longer. A live connection adds "
        "delay and both times. Made by `codecmark latency`.",
        "",
        table(HEADINGS, [latency.cells() for latency in latencies], numbers=len(HEADINGS) - 1),
    ]
    return "\n".join(lines) + "\n"


def _delay_ms(codec: Codec, clip: AudioClip) -> float | str:
    middle = clip.n_samples // 2
    last = middle + round(_SPAN_S * clip.sample_rate_hz)
    positions = np.linspace(middle, last, _PROBES, dtype=int)
    delay = measured_delay_samples(codec, clip, positions.tolist())
    if delay is None:
        return "untrained"  # the tokens do not depend on the input
    return "whole clip" if delay >= middle else 1000 * delay / clip.sample_rate_hz


def _text(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
