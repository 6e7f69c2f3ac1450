"""HiFi-GAN V1 (Kong et al., arXiv 2010.05646) at 22.05 kHz, with its authors' weights.

The network is transformers' `SpeechT5HifiGan` at the size of `config_v1.json`; the authors' file
names its upsampling layers otherwise and keeps every convolution as weight-normalised direction
and length, which are multiplied out here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

from codecmark.codec import Weights
from codecmark.errors import DamagedWeightsError
from codecmark.mel.formats import HIFIGAN_22K
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.networks import runtime
from codecmark.networks.published_sets import SETS
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located

# config_v1.json of jik876/hifi-gan
PUBLISHED: Mapping[str, Any] = {
    "model_in_dim": 80,
    "sampling_rate": 22_050,
    "upsample_initial_channel": 512,
    "upsample_rates": [8, 8, 2, 2],
    "upsample_kernel_sizes": [16, 16, 4, 4],
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
    "initializer_range": 0.01,
    "leaky_relu_slope": 0.1,
    "normalize_before": False,
}
_DIRECTION, _LENGTH = ".weight_v", ".weight_g"
_STATISTICS = {"mean", "scale"}  # transformers' own, of mels that are normalised: these are not


class HifiGanV1:
    """HiFi-GAN V1: 80 bands at 22.05 kHz, natural logarithm of magnitudes above 1e-5."""

    mel = HIFIGAN_22K

    def __init__(
        self, source: Located | Weights, setup: Setup, config: Mapping[str, Any] = PUBLISHED
    ) -> None:
        file = SETS[source.name].files[0].path if isinstance(source, Located) else ""
        self.network = runtime.build(
            source,
            lambda folder: read_generator(folder / file, config),
            lambda: SpeechT5HifiGan(SpeechT5HifiGanConfig(**config)),
            setup,
        )
        self.parameters = runtime.parameter_count(self.network)

    def synthesize(self, spectrogram: MelSpectrogram) -> torch.Tensor:
        """Turn `[channels, frames, bands]` into `[channels, frames * hop]`."""
        values = spectrogram.require(self.mel, "HiFi-GAN V1")
        waveform: torch.Tensor = self.network(values)
        return waveform


def read_generator(path: Path, config: Mapping[str, Any]) -> SpeechT5HifiGan:
    """Return the generator of an authors' checkpoint; nothing in the file is executed.

    Raises
    ------
    DamagedWeightsError
        If it cannot be read, or does not hold exactly these parameters.
    """
    network = SpeechT5HifiGan(SpeechT5HifiGanConfig(**config))
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)["generator"]
        report = network.load_state_dict(plain_weights(state), strict=False)
        lacking = set(report.missing_keys) - _STATISTICS
        if lacking or report.unexpected_keys:
            raise ValueError(
                f"lacks {sorted(lacking)[:3]}, has {sorted(report.unexpected_keys)[:3]} besides"
            )
    except Exception as error:
        raise DamagedWeightsError(
            f"weights in {path} cannot be read ({type(error).__name__}: {error})",
            "replace the file with the published one",
        ) from error
    return network


def plain_weights(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return an authors' state under transformers' names, weight normalisation multiplied out.

    A weight is its length times its direction over the direction's norm, for each index of the
    first axis (Salimans and Kingma, arXiv 1602.07868).
    """
    plain = {}
    for name, value in state.items():
        own_name = name.replace("ups.", "upsampler.", 1) if name.startswith("ups.") else name
        if name.endswith(_LENGTH):
            continue
        if name.endswith(_DIRECTION):
            length = state[name.removesuffix(_DIRECTION) + _LENGTH]
            norm = value.flatten(1).norm(dim=1).view_as(length)
            plain[own_name.removesuffix(_DIRECTION) + ".weight"] = value * (length / norm)
        else:
            plain[own_name] = value
    return plain
