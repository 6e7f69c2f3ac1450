"""EnCodec 48 kHz: stereo, in segments of one second, each brought to one level.

The payload is the level of each segment as a little-endian float32, then all tokens packed.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import torch

from codecmark import bitpacking, networks
from codecmark.bitstream import StreamHeader
from codecmark.clip import AudioClip, Samples, resample
from codecmark.codec import Codec
from codecmark.errors import BitstreamError, CodecError
from codecmark.spec import Spec
from codecmark.wrappers import encodec_network
from codecmark.wrappers.encodec_network import PUBLISHED, Segment, segment_samples

_CHANNELS = 2
_LEVEL = np.dtype("<f4")


class EncodecStereoCodec(Codec):
    """EnCodec 48 kHz: 150 frames in each segment, 10 bits for each codebook.

    Segments share a hundredth with the next, so the tokens take 1 % more than the label says, and
    the levels 32 bits a segment. Mono goes in as two equal channels and comes out as their mean;
    more than two channels are refused.
    """

    def __init__(
        self,
        bitrate_kbps: float,
        config: Mapping[str, Any] = PUBLISHED["48khz"],
        implementation: str | None = None,
    ) -> None:
        self._network, source = encodec_network.build("48khz", config, implementation)
        self._label_kbps = bitrate_kbps
        self._rate_hz = int(config["sampling_rate"])
        self._hop = prod(config["upsampling_ratios"])
        self._bits = (int(config["codebook_size"]) - 1).bit_length()
        self._codebooks = round(bitrate_kbps * 1000 * self._hop / self._rate_hz / self._bits)
        self._length, self._stride = segment_samples(config)
        self.info = networks.info(
            self._network.model,
            source,
            spec=str(Spec("encodec", "48khz", f"{bitrate_kbps:g}k", implementation)),
            family="encodec",
            sample_rate_hz=self._rate_hz,
            channels=_CHANNELS,
            nominal_bitrate_kbps=bitrate_kbps,
            algorithmic_delay_samples=self._length,
            licence=encodec_network.LICENCES[implementation],
            reference="arXiv 2210.13438",
            parameters=self._network.parameters,
            notes="waits for each whole second, to know its level; without the entropy-coding "
            "language model",
        )

    @torch.inference_mode()
    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the levels, then the packed tokens `[codebooks, frames of all segments]`."""
        stereo = clip.with_channels(_CHANNELS).resampled(self._rate_hz).samples
        segments = self._network.encode(networks.to_tensor(stereo)[None], self._label_kbps)
        tokens = torch.cat([segment.tokens[0] for segment in segments], dim=1).cpu().numpy()
        expected = self._codebooks, sum(self._frame_counts(stereo.shape[1]))
        if tokens.shape != expected:
            raise CodecError(f"{self.info.spec}: tokens {tokens.shape}, expected {expected}")
        levels = np.array([float(s.level) for s in segments if s.level is not None], _LEVEL)
        return levels.tobytes() + bitpacking.pack_integers(tokens, self._bits)

    @torch.inference_mode()
    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the channels at the header's rate and length."""
        if header.channels > _CHANNELS:
            raise BitstreamError("channels", f"{header.channels}, at most {_CHANNELS} are coded")
        segments = self._segments(payload, header)
        decoded = networks.to_array(self._network.decode(segments)[0])
        if header.channels == 1:
            decoded = decoded.mean(axis=0, keepdims=True)
        return resample(decoded, self._rate_hz, header.sample_rate_hz, header.n_samples)

    def _segments(self, payload: bytes, header: StreamHeader) -> list[Segment]:
        samples = -(-header.n_samples * self._rate_hz // header.sample_rate_hz)
        levels_end = -(-samples // self._stride) * _LEVEL.itemsize
        misfit = BitstreamError("samples", f"{header.n_samples} do not fit {len(payload)} bytes")
        if len(payload) < levels_end:
            raise misfit
        frames = self._frame_counts(samples)
        count = self._codebooks * sum(frames)
        if len(payload) != levels_end + bitpacking.packed_bytes(count, self._bits):
            raise misfit
        levels = np.frombuffer(payload[:levels_end], _LEVEL)
        if not (np.isfinite(levels) & (levels > 0)).all():
            raise BitstreamError("levels", "one of them is not a positive number")
        packed = bitpacking.unpack_integers(payload[levels_end:], count, self._bits)
        device = networks.device()
        tokens = torch.from_numpy(packed.reshape(1, self._codebooks, -1)).to(device)
        pieces = torch.split(tokens, frames, dim=2)
        return [
            Segment(piece, torch.tensor([level], device=device))
            for piece, level in zip(pieces, levels.tolist(), strict=True)
        ]

    def _frame_counts(self, samples: int) -> list[int]:
        starts = range(0, samples, self._stride)
        return [-(-min(self._length, samples - start) // self._hop) for start in starts]
