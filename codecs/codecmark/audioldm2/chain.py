"""The chain as codecs: waveform -> log-mel [-> VAE latent -> log-mel] -> waveform.

Payload: for each channel the mean and the peak of the waveform (float32, undone at the end), then
the coded spectrogram of all channels as little-endian float16: log-mel values for `mel:`, latents
for `audioldm2:`. Sixteen bits are what these values need; entropy-coded forms are entries of
their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import torch

from codecmark import networks
from codecmark.audioldm2 import autoencoder, vocoder
from codecmark.audioldm2.mel import AUDIOLDM2_16K, MelFormat, log_mel
from codecmark.bitstream import StreamHeader
from codecmark.clip import AudioClip, Samples, fit_length, resample
from codecmark.codec import Codec, CodecInfo
from codecmark.errors import BitstreamError, CodecError, InputError
from codecmark.spec import Spec
from codecmark.weights import NO_WEIGHTS, Located, Weights, locate_or_random

FORMATS = {"16k-64": AUDIOLDM2_16K}
CHECKPOINTS = {
    "base": "cvssp/audioldm2",
    "music": "cvssp/audioldm2-music",
    "large": "cvssp/audioldm2-large",
}
_PEAK = 0.5  # AudioLDM2 scales its waveforms to this before the mel
_CODED = np.dtype("<f2")
_REFERENCE = "arXiv 2308.05734"


class _ChainCodec(Codec):
    """What both share: level, length, and the float16 code."""

    mel: MelFormat
    vocoder: vocoder.Vocoder

    def analyse(self, spectrogram: torch.Tensor) -> torch.Tensor:
        """Return what is coded of a log-mel `[channels, frames, bands]`."""
        return spectrogram

    def restore(self, coded: torch.Tensor) -> torch.Tensor:
        """Return the log-mel of what was coded."""
        return coded

    def coded_shape(self, frames: int) -> tuple[int, ...]:
        """Return the shape of what is coded for one channel."""
        return frames, self.mel.bands

    @torch.inference_mode()
    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return levels and coded spectrogram."""
        samples = clip.resampled(self.mel.sample_rate_hz).samples
        mean = samples.mean(axis=1, keepdims=True)
        peak = np.abs(samples - mean).max(axis=1, keepdims=True)
        levels = np.concatenate([mean, peak], axis=1).astype("<f4")
        scaled = (samples - mean) * (_PEAK / np.where(peak > 0, peak, 1))
        padded = fit_length(scaled, self._frame_count(samples.shape[1]) * self.mel.hop)
        coded = self.analyse(log_mel(networks.to_tensor(padded), self.mel))
        values = networks.to_array(coded).astype(_CODED)
        if not np.isfinite(values).all():
            raise CodecError(f"{self.info.spec}: values are outside the range of float16")
        return levels.tobytes() + values.tobytes()

    @torch.inference_mode()
    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the waveform at the header's rate and length, at its original level."""
        length = -(-header.n_samples * self.mel.sample_rate_hz // header.sample_rate_hz)
        shape = header.channels, *self.coded_shape(self._frame_count(length))
        level_bytes = header.channels * 8
        if len(payload) != level_bytes + _CODED.itemsize * prod(shape):
            raise BitstreamError("samples", f"{header.n_samples} do not fit {len(payload)} bytes")
        levels = np.frombuffer(payload, "<f4", count=header.channels * 2).reshape(-1, 2)
        values = np.frombuffer(payload, _CODED, offset=level_bytes).reshape(shape)
        if not (np.isfinite(levels).all() and np.isfinite(values).all()):
            raise BitstreamError("payload", "holds NaN or Inf")
        coded = networks.to_tensor(values.astype(np.float32))
        waveform = networks.to_array(self.vocoder.synthesize(self.restore(coded)))
        mean, peak = levels[:, :1], levels[:, 1:]
        scaled = (waveform * (peak / _PEAK) + mean).astype(np.float32)
        return resample(scaled, self.mel.sample_rate_hz, header.sample_rate_hz, header.n_samples)

    def _frame_count(self, length: int) -> int:
        """Frames of the padded clip: whole blocks of the VAE's stride."""
        block = self.mel.hop * autoencoder.STRIDE
        return -(-length // block) * autoencoder.STRIDE

    def _info(self, spec: str, parameters: int, weights: Weights, notes: str) -> CodecInfo:
        values = prod(self.coded_shape(autoencoder.STRIDE)) / (autoencoder.STRIDE * self.mel.hop)
        return CodecInfo(
            spec=spec,
            family=spec.partition(":")[0],
            sample_rate_hz=self.mel.sample_rate_hz,
            channels=1,
            nominal_bitrate_kbps=8 * _CODED.itemsize * values * self.mel.sample_rate_hz / 1000,
            algorithmic_delay_samples=self.mel.n_fft,
            licence="Apache-2.0 (diffusers, transformers); weights CC-BY-NC-SA-4.0"
            if parameters
            else "MIT",
            reference=_REFERENCE,
            parameters=parameters,
            weights=weights,
            device=str(networks.device()),
            notes=notes,
        )


class MelCodec(_ChainCodec):
    """The chain without its VAE: the log-mel itself is sent."""

    def __init__(self, mel_name: str, stage: str) -> None:
        self.mel = FORMATS[mel_name]
        self.vocoder = vocoder.GriffinLimVocoder.from_stage(stage, self.mel)
        self.info = self._info(
            f"mel:{mel_name}/{stage}", 0, NO_WEIGHTS, "log-mel as float16; phase is not sent"
        )

    @classmethod
    def from_spec(cls, spec: Spec) -> MelCodec:
        """Build from e.g. `mel:16k-64/griffinlim-64`."""
        mel_name, stage = _two_stages(spec, FORMATS, "mel format")
        return cls(mel_name, stage)


class AudioLDM2Codec(_ChainCodec):
    """The whole chain at the published size."""

    def __init__(
        self,
        checkpoint: str,
        stage: str,
        vae_config: Mapping[str, Any] = autoencoder.PUBLISHED,
        hifigan_config: Mapping[str, Any] = vocoder.PUBLISHED_HIFIGAN,
    ) -> None:
        source: Located | Weights = locate_or_random(CHECKPOINTS[checkpoint])
        self.mel = AUDIOLDM2_16K
        self._autoencoder = autoencoder.MelAutoencoder(source, vae_config)
        if stage == "hifigan":
            self.vocoder = vocoder.HifiGanVocoder(source, self.mel, hifigan_config)
        else:
            self.vocoder = vocoder.GriffinLimVocoder.from_stage(stage, self.mel)
        parameters = networks.parameter_count(self._autoencoder.network) + self.vocoder.parameters
        self.info = self._info(
            f"audioldm2:{checkpoint}/{stage}",
            parameters,
            networks.weights_of(source),
            "VAE latents as float16; 2 mel values for each latent value",
        )

    @classmethod
    def from_spec(cls, spec: Spec) -> AudioLDM2Codec:
        """Build from e.g. `audioldm2:music/hifigan`."""
        return cls(*_two_stages(spec, CHECKPOINTS, "checkpoint"))

    def analyse(self, spectrogram: torch.Tensor) -> torch.Tensor:
        """Return the latent."""
        return self._autoencoder.encode(spectrogram)

    def restore(self, coded: torch.Tensor) -> torch.Tensor:
        """Return the log-mel."""
        return self._autoencoder.decode(coded)

    def coded_shape(self, frames: int) -> tuple[int, ...]:
        """Return the latent's shape."""
        return self._autoencoder.latent_shape(frames, self.mel.bands)


def _two_stages(spec: Spec, first: Mapping[str, object], meaning: str) -> tuple[str, str]:
    spec.refuse_setting()
    if len(spec.stages) != 2 or spec.stages[0] not in first:
        raise InputError(
            f"spec: {spec} needs a {meaning} ({', '.join(first)}) and a vocoder, "
            f"e.g. {spec.family}:{next(iter(first))}/griffinlim-64"
        )
    return spec.stages[0], spec.stages[1]
