"""EnCodec 24 kHz: mono, causal, one segment of any length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from codecmark.bitstream import bitpacking
from codecmark.clip import Samples
from codecmark.codec import Codec
from codecmark.errors import UnavailableError
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.neural import encodec_network
from codecmark.neural.causal_stream import CausalStream
from codecmark.neural.encodec_network import PUBLISHED, TransformersEncodec
from codecmark.neural.encodec_segments import Segment
from codecmark.neural.encodec_stereo import EncodecStereoCodec
from codecmark.neural.streaming import ChunkDecoder, ChunkEncoder
from codecmark.neural.torch_tokens import TorchTokenCodec, mono_info
from codecmark.spec import Spec


class EncodecCodec(TorchTokenCodec):
    """EnCodec 24 kHz: 75 frames a second, 10 bits for each codebook."""

    def __init__(
        self,
        bitrate_kbps: float,
        setup: Setup,
        config: Mapping[str, Any] = PUBLISHED["24khz"],
        implementation: str | None = None,
    ) -> None:
        self._network, source = encodec_network.build("24khz", config, implementation, setup)
        self.device = runtime.device_of(self._network.model)
        self._label_kbps = bitrate_kbps
        self.rate_hz, self.hop, self.bits = encodec_network.framing(config)
        self.codebooks = round(bitrate_kbps * 1000 * self.hop / self.rate_hz / self.bits)
        self.live_rate_hz, self.chunk_samples = self.rate_hz, self.hop
        self.info = mono_info(
            self,
            self._network.model,
            source,
            setup,
            spec=str(Spec("encodec", "24khz", f"{bitrate_kbps:g}k", implementation)),
            family="encodec",
            algorithmic_delay_samples=self.hop,
            licence=encodec_network.LICENCES[implementation],
            reference="arXiv 2210.13438",
            parameters=self._network.parameters,
            notes="causal; without the entropy-coding language model",
        )

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> Codec:
        """Build from e.g. `encodec:24khz@6k`, `encodec:48khz@6k` or `encodec:24khz@6k#original`."""
        variant = spec.variant_among(PUBLISHED)
        bitrate_kbps = spec.bitrate_among(PUBLISHED[variant]["target_bandwidths"])
        if variant == "48khz":
            return EncodecStereoCodec(bitrate_kbps, setup, implementation=spec.implementation)
        return cls(bitrate_kbps, setup, implementation=spec.implementation)

    def padded(self, samples: Samples) -> Samples:
        """Return the samples as they are: each layer mirrors what its last window lacks."""
        return samples

    def live_encoder(self) -> ChunkEncoder:
        """Return an encoder of single frames; its first seven differ from those of `encode`.

        The published network mirrors what follows the start of a signal to before it.
        """
        model = self._live_model()
        stream = CausalStream(model.encoder.layers)

        def encode(chunk: Samples) -> bytes:
            with torch.inference_mode():
                frame = stream(runtime.to_tensor(chunk, self.device)[None, None])
                tokens = model.quantizer.encode(frame, self._label_kbps)
            return bitpacking.pack_integers(tokens.cpu().numpy(), self.bits)

        return encode

    def live_decoder(self) -> ChunkDecoder:
        """Return a decoder of single frames."""
        model = self._live_model()
        stream = CausalStream(model.decoder.layers)

        def decode(data: bytes) -> Samples:
            tokens = bitpacking.unpack_integers(data, self.codebooks, self.bits)
            codes = torch.from_numpy(tokens.reshape(-1, 1, 1)).to(self.device)
            with torch.inference_mode():
                return runtime.to_array(stream(model.quantizer.decode(codes))[0, 0])

        return decode

    def _live_model(self) -> Any:
        if not isinstance(self._network, TransformersEncodec):
            raise UnavailableError(
                f"{self.info.spec} has no live form", "name it without #original"
            )
        if self.execution.changes_the_network:
            raise UnavailableError(
                f"{self.info.spec} has no live form", f"name it without ~{self.execution}"
            )
        return self._network.model

    def codes_of(self, batch: torch.Tensor) -> torch.Tensor:
        """Turn `[channels, 1, samples]` into `[channels, codebooks, n]`."""
        (segment,) = self._network.encode(batch, self._label_kbps)
        return segment.tokens

    def audio_of(self, codes: torch.Tensor) -> torch.Tensor:
        """Turn `[channels, codebooks, n]` into `[channels, n * hop]`."""
        return self._network.decode([Segment(codes, None)])[:, 0]
