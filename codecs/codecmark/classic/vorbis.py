"""Ogg Vorbis through libsndfile, without the container's random serial number."""

from __future__ import annotations

import re

from codecmark.bitstream.frame import StreamHeader
from codecmark.classic import libsndfile, ogg
from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec, CodecInfo
from codecmark.errors import BitstreamError, InputError
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

_SETTING = re.compile(r"q(10|\d)")
_MAX_SAMPLES_PER_BYTE = 1 << 12


class VorbisCodec(Codec):
    """libvorbis at a quality of 0 to 10 (the scale of `oggenc -q`); variable bitrate.

    The stream is the whole Ogg file, because that is what users store: about 3.7 kB of it are the
    setup headers, which count most on short clips (6 kbit/s on 5 s).
    """

    def __init__(self, quality: int) -> None:
        self._level = 1.0 - quality / 10
        self.info = CodecInfo(
            spec=f"vorbis@q{quality}",
            family="vorbis",
            algorithmic_delay_samples=None,  # by block length: 1.5 blocks of 1,024 or 2,048
            licence="BSD-3-Clause (libvorbis)",
            reference="Vorbis I specification, Xiph.Org",
            notes="whole Ogg file, 3.7 kB of setup headers included; variable bitrate",
        )

    @classmethod
    def from_spec(cls, spec: Spec, _setup: Setup) -> VorbisCodec:
        """Build from `vorbis@q0` to `vorbis@q10`."""
        spec.refuse_variant()
        match = _SETTING.fullmatch(spec.setting or "")
        if match is None:
            raise InputError(f"spec: {spec} needs a quality from q0 to q10, e.g. vorbis@q3")
        return cls(int(match.group(1)))

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the Ogg file."""
        file = libsndfile.write(
            clip.samples,
            clip.sample_rate_hz,
            format="OGG",
            subtype="VORBIS",
            compression_level=self._level,
        )
        return ogg.with_serial_zero(file)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the decoded samples; Vorbis files state their exact length."""
        if header.n_samples > len(payload) * _MAX_SAMPLES_PER_BYTE:
            raise BitstreamError("samples", f"{header.n_samples} cannot come from {len(payload)} B")
        return libsndfile.read(payload, header, "OGG", "float32")
