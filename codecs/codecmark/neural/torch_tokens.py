"""Token codecs on a torch network: what lies between arrays of the host and its tensors."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch

from codecmark.clip import Samples
from codecmark.codec import CodecInfo, Weights
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located
from codecmark.neural.tokens import TokenCodec, Tokens


def mono_info(
    codec: TokenCodec,
    network: torch.nn.Module,
    source: Located | Weights,
    setup: Setup,
    **fields: Any,
) -> CodecInfo:
    """Return the `CodecInfo` of a codec whose `network` takes single channels at its rate.

    `fields` are the others; `codec` has its rates already.
    """
    return runtime.info(
        network,
        source,
        setup,
        sample_rate_hz=codec.rate_hz,
        channels=1,
        nominal_bitrate_kbps=codec.bitrate_kbps,
        **fields,
    )


class TorchTokenCodec(TokenCodec):
    """A network that turns waveforms into tokens and back, every channel as one of a batch.

    Attributes
    ----------
    device : torch.device
        Where it runs.
    """

    device: torch.device

    @abstractmethod
    def codes_of(self, batch: torch.Tensor) -> torch.Tensor:
        """Turn `[channels, 1, n * hop]` into `[channels, codebooks, n]`."""

    @abstractmethod
    def audio_of(self, codes: torch.Tensor) -> torch.Tensor:
        """Turn `[channels, codebooks, n]` into `[channels, about n * hop]`."""

    @torch.inference_mode()
    def tokenize(self, frames: Samples) -> Tokens:
        """Turn `[channels, n * hop]` into `[channels, codebooks, n]`."""
        tokens: Tokens = (
            self.codes_of(runtime.to_tensor(frames, self.device)[:, None]).cpu().numpy()
        )
        return tokens

    @torch.inference_mode()
    def synthesize(self, tokens: Tokens) -> Samples:
        """Turn `[channels, codebooks, n]` into `[channels, about n * hop]`."""
        return runtime.to_array(self.audio_of(torch.from_numpy(tokens).to(self.device)))


class TransformersTokenCodec(TorchTokenCodec):
    """One of transformers' audio tokenizers, of one channel.

    `_encode_options` go to the model's `encode`: what says how many codebooks are asked for.
    """

    _model: Any
    _encode_options: Mapping[str, Any] = {}

    def codes_of(self, batch: torch.Tensor) -> torch.Tensor:
        """Turn `[channels, 1, n * hop]` into `[channels, codebooks, n]`."""
        codes: torch.Tensor = self._model.encode(batch, **self._encode_options).audio_codes
        return codes

    def audio_of(self, codes: torch.Tensor) -> torch.Tensor:
        """Turn `[channels, codebooks, n]` into `[channels, n * hop]`."""
        audio: torch.Tensor = self._model.decode(codes).audio_values[:, 0]
        return audio
