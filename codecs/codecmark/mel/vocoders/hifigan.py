"""HiFi-GAN vocoders (Kong et al., arXiv 2010.05646): AudioLDM2's, and a small one at 22.05 kHz."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

from codecmark.codec import Weights
from codecmark.errors import InputError
from codecmark.mel.formats import HIFIGAN_22K
from codecmark.mel.front_end import MelFormat
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located
from codecmark.system import threads

# vocoder/config.json of cvssp/audioldm2
PUBLISHED: Mapping[str, Any] = {
    "model_in_dim": 64,
    "sampling_rate": 16_000,
    "upsample_initial_channel": 1024,
    "upsample_rates": [5, 4, 2, 2, 2],
    "upsample_kernel_sizes": [16, 16, 8, 4, 4],
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
    "initializer_range": 0.01,
    "leaky_relu_slope": 0.1,
    "normalize_before": False,
}
# get_vocoder_config_48k in haoheliu/AudioLDM2:audioldm2/utilities/model.py
FULLBAND: Mapping[str, Any] = {
    **PUBLISHED,
    "model_in_dim": 256,
    "sampling_rate": 48_000,
    "upsample_initial_channel": 1536,
    "upsample_rates": [6, 5, 4, 2, 2],
    "upsample_kernel_sizes": [12, 10, 8, 4, 4],
    "resblock_kernel_sizes": [3, 7, 11, 15],
    "resblock_dilation_sizes": [[1, 3, 5]] * 4,
}


class HifiGan:
    """AudioLDM2's HiFi-GAN, with transformers' `SpeechT5HifiGan`.

    Transposed convolutions whose kernel and stride differ by an odd number (16 and 5) return one
    sample too many, which adds up to 32 samples at 16 kHz. They are cropped at the end, as in the
    AudioLDM2 pipeline.
    """

    def __init__(
        self,
        source: Located | Weights,
        mel: MelFormat,
        setup: Setup,
        config: Mapping[str, Any] = PUBLISHED,
    ) -> None:
        self.network = runtime.build(
            source,
            lambda folder: runtime.load_pretrained(SpeechT5HifiGan, folder, subfolder="vocoder"),
            lambda: SpeechT5HifiGan(SpeechT5HifiGanConfig(**config)),
            setup,
        )
        bands = self.network.config.model_in_dim
        if bands != mel.bands:
            raise InputError(
                f"vocoder: takes {bands} mel bands, the front end gives {mel.bands}; "
                "use a vocoder that was trained on this mel format"
            )
        self.mel = mel
        self.parameters = runtime.parameter_count(self.network)
        self.network = runtime.on_backend(self.network, setup, (1, 50, bands), varying=(0, 1))

    def synthesize(self, spectrogram: MelSpectrogram) -> torch.Tensor:
        """Turn `[channels, frames, bands]` into `[channels, frames * hop]`."""
        values = spectrogram.require(self.mel, "AudioLDM2's HiFi-GAN")
        waveform: torch.Tensor = self.network(values)
        return waveform[:, : self.mel.samples(values.shape[1])]


class SmallHifiGan:
    """The "low" HiFi-GAN of glow-speak on ONNX Runtime: 80 bands at 22.05 kHz, natural log.

    "normalized" in its configuration refers to the audio, not the mel: given natural logarithms it
    reproduces the input's level within 1 %, given scaled ones it returns noise.
    """

    mel = HIFIGAN_22K
    parameters = 925_985  # for its configuration: initial width 128, three residual kernels

    def __init__(self, located: Located, _setup: Setup) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads.count()
        options.log_severity_level = 3  # suppresses a warning about its wrong declared output shape
        self._session = onnxruntime.InferenceSession(
            str(located.folder / "generator.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def synthesize(self, spectrogram: MelSpectrogram) -> torch.Tensor:
        """Turn `[channels, frames, bands]` into `[channels, frames * hop]`."""
        values = spectrogram.require(self.mel, "the 22.05 kHz HiFi-GAN")
        channel_first = np.ascontiguousarray(values.cpu().numpy().transpose(0, 2, 1))
        (audio,) = self._session.run(None, {"mel": channel_first})
        return torch.from_numpy(audio[:, 0]).to(values.device)
