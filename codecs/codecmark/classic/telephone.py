"""Telephone speech codecs through PyAV (the FFmpeg libraries): G.722 and AMR narrowband.

The delay that FFmpeg writes into the first packet is right for G.722 (22 samples) and wrong for AMR
(50 samples, although the look-ahead of 5 ms is 40), so both are stated here. The high-pass filters
of AMR shift the phase at low frequencies: they delay frequencies below 600 Hz by up to 20 more
samples and those above 1 kHz by none, and cross-correlation finds a delay between, depending on the
voice.
"""

from __future__ import annotations

from dataclasses import dataclass

from codecmark.classic import libav
from codecmark.classic.frames import FrameCodec, Frames, Pcm
from codecmark.clip import Samples
from codecmark.codec import CodecInfo
from codecmark.networks.setup import Setup
from codecmark.neural.streaming import ChunkDecoder, ChunkEncoder
from codecmark.spec import Spec


@dataclass(frozen=True)
class _Format:
    encoder: str
    decoder: str
    rate_hz: int
    frame_samples: int
    frame_bytes: dict[float, int]  # by bitrate in kbit/s
    delay_samples: int
    packet_frames: int  # frames per packet for the decoder
    licence: str
    reference: str
    notes: str


_FORMATS = {
    "g722": _Format(
        "g722", "g722", 16_000, 2, {64: 1}, 22, 160, "LGPL-2.1 (FFmpeg)", "ITU-T G.722",
        "one byte for two samples",
    ),
    "amr": _Format(
        "libopencore_amrnb", "amrnb", 8_000, 160,
        {4.75: 13, 5.15: 14, 5.9: 16, 6.7: 18, 7.4: 20, 7.95: 21, 10.2: 27, 12.2: 32}, 40, 1,
        "Apache-2.0 (OpenCORE)", "3GPP TS 26.071; RFC 4867",
        "8 kHz; frames of whole bytes with a header byte, as in an AMR file, so above nominal rate",
    ),
}  # fmt: skip


class TelephoneCodec(FrameCodec):
    """One of FFmpeg's fixed-frame speech codecs at one bitrate."""

    chunk_samples = 160

    def __init__(self, family: str, bitrate_kbps: float) -> None:
        self._format = fmt = _FORMATS[family]
        self._bitrate_bps = round(bitrate_kbps * 1000)
        self.live_rate_hz = fmt.rate_hz
        self._frame_bytes = size = fmt.frame_bytes[bitrate_kbps]
        self._frames = Frames(fmt.rate_hz, fmt.frame_samples, 8 * size, fmt.delay_samples)
        self.info = CodecInfo(
            spec=f"{family}@{bitrate_kbps:g}k",
            family=family,
            sample_rate_hz=fmt.rate_hz,
            channels=1,
            nominal_bitrate_kbps=bitrate_kbps,
            algorithmic_delay_samples=fmt.delay_samples + fmt.frame_samples,
            licence=fmt.licence,
            reference=fmt.reference,
            notes=fmt.notes,
        )

    @classmethod
    def from_spec(cls, spec: Spec, _setup: Setup) -> TelephoneCodec:
        """Build from e.g. `g722@64k` or `amr@12.2k`."""
        spec.refuse_variant()
        return cls(spec.family, spec.bitrate_among(_FORMATS[spec.family].frame_bytes))

    def live_encoder(self) -> ChunkEncoder:
        """Return an encoder of chunks of 160 samples."""
        fmt = self._format
        return libav.chunk_encoder(
            libav.open_encoder(fmt.encoder, "s16", 1, fmt.rate_hz, self._bitrate_bps)
        )

    def live_decoder(self) -> ChunkDecoder:
        """Return a decoder of single chunks."""
        fmt = self._format
        return libav.chunk_decoder(libav.open_decoder(fmt.decoder, fmt.rate_hz, 1))

    def frames(self, clip_rate_hz: int) -> Frames:  # noqa: ARG002 - the rate is fixed
        """Return the frames of the codec's own rate."""
        return self._frames

    def encode_channel(self, pcm: Pcm, frames: Frames) -> bytes:
        """Return the packets, without those that flushing adds after the last frame."""
        fmt = self._format
        coded = libav.encode(fmt.encoder, "s16", pcm[None], fmt.rate_hz, self._bitrate_bps)
        return b"".join(coded.packets)[: frames.bytes(len(pcm) // frames.samples)]

    def decode_channel(self, data: bytes, count: int, frames: Frames) -> Samples:
        """Return the decoded frames."""
        size, at_once = self._frame_bytes, self._format.packet_frames
        packets = (data[i * size : (i + at_once) * size] for i in range(0, count, at_once))
        decoded: Samples = libav.decode(self._format.decoder, packets, frames.rate_hz, 1)[0]
        return decoded
