"""SoundStream as shipped in Lyra v2: Google's trained encoder, quantiser and decoder on LiteRT."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from codecmark import bitpacking, threads
from codecmark.clip import Samples
from codecmark.codec import CodecInfo
from codecmark.spec import Spec
from codecmark.streaming import ChunkDecoder, ChunkEncoder
from codecmark.weights import locate
from codecmark.wrappers.tokens import TokenCodec, Tokens

RATE_HZ = 16_000
FRAME = 320
FEATURES = 64
STAGES_MAX = 46
BITS_PER_STAGE = 4
STAGES = {3.2: 16, 6.0: 30, 9.2: 46}
_ENCODER, _QUANTIZER, _DECODER = "soundstream_encoder.tflite", "quantizer.tflite", "lyragan.tflite"


class LyraCodec(TokenCodec):
    """Lyra v2 at 3.2, 6 or 9.2 kbit/s: 50 frames a second, 4 bits for each quantiser stage.

    Encoder and decoder keep state between frames and have no reset, so a new clip needs new
    interpreters; `reset` builds them ahead of a timed call.
    """

    rate_hz = RATE_HZ
    hop = FRAME
    bits = BITS_PER_STAGE
    live_rate_hz = RATE_HZ
    chunk_samples = FRAME

    def __init__(self, bitrate_kbps: float) -> None:
        located = locate("lyra")
        self._folder = located.folder
        self.codebooks = STAGES[bitrate_kbps]
        self._quantizer = self._interpreter(_QUANTIZER)
        self._quantize = self._quantizer.get_signature_runner("encode")
        self._dequantize = self._quantizer.get_signature_runner("decode")
        self._fresh: dict[str, Any] = {}
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
        self.reset()

    @classmethod
    def from_spec(cls, spec: Spec) -> LyraCodec:
        """Build from `lyra@3.2k`, `lyra@6k` or `lyra@9.2k`."""
        spec.refuse_variant()
        return cls(spec.bitrate_among(STAGES))

    def reset(self) -> None:
        """Build fresh encoder and decoder interpreters where the last call used them up."""
        for name in (_ENCODER, _DECODER):
            if name not in self._fresh:
                self._fresh[name] = self._interpreter(name)

    def tokenize(self, frames: Samples) -> Tokens:
        """Turn `[channels, n * hop]` into `[channels, stages, n]`."""
        return np.stack([self._encode_channel(channel) for channel in frames])

    def synthesize(self, tokens: Tokens) -> Samples:
        """Turn `[channels, stages, n]` into `[channels, n * hop]`."""
        return np.stack([self._decode_channel(channel) for channel in tokens])

    def live_encoder(self) -> ChunkEncoder:
        """Return an encoder of single frames."""
        encode = self._frame_encoder()
        return lambda chunk: bitpacking.pack_integers(encode(chunk), BITS_PER_STAGE)

    def live_decoder(self) -> ChunkDecoder:
        """Return a decoder of single frames."""
        decode, stages = self._frame_decoder(), self.codebooks
        return lambda data: decode(bitpacking.unpack_integers(data, stages, BITS_PER_STAGE))

    def _encode_channel(self, samples: Samples) -> Tokens:
        encode = self._frame_encoder()
        return np.stack([encode(frame) for frame in samples.reshape(-1, FRAME)], axis=1)

    def _decode_channel(self, codes: Tokens) -> Samples:
        decode = self._frame_decoder()
        return np.concatenate([decode(frame) for frame in codes.T])

    def _frame_encoder(self) -> Callable[[Samples], Tokens]:
        """Return what turns `[320]` into `[stages]` with a fresh encoder."""
        encoder = self._take(_ENCODER)
        source = encoder.get_input_details()[0]["index"]
        target = encoder.get_output_details()[0]["index"]
        stages = np.int32(self.codebooks)

        def encode(frame: Samples) -> Tokens:
            encoder.set_tensor(source, frame[None])
            encoder.invoke()
            features = encoder.get_tensor(target)
            quantized = self._quantize(input_frames=features, num_quantizers=stages)
            return np.asarray(quantized["output_0"][: self.codebooks, 0, 0], np.int64)

        return encode

    def _frame_decoder(self) -> Callable[[Tokens], Samples]:
        """Return what turns `[stages]` into `[320]` with a fresh decoder."""
        decoder = self._take(_DECODER)
        source = decoder.get_input_details()[0]["index"]
        target = decoder.get_output_details()[0]["index"]
        indices = np.full((STAGES_MAX, 1, 1), -1, np.int32)  # -1: stage not used

        def decode(codes: Tokens) -> Samples:
            indices[: self.codebooks, 0, 0] = codes
            features = self._dequantize(encoding_indices=indices)["output_0"]
            decoder.set_tensor(source, features.reshape(1, 1, FEATURES))
            decoder.invoke()
            frame: Samples = decoder.get_tensor(target)[0]
            return frame

        return decode

    def _take(self, name: str) -> Any:
        self.reset()
        return self._fresh.pop(name)

    def _interpreter(self, name: str) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(str(self._folder / name), num_threads=threads.count())
        interpreter.allocate_tensors()
        return interpreter
