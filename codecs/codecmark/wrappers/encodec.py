"""EnCodec 24 kHz: mono, causal, one segment of any length."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import torch

from codecmark import bitpacking, networks
from codecmark.clip import Samples
from codecmark.codec import Codec, CodecInfo
from codecmark.errors import InputError, UnavailableError
from codecmark.spec import Spec
from codecmark.streaming import ChunkDecoder, ChunkEncoder
from codecmark.wrappers import encodec_network
from codecmark.wrappers.encodec_network import PUBLISHED, Segment, TransformersEncodec
from codecmark.wrappers.encodec_stereo import EncodecStereoCodec
from codecmark.wrappers.encodec_stream import CausalStream
from codecmark.wrappers.tokens import TokenCodec, Tokens


class EncodecCodec(TokenCodec):
    """EnCodec 24 kHz: 75 frames a second, 10 bits for each codebook."""

    def __init__(
        self,
        bitrate_kbps: float,
        config: Mapping[str, Any] = PUBLISHED["24khz"],
        implementation: str | None = None,
    ) -> None:
        self._network, source = encodec_network.build("24khz", config, implementation)
        self._label_kbps = bitrate_kbps
        self.rate_hz = int(config["sampling_rate"])
        self.hop = prod(config["upsampling_ratios"])
        self.live_rate_hz, self.chunk_samples = self.rate_hz, self.hop
        self.bits = (int(config["codebook_size"]) - 1).bit_length()
        self.codebooks = round(bitrate_kbps * 1000 * self.hop / self.rate_hz / self.bits)
        self.info = CodecInfo(
            spec=str(Spec("encodec", "24khz", f"{bitrate_kbps:g}k", implementation)),
            family="encodec",
            sample_rate_hz=self.rate_hz,
            channels=1,
            nominal_bitrate_kbps=self.bitrate_kbps,
            algorithmic_delay_samples=self.hop,
            licence=encodec_network.LICENCES[implementation],
            reference="arXiv 2210.13438",
            parameters=self._network.parameters,
            weights=networks.weights_of(source),
            device=str(networks.device()),
            backend="eager",
            notes="causal; without the entropy-coding language model",
        )

    @classmethod
    def from_spec(cls, spec: Spec) -> Codec:
        """Build from e.g. `encodec:24khz@6k`, `encodec:48khz@6k` or `encodec:24khz@6k#original`."""
        if spec.variant is None or spec.variant not in PUBLISHED:
            raise InputError(f"spec: {spec}: variant must be one of {', '.join(PUBLISHED)}")
        allowed = PUBLISHED[spec.variant]["target_bandwidths"]
        bitrate_kbps = spec.bitrate_kbps(min(allowed), max(allowed))
        if bitrate_kbps not in allowed:
            rates = ", ".join(f"{rate:g}k" for rate in allowed)
            raise InputError(f"spec: {spec}: bitrate must be one of {rates}")
        if spec.variant == "48khz":
            return EncodecStereoCodec(bitrate_kbps, implementation=spec.implementation)
        return cls(bitrate_kbps, implementation=spec.implementation)

    def padded(self, samples: Samples) -> Samples:
        """Return the samples as they are: each layer mirrors what its last window lacks."""
        return samples

    def live_encoder(self) -> ChunkEncoder:
        """Return an encoder of single frames; its first seven differ from those of `encode`.

        The published network mirrors what follows the start of a signal to before it.
        """
        model = self._live_model()
        stream = CausalStream(model.encoder)

        def encode(chunk: Samples) -> bytes:
            with torch.inference_mode():
                frame = stream(networks.to_tensor(chunk)[None, None])
                tokens = model.quantizer.encode(frame, self._label_kbps)
            return bitpacking.pack_integers(tokens.cpu().numpy(), self.bits)

        return encode

    def live_decoder(self) -> ChunkDecoder:
        """Return a decoder of single frames."""
        model = self._live_model()
        stream = CausalStream(model.decoder)

        def decode(data: bytes) -> Samples:
            tokens = bitpacking.unpack_integers(data, self.codebooks, self.bits)
            codes = torch.from_numpy(tokens.reshape(-1, 1, 1)).to(networks.device())
            with torch.inference_mode():
                return networks.to_array(stream(model.quantizer.decode(codes))[0, 0])

        return decode

    def _live_model(self) -> Any:
        if not isinstance(self._network, TransformersEncodec):
            raise UnavailableError(
                f"{self.info.spec} has no live form", "name it without #original"
            )
        return self._network.model

    @torch.inference_mode()
    def tokenize(self, frames: Samples) -> Tokens:
        """Turn `[channels, samples]` into `[channels, codebooks, n]`."""
        (segment,) = self._network.encode(networks.to_tensor(frames)[:, None], self._label_kbps)
        tokens: Tokens = segment.tokens.cpu().numpy()
        return tokens

    @torch.inference_mode()
    def synthesize(self, tokens: Tokens) -> Samples:
        """Turn `[channels, codebooks, n]` into `[channels, n * hop]`."""
        segment = Segment(torch.from_numpy(tokens).to(networks.device()), None)
        return networks.to_array(self._network.decode([segment])[:, 0])
