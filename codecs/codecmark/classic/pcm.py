"""16-bit PCM: a codec that does nothing, to measure the cost of the harness itself."""

from __future__ import annotations

import numpy as np

from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec, CodecInfo
from codecmark.errors import BitstreamError


class Pcm16Codec(Codec):
    """Little-endian 16-bit samples, channels interleaved; exact for clips on the 16-bit grid."""

    def __init__(self) -> None:
        self.info = CodecInfo(
            spec="pcm16",
            family="pcm16",
            algorithmic_delay_samples=0,
            licence="MIT",
            reference="ITU-T G.711 names linear PCM; here 16 bits, two's complement",
        )

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the interleaved samples."""
        return clip.pcm16().T.astype("<i2", copy=False).tobytes()

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the samples; their count must match the header."""
        expected = 2 * header.channels * header.n_samples
        if len(payload) != expected:
            raise BitstreamError("payload", f"{len(payload)} bytes of PCM, {expected} expected")
        pcm = np.frombuffer(payload, "<i2").reshape(header.n_samples, header.channels)
        return pcm.T.astype(np.float32) / np.float32(32_768)
