"""EnCodec 48 kHz: stereo, in segments of one second, each brought to one level.

The payload is the level of each segment as a little-endian float32, then all tokens packed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples, resample
from codecmark.errors import BitstreamError, CodecError
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.neural import encodec_network
from codecmark.neural.encodec_network import PUBLISHED
from codecmark.neural.encodec_segments import Segment, segment_samples
from codecmark.neural.tokens import TokenPayloadCodec, Tokens
from codecmark.spec import Spec

_CHANNELS = 2
_LEVEL = np.dtype("<f4")
_LOUDEST = 1e30  # of a level: what the network makes of it stays a number


class EncodecStereoCodec(TokenPayloadCodec):
    """EnCodec 48 kHz: 150 frames in each segment, 10 bits for each codebook.

    Segments share a hundredth with the next, so the tokens take 1 % more than the label says, and
    the levels 32 bits a segment. Mono goes in as two equal channels and comes out as their mean;
    more than two channels are refused.
    """

    frames_first = False

    def __init__(
        self,
        bitrate_kbps: float,
        setup: Setup,
        config: Mapping[str, Any] = PUBLISHED["48khz"],
        implementation: str | None = None,
    ) -> None:
        self._network, source = encodec_network.build("48khz", config, implementation, setup)
        self._device = runtime.device_of(self._network.model)
        self._label_kbps = bitrate_kbps
        self._rate_hz, self._hop, self.bits = encodec_network.framing(config)
        self._codebooks = round(bitrate_kbps * 1000 * self._hop / self._rate_hz / self.bits)
        self._length, self._stride = segment_samples(config)
        self.info = runtime.info(
            self._network.model,
            source,
            setup,
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

    @property
    def codebook_of_row(self) -> tuple[int, ...]:
        """Another codebook for each row."""
        return tuple(range(self._codebooks))

    @torch.inference_mode()
    def encode_parts(self, clip: AudioClip) -> tuple[bytes, Tokens]:
        """Return the levels, and the tokens `[1, codebooks, frames of all segments]`."""
        stereo = clip.with_channels(_CHANNELS).resampled(self._rate_hz).samples
        segments = self._network.encode(
            runtime.to_tensor(stereo, self._device)[None], self._label_kbps
        )
        tokens: Tokens = torch.cat([segment.tokens for segment in segments], dim=2).cpu().numpy()
        expected = 1, self._codebooks, sum(self._frame_counts(stereo.shape[1]))
        if tokens.shape != expected:
            raise CodecError(f"{self.info.spec}: tokens {tokens.shape}, expected {expected}")
        levels = np.array([float(s.level) for s in segments if s.level is not None], _LEVEL)
        return levels.tobytes(), tokens

    @torch.inference_mode()
    def decode_parts(self, head: bytes, tokens: Tokens, header: StreamHeader) -> Samples:
        """Return the channels at the header's rate and length."""
        segments = self._segments(head, tokens, self._frame_counts(self._samples(header)))
        decoded = runtime.to_array(self._network.decode(segments)[0])
        if header.channels == 1:
            decoded = decoded.mean(axis=0, keepdims=True)
        return resample(decoded, self._rate_hz, header.sample_rate_hz, header.n_samples)

    def head_bytes(self, header: StreamHeader) -> int:
        """Return the size of the levels; more than two channels are refused."""
        if header.channels > _CHANNELS:
            raise BitstreamError("channels", f"{header.channels}, at most {_CHANNELS} are coded")
        return -(-self._samples(header) // self._stride) * _LEVEL.itemsize

    def token_shape(self, header: StreamHeader) -> tuple[int, int, int]:
        """Return 1, codebooks and the frames of all segments."""
        return 1, self._codebooks, sum(self._frame_counts(self._samples(header)))

    def _segments(self, head: bytes, tokens: Tokens, frames: list[int]) -> list[Segment]:
        levels = np.frombuffer(head, _LEVEL)
        if not ((levels > 0) & (levels < _LOUDEST)).all():  # not a number is neither
            raise BitstreamError("levels", "one of them is not a positive number of a sound")
        pieces = torch.split(torch.from_numpy(tokens).to(self._device), frames, dim=2)
        return [
            Segment(piece, torch.tensor([level], device=self._device))
            for piece, level in zip(pieces, levels.tolist(), strict=True)
        ]

    def _samples(self, header: StreamHeader) -> int:
        return -(-header.n_samples * self._rate_hz // header.sample_rate_hz)

    def _frame_counts(self, samples: int) -> list[int]:
        starts = range(0, samples, self._stride)
        return [-(-min(self._length, samples - start) // self._hop) for start in starts]
