"""Opus, MP3 and AAC through PyAV (the FFmpeg libraries), as bare packets without a container.

Payload layout: varint priming (samples at the codec's rate before the first real one), varint
extradata length and extradata, varint packet count, then either 0 and one varint length (if all
packets have it, as in constant-bitrate Opus) or 1 and a varint length per packet, then the packets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from av.audio.codeccontext import AudioCodecContext

from codecmark.bitstream.frame import StreamHeader, decode_varint, encode_varint
from codecmark.classic import ffmpeg_settings, libav
from codecmark.classic.ffmpeg_settings import Setting
from codecmark.clip import AudioClip, Samples, resample_blocks
from codecmark.codec import Codec, CodecInfo
from codecmark.errors import BitstreamError, InputError
from codecmark.networks.setup import Setup
from codecmark.neural.streaming import ChunkDecoder, ChunkEncoder
from codecmark.spec import Spec


@dataclass(frozen=True)
class _Format:
    encoder: str
    decoder: str
    sample_format: str
    rates_hz: tuple[int, ...]
    decoded_rate_hz: int | None  # None: the rate that was encoded
    frame_samples: int  # longest frame, at the decoded rate
    licence: str
    reference: str


_MPEG_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_FORMATS = {
    "opus": _Format(
        "libopus", "libopus", "flt", (8_000, 12_000, 16_000, 24_000, 48_000), 48_000, 5_760,
        "BSD-3-Clause (libopus)", "RFC 6716",
    ),
    "mp3": _Format(
        "libmp3lame", "mp3float", "fltp", _MPEG_RATES_HZ, None, 1_152, "LGPL-2.0 (LAME)",
        "ISO/IEC 11172-3, 13818-3",
    ),
    "aac": _Format(
        "aac", "aac", "fltp", (*_MPEG_RATES_HZ, 64_000, 88_200, 96_000), None, 1_024,
        "LGPL-2.1 (FFmpeg)", "ISO/IEC 14496-3",
    ),
}  # fmt: skip

_FRAMES_OVER = 8  # frames beyond the clip that padding and an encoder's delay may take

# libopus aligns its output with the input to within a few samples only: the residual, in samples
# at 48 kHz, depends on the mode in the first byte of a packet (RFC 6716, 3.1). Measured by
# cross-correlation with the input on speech, libopus 1.6.1.
_OPUS_RESIDUAL = {
    **dict.fromkeys(range(4), 2),  # SILK narrowband: late
    **dict.fromkeys(range(4, 16), -2),  # SILK medium and wide band, hybrid: early
    **dict.fromkeys(range(16, 32), 0),  # CELT
}


class FfmpegCodec(Codec):
    """One of FFmpeg's lossy codecs at one setting."""

    live_rate_hz = 16_000

    def __init__(self, family: str, setting: Setting) -> None:
        self._format = fmt = _FORMATS[family]
        self._options = setting.options
        self._bitrate_bps = None
        if setting.bitrate_kbps is not None:
            self._bitrate_bps = round(setting.bitrate_kbps * 1000)
        self.chunk_samples = setting.live_chunk_samples
        self.info = CodecInfo(
            spec=f"{family}@{setting.text}",
            family=family,
            sample_rate_hz=fmt.decoded_rate_hz,
            channels=None,
            nominal_bitrate_kbps=setting.bitrate_kbps,
            algorithmic_delay_samples=setting.delay_samples,
            licence=fmt.licence,
            reference=fmt.reference,
            notes=setting.notes,
        )

    @classmethod
    def from_spec(cls, spec: Spec, _setup: Setup) -> FfmpegCodec:
        """Build from e.g. `opus@24k`, `opus@12k-vbr-60ms` or `mp3@v4`."""
        spec.refuse_variant()
        return cls(spec.family, ffmpeg_settings.of(spec))

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return priming, extradata and packets."""
        fmt = self._format
        if clip.channels not in libav.LAYOUTS:
            raise InputError(f"channels: {self.info.family} here takes 1 or 2, not {clip.channels}")
        rate = self._coded_rate_hz(clip.sample_rate_hz)
        samples = clip.resampled(rate).samples
        coded = libav.encode(
            fmt.encoder, fmt.sample_format, samples, rate, self._bitrate_bps, self._options
        )
        # libopus states the priming in the extradata, and its decoder removes it
        priming = 0 if self.info.family == "opus" else coded.priming
        return _pack(priming, coded.extradata, coded.packets)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the decoded samples without the encoder's delay."""
        fmt = self._format
        if header.channels not in libav.LAYOUTS:
            raise BitstreamError("channels", f"must be 1 or 2, got {header.channels}")
        rate = fmt.decoded_rate_hz or self._coded_rate_hz(header.sample_rate_hz)
        priming, extradata, packets = _unpack(payload)
        length = -(-header.n_samples * rate // header.sample_rate_hz)
        if length > len(packets) * fmt.frame_samples:
            raise BitstreamError(
                "samples", f"{header.n_samples} are too many for {len(packets)} packets"
            )
        blocks = libav.decode_blocks(fmt.decoder, packets, rate, header.channels, extradata)
        delay = priming + (_opus_residual(packets) if self.info.family == "opus" else 0)
        most = length + max(0, delay) + _FRAMES_OVER * fmt.frame_samples
        aligned = _aligned(_bounded(blocks, most), delay, header.channels, length)
        return resample_blocks(aligned, rate, header.sample_rate_hz, header.n_samples)

    def live_encoder(self) -> ChunkEncoder:
        """Return an encoder of single frames at 16 kHz."""
        return libav.chunk_encoder(self._open_encoder())

    def live_decoder(self) -> ChunkDecoder:
        """Return a decoder of single packets."""
        fmt, extradata = self._format, bytes(self._open_encoder().extradata or b"")
        rate = fmt.decoded_rate_hz or self.live_rate_hz
        return libav.chunk_decoder(libav.open_decoder(fmt.decoder, rate, 1, extradata))

    def _open_encoder(self) -> AudioCodecContext:
        fmt = self._format
        return libav.open_encoder(
            fmt.encoder, fmt.sample_format, 1, self.live_rate_hz, self._bitrate_bps, self._options
        )

    def _coded_rate_hz(self, clip_rate_hz: int) -> int:
        """Return the lowest supported rate that keeps the clip's whole band, else the highest."""
        rates = self._format.rates_hz
        return next((rate for rate in rates if rate >= clip_rate_hz), rates[-1])


def _pack(priming: int, extradata: bytes, packets: list[bytes]) -> bytes:
    head = encode_varint(priming) + encode_varint(len(extradata)) + extradata
    lengths = [len(packet) for packet in packets]
    if len(set(lengths)) == 1:
        table = b"\x00" + encode_varint(lengths[0])
    else:
        table = b"\x01" + b"".join(map(encode_varint, lengths))
    return head + encode_varint(len(packets)) + table + b"".join(packets)


def _unpack(payload: bytes) -> tuple[int, bytes, list[bytes]]:
    priming, offset = decode_varint(payload, 0, "priming")
    length, offset = decode_varint(payload, offset, "extradata length")
    if length > len(payload) - offset:
        raise BitstreamError("extradata length", f"{length} is more than the stream holds")
    extradata = payload[offset : offset + length]
    count, offset = decode_varint(payload, offset + length, "packet count")
    if not 1 <= count <= len(payload):
        raise BitstreamError("packet count", f"{count} packets in {len(payload)} bytes")
    kind, offset = decode_varint(payload, offset, "packet lengths")
    if kind == 0:
        common, offset = decode_varint(payload, offset, "packet length")
        lengths = [common] * count
    elif kind == 1:
        lengths = []
        for _ in range(count):
            length, offset = decode_varint(payload, offset, "packet length")
            lengths.append(length)
    else:
        raise BitstreamError("packet lengths", f"table kind {kind} is not defined")
    ends = list(accumulate(lengths, initial=offset))
    if ends[-1] != len(payload):
        raise BitstreamError("packet lengths", "they do not add up to the payload")
    return priming, extradata, [payload[a:b] for a, b in pairwise(ends)]


def _opus_residual(packets: list[bytes]) -> int:
    configs = Counter(packet[0] >> 3 for packet in packets if packet)
    return _OPUS_RESIDUAL[configs.most_common(1)[0][0]] if configs else 0


def _bounded(blocks: Iterable[Samples], most: int) -> Iterator[Samples]:
    """Yield the blocks, or raise `BitstreamError` once they hold more than `most` samples."""
    count = 0
    for block in blocks:
        count += block.shape[1]
        if count > most:
            raise BitstreamError("samples", f"packets hold {count} or more, {most} at most")
        yield block


def _aligned(
    blocks: Iterable[Samples], delay: int, channels: int, length: int
) -> Iterator[Samples]:
    """Yield the blocks without the first `delay` samples, or with silence before them if negative.

    Raises
    ------
    BitstreamError
        If the blocks hold fewer than `length` samples after that.
    """
    count = max(0, -delay)
    if count:
        yield np.zeros((channels, count), np.float32)
    for block in blocks:
        kept = block[:, max(0, delay) :]
        delay -= block.shape[1] - kept.shape[1]
        count += kept.shape[1]
        yield kept
    if count < length:
        raise BitstreamError("samples", f"packets hold {count}, {length} expected")
