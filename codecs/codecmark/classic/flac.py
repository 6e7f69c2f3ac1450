"""FLAC through libsndfile: lossless on the 16-bit grid."""

from __future__ import annotations

import numpy as np

from codecmark.bitstream.frame import StreamHeader
from codecmark.classic import libsndfile
from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec, CodecInfo
from codecmark.errors import BitstreamError

_LEVEL = 5 / 8  # libsndfile maps 0..1 to libFLAC's levels 0..8, of which 5 is the default
_MAX_SAMPLES_PER_BYTE = 1 << 14  # a silent FLAC frame of 65,535 samples still takes 14 bytes


class FlacCodec(Codec):
    """A whole FLAC file, its 42 header bytes included."""

    def __init__(self) -> None:
        self.info = CodecInfo(
            spec="flac",
            family="flac",
            algorithmic_delay_samples=0,
            licence="BSD-3-Clause (libFLAC)",
            reference="RFC 9639",
            notes="whole FLAC file, level 5; 16 bits",
        )

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the file."""
        return libsndfile.write(
            clip.pcm16(),
            clip.sample_rate_hz,
            format="FLAC",
            subtype="PCM_16",
            compression_level=_LEVEL,
        )

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the exact samples."""
        if header.n_samples > len(payload) * _MAX_SAMPLES_PER_BYTE:
            raise BitstreamError("samples", f"{header.n_samples} cannot come from {len(payload)} B")
        pcm = libsndfile.read(payload, header, "FLAC", "int16")
        return pcm.astype(np.float32) / np.float32(32_768)
