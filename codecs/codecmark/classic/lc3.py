"""LC3, the codec of Bluetooth LE Audio, through liblc3 (package `lc3py`)."""

from __future__ import annotations

from functools import cache
from typing import Any

import lc3
import numpy as np

from codecmark.classic.frames import FrameCodec, Frames, Pcm
from codecmark.clip import Samples, to_pcm16
from codecmark.codec import CodecInfo
from codecmark.networks.setup import Setup
from codecmark.neural.streaming import ChunkDecoder, ChunkEncoder
from codecmark.spec import Spec

_FRAME_US = 10_000
_RATES_HZ = (8_000, 16_000, 24_000, 32_000, 48_000)
_BITRATES_KBPS = (16, 320)  # 20 to 400 bytes a frame
_PCM_BITS = 16


class Lc3Codec(FrameCodec):
    """LC3 in frames of 10 ms and constant size.

    The package's encoders and decoders keep state between frames and cannot be reset. Building one
    takes 2 ms, because the package looks up its C library each time, so `reset` builds them before
    a timed call. The package never frees them: 3 to 5 kB per call.
    """

    live_rate_hz = 16_000
    chunk_samples = 160

    def __init__(self, bitrate_kbps: float) -> None:
        self._bitrate_bps = round(bitrate_kbps * 1000)
        self._fresh: dict[tuple[type, int], Any] = {}
        self._used: set[tuple[type, int]] = set()
        self.info = CodecInfo(
            spec=f"lc3@{bitrate_kbps:g}k",
            family="lc3",
            sample_rate_hz=_RATES_HZ[-1],
            channels=1,
            nominal_bitrate_kbps=bitrate_kbps,
            algorithmic_delay_samples=600,  # 12.5 ms at every rate
            licence="Apache-2.0 (liblc3)",
            reference="Bluetooth SIG, Low Complexity Communication Codec 1.0",
            notes="10 ms frames at the lowest of 8, 16, 24, 32, 48 kHz that keeps the clip's band; "
            "more channels are coded one by one",
        )

    @classmethod
    def from_spec(cls, spec: Spec, _setup: Setup) -> Lc3Codec:
        """Build from `lc3@16k` to `lc3@320k`."""
        spec.refuse_variant()
        return cls(spec.bitrate_kbps(*_BITRATES_KBPS))

    def frames(self, clip_rate_hz: int) -> Frames:
        """Return the frames at the lowest rate that keeps the clip's whole band."""
        rate = next((rate for rate in _RATES_HZ if rate >= clip_rate_hz), _RATES_HZ[-1])
        return _frames(rate, self._bitrate_bps)

    def reset(self) -> None:
        """Build new coders for those that the last call used, at the rates seen so far."""
        for kind, rate in self._used - self._fresh.keys():
            self._fresh[kind, rate] = kind(_FRAME_US, rate)

    def encode_channel(self, pcm: Pcm, frames: Frames) -> bytes:
        """Return the coded frames, concatenated."""
        encoder = self._take(lc3.Encoder, frames.rate_hz)
        return b"".join(
            encoder.encode(frame.tobytes(), frames.bytes(1), _PCM_BITS)
            for frame in pcm.reshape(-1, frames.samples)
        )

    def decode_channel(self, data: bytes, count: int, frames: Frames) -> Samples:
        """Return the decoded frames, not rounded to integers."""
        decoder, size = self._take(lc3.Decoder, frames.rate_hz), frames.bytes(1)
        decoded = [decoder.decode(data[i * size : (i + 1) * size]) for i in range(count)]
        return np.concatenate(decoded, dtype=np.float32)

    def live_encoder(self) -> ChunkEncoder:
        """Return an encoder of single frames at 16 kHz."""
        encoder, size = self._take(lc3.Encoder, self.live_rate_hz), self._live_bytes()

        def encode(chunk: Samples) -> bytes:
            coded: bytes = encoder.encode(to_pcm16(chunk).tobytes(), size, _PCM_BITS)
            return coded

        return encode

    def live_decoder(self) -> ChunkDecoder:
        """Return a decoder of single frames."""
        decoder = self._take(lc3.Decoder, self.live_rate_hz)
        return lambda data: np.array(decoder.decode(data), np.float32)

    def _live_bytes(self) -> int:
        return _frames(self.live_rate_hz, self._bitrate_bps).bytes(1)

    def _take(self, kind: type, rate_hz: int) -> Any:
        self._used.add((kind, rate_hz))
        self.reset()
        return self._fresh.pop((kind, rate_hz))


@cache
def _frames(rate_hz: int, bitrate_bps: int) -> Frames:
    decoder = lc3.Decoder(_FRAME_US, rate_hz)
    return Frames(
        rate_hz=rate_hz,
        samples=decoder.get_frame_samples(),
        bits=8 * decoder.get_frame_bytes(bitrate_bps),
        delay_samples=decoder.get_delay_samples(),
    )
