"""SoundStream as shipped in Lyra v2: Google's trained encoder, quantiser and decoder on LiteRT."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from codecmark.bitstream import bitpacking
from codecmark.clip import Samples, fit_length
from codecmark.codec import CodecInfo
from codecmark.networks.setup import Setup
from codecmark.neural.lyra.networks import FRAME, Files, Networks, in_blocks
from codecmark.neural.streaming import ChunkDecoder, ChunkEncoder
from codecmark.neural.tokens import TokenCodec, Tokens
from codecmark.spec import Spec

RATE_HZ = 16_000
BITS_PER_STAGE = 4
STAGES = {3.2: 16, 6.0: 30, 9.2: 46}


class LyraCodec(TokenCodec):
    """Lyra v2 at 3.2, 6 or 9.2 kbit/s: 50 frames a second, 4 bits for each quantiser stage.

    Encoder and decoder keep state between frames and have no reset, so a new clip needs new
    ones; `reset` builds them ahead of a timed call. Clips run in blocks of frames where that
    gives the bits of single frames, else frame by frame as a live signal does.
    """

    rate_hz = RATE_HZ
    hop = FRAME
    bits = BITS_PER_STAGE
    live_rate_hz = RATE_HZ
    chunk_samples = FRAME

    def __init__(self, bitrate_kbps: float, setup: Setup) -> None:
        located = setup.weights.locate("lyra")
        self.codebooks = STAGES[bitrate_kbps]
        self._files = Files.read(located.folder)
        self._single = Networks(self._files, self.codebooks)
        self._analysis: Callable[[Samples], Any] | None = None
        self._synthesis: Callable[[Any], Samples] | None = None
        self.info = CodecInfo(
            spec=f"lyra@{bitrate_kbps:g}k",
            family="lyra",
            sample_rate_hz=RATE_HZ,
            channels=1,
            nominal_bitrate_kbps=self.bitrate_kbps,
            algorithmic_delay_samples=FRAME,
            licence="Apache-2.0",
            reference="SoundStream, arXiv 2107.03312; Lyra v2",
            parameters=None,  # the published files mix weights with constants and state no count
            weights=located.weights,
            notes="other rates are resampled to 16 kHz; more channels are coded one by one",
        )

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> LyraCodec:
        """Build from `lyra@3.2k`, `lyra@6k` or `lyra@9.2k`."""
        spec.refuse_variant()
        return cls(spec.bitrate_among(STAGES), setup)

    @cached_property
    def _networks(self) -> Networks:
        """What clips run through."""
        return in_blocks(self._files, self.codebooks) or self._single

    def reset(self) -> None:
        """Build a fresh encoder and decoder where the last call used them up."""
        self._analysis = self._analysis or self._networks.analysis()
        self._synthesis = self._synthesis or self._networks.synthesis()

    def tokenize(self, frames: Samples) -> Tokens:
        """Turn `[channels, n * hop]` into `[channels, stages, n]`."""
        return np.stack([self._encode_channel(channel) for channel in frames])

    def synthesize(self, tokens: Tokens) -> Samples:
        """Turn `[channels, stages, n]` into `[channels, n * hop]`."""
        return np.stack([self._decode_channel(channel) for channel in tokens])

    def live_encoder(self) -> ChunkEncoder:
        """Return an encoder of single frames."""
        single, analyse = self._single, self._single.analysis()
        return lambda chunk: bitpacking.pack_integers(
            single.quantize(analyse(chunk)), BITS_PER_STAGE
        )

    def live_decoder(self) -> ChunkDecoder:
        """Return a decoder of single frames."""
        single, synthesize, stages = self._single, self._single.synthesis(), self.codebooks
        return lambda data: synthesize(
            single.dequantize(bitpacking.unpack_integers(data, stages, BITS_PER_STAGE)[:, None])
        )

    def _encode_channel(self, samples: Samples) -> Tokens:
        networks, size = self._networks, self._networks.frames
        analyse, self._analysis = self._analysis or networks.analysis(), None
        tokens = np.empty((self.codebooks, len(samples) // FRAME), np.int64)
        for start in range(0, tokens.shape[1], size):
            here = tokens[:, start : start + size]  # shorter than the last block, filled with zeros
            block = fit_length(samples[None, start * FRAME :][:, : size * FRAME], size * FRAME)
            here[:] = networks.quantize(analyse(block[0]))[:, : here.shape[1]]
        return tokens

    def _decode_channel(self, codes: Tokens) -> Samples:
        networks, size = self._networks, self._networks.frames
        synthesize, self._synthesis = self._synthesis or networks.synthesis(), None
        samples = np.empty(codes.shape[1] * FRAME, np.float32)
        for start in range(0, codes.shape[1], size):
            here = codes[:, start : start + size]
            block = np.zeros((self.codebooks, size), np.int64)
            block[:, : here.shape[1]] = here
            sound = synthesize(networks.dequantize(block))[: here.shape[1] * FRAME]
            samples[start * FRAME :][: len(sound)] = sound
        return samples
