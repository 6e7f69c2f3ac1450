"""The chain as codecs: waveform -> log-mel [-> VAE latent -> log-mel] -> waveform.

Payload: for each channel the mean and the peak of the waveform (float32, undone at the end), then
the coded spectrogram of all channels: log-mel values for `mel:`, latents for `audioldm2:`, coded
as the setting after `@` says (`latent_coding`; without one `f16`, sixteen bits being what these
values need). The rate that users of the chain quote, "2:1", is elements of mel for each element
of latent; the ratio here is bytes.

Specs: `mel:FORMAT/VOCODER`, `audioldm2:CHECKPOINT/VOCODER`, where VOCODER may end in `+wiener` or
`+softlimit`, e.g. `mel:16k-80-256/pghi+griffinlim-64+wiener`. `audioldm2:user-80-256/...` is the
chain as its users configured it: the music VAE on 80 bands at a hop of 256.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import torch

from codecmark import latent_coding, networks
from codecmark.audioldm2 import postfilter
from codecmark.audioldm2.formats import AUDIOLDM2, HIFIGAN_22K, USER, mel_format
from codecmark.audioldm2.mel import log_mel
from codecmark.audioldm2.spectrogram import MelSpectrogram
from codecmark.audioldm2.vocoder import PhaseRetrieval, Vocoder
from codecmark.audioldm2.waveform_layer import codec as waveform_layer
from codecmark.bitstream import StreamHeader
from codecmark.clip import AudioClip, Samples, fit_length, resample
from codecmark.codec import Codec, CodecInfo
from codecmark.errors import BitstreamError, InputError
from codecmark.spec import Spec
from codecmark.weights import NO_WEIGHTS, Located, Weights, locate, locate_or_random

STRIDE = 4  # the VAE halves both axes twice; frames are padded to it with or without a VAE
USER_CHAIN = "user-80-256"
CHECKPOINTS = {
    "base": "cvssp/audioldm2",
    "music": "cvssp/audioldm2-music",
    "large": "cvssp/audioldm2-large",
    USER_CHAIN: "cvssp/audioldm2-music",
}
SMALL_HIFIGAN, SMALL_HIFIGAN_WEIGHTS = "hifigan-22k", "hifigan-22khz-80mel"
_PEAK = 0.5  # AudioLDM2 scales its waveforms to this before the mel
_LEVEL_BYTES = 8


class ChainCodec(Codec):
    """What both families share: level, length, the code, the vocoder and what comes after it."""

    def __init__(
        self,
        spec: Spec,
        vocoder: Vocoder,
        postfilters: list[str],
        *,
        parameters: int,
        weights: Weights,
        licence: str,
        notes: str,
    ) -> None:
        self.vocoder = vocoder
        self.mel = vocoder.mel
        coding = spec.setting or "f16"
        self._coding = latent_coding.named(coding)
        self._postfilters = [postfilter.named(name) for name in postfilters]
        bits = latent_coding.bits_per_value(coding)
        values = prod(self.coded_shape(STRIDE)) / (STRIDE * self.mel.hop)
        self.info = CodecInfo(
            spec=str(spec),
            family=spec.family,
            sample_rate_hz=self.mel.sample_rate_hz,
            channels=1,
            nominal_bitrate_kbps=bits and bits * values * self.mel.sample_rate_hz / 1000,
            algorithmic_delay_samples=self.mel.n_fft,
            licence=licence,
            reference="arXiv 2308.05734",
            parameters=parameters,
            weights=weights,
            device=str(networks.device()),
            backend="eager",
            notes=notes,
        )

    def analyse(self, values: torch.Tensor) -> torch.Tensor:
        """Return what is coded of a log-mel `[channels, frames, bands]`."""
        return values

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
        frames = self.mel.frames(samples.shape[1], multiple=STRIDE)
        padded = networks.to_tensor(fit_length(scaled, self.mel.samples(frames)))
        coded = networks.to_array(self.analyse(log_mel(padded, self.mel)))
        return levels.tobytes() + self._coding.encode(coded)

    @torch.inference_mode()
    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the waveform at the header's rate and length, at its original level."""
        length = -(-header.n_samples * self.mel.sample_rate_hz // header.sample_rate_hz)
        frames = self.mel.frames(length, multiple=STRIDE)
        end = header.channels * _LEVEL_BYTES
        if len(payload) < end:
            raise BitstreamError("levels", "the payload ends inside them")
        levels = np.frombuffer(payload[:end], "<f4").reshape(-1, 2)
        if not np.isfinite(levels).all():
            raise BitstreamError("levels", "hold NaN or Inf")
        values = self._coding.decode(payload[end:], (header.channels, *self.coded_shape(frames)))
        spectrogram = MelSpectrogram(self.restore(networks.to_tensor(values)), self.mel)
        waveform = networks.to_array(self.vocoder.synthesize(spectrogram))
        scaled = (waveform * (levels[:, 1:] / _PEAK) + levels[:, :1]).astype(np.float32)
        for apply in self._postfilters:
            scaled = apply(scaled)
        return resample(scaled, self.mel.sample_rate_hz, header.sample_rate_hz, header.n_samples)


class MelCodec(ChainCodec):
    """The chain without its VAE: the log-mel itself is sent."""

    @classmethod
    def from_spec(cls, spec: Spec) -> Codec:
        """Build from e.g. `mel:16k-64/griffinlim-64`, or `mel:16k-64+wave@snr10`."""
        if (spec.variant or "").endswith(waveform_layer.SUFFIX):
            return waveform_layer.WaveformLayerCodec.from_spec(spec)
        first, stage, filters = _stages(spec, "mel format, e.g. mel:16k-64/griffinlim-64")
        mel = mel_format(first)
        if stage == SMALL_HIFIGAN:
            return cls._small_hifigan(spec, filters)
        return cls(
            spec, PhaseRetrieval.from_stage(stage, mel), filters, parameters=0,
            weights=NO_WEIGHTS, licence="MIT", notes="the log-mel is sent, phase is not",
        )  # fmt: skip

    @classmethod
    def _small_hifigan(cls, spec: Spec, filters: list[str]) -> MelCodec:
        from codecmark.audioldm2.hifigan import SmallHifiGan

        if mel_format(spec.stages[0]) != HIFIGAN_22K:
            raise InputError(
                f"spec: {spec}: this vocoder takes {HIFIGAN_22K.describe()}; write mel:22k-80/"
                f"{SMALL_HIFIGAN}"
            )
        located = locate(SMALL_HIFIGAN_WEIGHTS)
        vocoder = SmallHifiGan(located)
        return cls(
            spec, vocoder, filters, parameters=vocoder.parameters, weights=located.weights,
            licence="MIT; weights from a GPL-3.0 repository",
            notes="trained at 22.05 kHz; the log-mel is sent, phase is not",
        )  # fmt: skip


class AudioLDM2Codec(ChainCodec):
    """The whole chain at the published size."""

    @classmethod
    def from_spec(
        cls,
        spec: Spec,
        vae_config: Mapping[str, Any] | None = None,
        hifigan_config: Mapping[str, Any] | None = None,
    ) -> AudioLDM2Codec:
        """Build from e.g. `audioldm2:music/hifigan`; the configurations are for tests."""
        return cls(spec, vae_config, hifigan_config)

    def __init__(
        self,
        spec: Spec,
        vae_config: Mapping[str, Any] | None = None,
        hifigan_config: Mapping[str, Any] | None = None,
    ) -> None:
        from codecmark.audioldm2 import autoencoder, hifigan

        checkpoint, stage, filters = _stages(spec, f"checkpoint: {', '.join(CHECKPOINTS)}")
        if checkpoint not in CHECKPOINTS:
            raise InputError(f"spec: {spec}: checkpoint must be one of {', '.join(CHECKPOINTS)}")
        mel = USER if checkpoint == USER_CHAIN else AUDIOLDM2
        vocoder: Vocoder | None = None
        if stage != "hifigan":  # a wrong stage is refused before a network is built
            vocoder = PhaseRetrieval.from_stage(stage, mel)
        source: Located | Weights = locate_or_random(CHECKPOINTS[checkpoint])
        if vocoder is None:
            vocoder = hifigan.HifiGan(source, mel, hifigan_config or hifigan.PUBLISHED)
        self.autoencoder = autoencoder.MelAutoencoder(source, vae_config or autoencoder.PUBLISHED)
        super().__init__(
            spec,
            vocoder,
            filters,
            parameters=networks.parameter_count(self.autoencoder.network) + vocoder.parameters,
            weights=networks.weights_of(source),
            licence="Apache-2.0 (diffusers, transformers); weights CC-BY-NC-SA-4.0",
            notes="the latent is sent: 2 mel values for each latent value, the '2:1' of its users",
        )

    def analyse(self, values: torch.Tensor) -> torch.Tensor:
        """Return the latent."""
        return self.autoencoder.encode(values)

    def restore(self, coded: torch.Tensor) -> torch.Tensor:
        """Return the log-mel."""
        return self.autoencoder.decode(coded)

    def coded_shape(self, frames: int) -> tuple[int, ...]:
        """Return the latent's shape."""
        return self.autoencoder.latent_shape(frames, self.mel.bands)


def _stages(spec: Spec, first: str) -> tuple[str, str, list[str]]:
    """Return the first stage, the vocoder, and the postfilters after it."""
    if len(spec.stages) != 2:
        raise InputError(f"spec: {spec} needs a {first}, and a vocoder after '/'")
    parts = spec.stages[1].split("+")
    filters = [part for part in parts if part in postfilter.FILTERS]
    vocoder = "+".join(part for part in parts if part not in postfilter.FILTERS)
    return spec.stages[0], vocoder, filters
