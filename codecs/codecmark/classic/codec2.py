"""Codec 2: parametric speech coding at 0.7 to 3.2 kbit/s, 8 kHz."""

from __future__ import annotations

import numpy as np

from codecmark.classic.frames import FrameCodec, Frames, Pcm
from codecmark.classic.libcodec2 import MODES, Library, LiveCoder
from codecmark.clip import Samples, to_pcm16
from codecmark.codec import CodecInfo
from codecmark.errors import BitstreamError
from codecmark.networks.setup import Setup
from codecmark.neural.streaming import ChunkDecoder, ChunkEncoder
from codecmark.spec import Spec

_RATE_HZ = 8_000
# bits and samples per frame, by kbit/s; from codec2.h
_FRAMES = {3.2: (64, 160), 2.4: (48, 160), 1.6: (64, 320), 1.3: (52, 320), 0.7: (28, 320)}
# The analysis window is centred 160 samples before the end of its block, the synthesis window at
# the end; 700C interpolates towards a frame one block of 80 samples later. On nine voices, mel
# spectra before and after the codec agree best at delays of 152 to 160, and 248 for 700C.
_DELAY = {3.2: 160, 2.4: 160, 1.6: 160, 1.3: 160, 0.7: 240}


class Codec2(FrameCodec):
    """Codec 2 at one bitrate: parametric, so the waveform does not follow the input's.

    Frames are packed without the bits that would pad each of them to whole bytes.
    """

    def __init__(self, bitrate_kbps: float) -> None:
        self._mode = MODES[bitrate_kbps]
        bits, samples = _FRAMES[bitrate_kbps]
        delay = _DELAY[bitrate_kbps]
        self._frames = Frames(_RATE_HZ, samples, bits, delay)
        self._fresh: Library | None = None
        self.live_rate_hz, self.chunk_samples = _RATE_HZ, samples
        self.info = CodecInfo(
            spec=f"codec2@{bitrate_kbps:g}k",
            family="codec2",
            sample_rate_hz=_RATE_HZ,
            channels=1,
            nominal_bitrate_kbps=bitrate_kbps,
            algorithmic_delay_samples=samples + delay,
            licence="LGPL-2.1 (libcodec2); BSD-2-Clause (pycodec2)",
            reference="Rowe, Techniques for Harmonic Sinusoidal Coding (1997); codec2 1.2",
            notes="8 kHz band; parametric, so SNR says nothing about it"
            + ("; mode 700C" if bitrate_kbps == 0.7 else ""),
        )
        self.reset()

    @classmethod
    def from_spec(cls, spec: Spec, _setup: Setup) -> Codec2:
        """Build from `codec2@3.2k`, `2.4k`, `1.6k`, `1.3k` or `0.7k` (mode 700C)."""
        spec.refuse_variant()
        return cls(spec.bitrate_among(MODES))

    def frames(self, clip_rate_hz: int) -> Frames:  # noqa: ARG002 - the rate is fixed
        """Return the frames of the mode."""
        return self._frames

    def reset(self) -> None:
        """Load a fresh copy of the library if the last one has advanced its random generator."""
        self._library()

    def live_encoder(self) -> ChunkEncoder:
        """Return an encoder of single frames, each padded to whole bytes."""
        coder, size = LiveCoder(self._mode), self._frames.bytes(1)
        return lambda chunk: coder.encode(to_pcm16(chunk), size).tobytes()

    def live_decoder(self) -> ChunkDecoder:
        """Return a decoder of single frames."""
        coder, frames = LiveCoder(self._mode), self._frames

        def decode(data: bytes) -> Samples:
            if len(data) != frames.bytes(1):
                raise BitstreamError("frame", f"has {frames.bytes(1)} bytes, got {len(data)}")
            return _float(coder.decode(np.frombuffer(data, np.uint8), frames.samples))

        return decode

    def encode_channel(self, pcm: Pcm, frames: Frames) -> bytes:
        """Return the packed bits of the frames; encoding draws no random numbers."""
        library = self._library()
        coded = library.encode(self._mode, pcm.reshape(-1, frames.samples), frames.bytes(1))
        return np.packbits(np.unpackbits(coded, axis=1, count=frames.bits)).tobytes()

    def decode_channel(self, data: bytes, count: int, frames: Frames) -> Samples:
        """Return the decoded frames."""
        bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count * frames.bits)
        coded = np.packbits(bits.reshape(count, frames.bits), axis=1)
        library, self._fresh = self._library(), None
        pcm = library.decode(self._mode, coded, frames.samples)
        library.close()
        return _float(pcm.reshape(-1))

    def _library(self) -> Library:
        self._fresh = self._fresh or Library()
        return self._fresh


def _float(pcm: Pcm) -> Samples:
    return pcm.astype(np.float32) / np.float32(32_768)
