"""Logarithmic PCM, as telephones have it: 8 bits a sample, fine steps where it is quiet."""

from __future__ import annotations

import numpy as np

from codecmark import AudioClip, BitstreamError, Codec, CodecInfo
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import Samples

MU = 255.0


class MuLawCodec(Codec):
    """The continuous mu-law of ITU-T G.711, at any rate; one byte a sample, channel by channel."""

    catalog_specs = ("mulaw",)

    def __init__(self) -> None:
        self.info = CodecInfo(
            spec="mulaw",
            family="mulaw",
            algorithmic_delay_samples=0,
            licence="MIT",
            reference="ITU-T G.711 (1988), in its continuous form",
        )

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return a byte for each sample."""
        samples = np.clip(clip.samples, -1, 1)
        curved = np.sign(samples) * np.log1p(MU * np.abs(samples)) / np.log1p(MU)
        levels = np.rint(curved * 127).astype(np.int8)
        return bytes(levels.tobytes())

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the samples, once the payload has as many bytes as the header promises."""
        expected = header.channels * header.n_samples
        if len(payload) != expected:
            raise BitstreamError("payload", f"{len(payload)} bytes, {expected} expected")
        curved = np.frombuffer(payload, np.int8).reshape(header.channels, header.n_samples) / 127
        samples: Samples = np.sign(curved) * np.expm1(np.abs(curved) * np.log1p(MU)) / MU
        return samples.astype(np.float32)
