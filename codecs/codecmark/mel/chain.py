"""The chain as codecs: waveform -> log-mel [-> VAE latent -> log-mel] -> waveform.

Payload: for each channel the mean and the peak of the waveform (float32, undone at the end), then
the coded spectrogram of all channels: log-mel values for `mel:`, latents for `audioldm2:`, coded
as the setting after `@` says (`latent_coding`; without one `f16`, sixteen bits being what these
values need). The rate that users of the chain quote, "2:1", is elements of mel for each element
of latent; the ratio here is bytes.

Specs: `mel:FORMAT/VOCODER`, `audioldm2:CHECKPOINT/VOCODER`, where VOCODER may end in
`+consistent-N` (`mel_consistency`), `+wiener` or `+softlimit`, e.g.
`mel:16k-80-256/pghi+griffinlim-64+wiener`. `audioldm2:user-80-256/...` is the
chain as its users configured it: the music VAE on 80 bands at a hop of 256. `ltx2` and `mmaudio`
are chains of the same form with other autoencoders.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, ClassVar

import numpy as np
import torch

from codecmark.bitstream import scalar_coding
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples, fit_length, resample
from codecmark.codec import NO_WEIGHTS, Codec, CodecInfo, Weights
from codecmark.errors import BitstreamError, InputError
from codecmark.mel import mel_consistency, postfilter
from codecmark.mel.formats import mel_format
from codecmark.mel.front_end import log_mel
from codecmark.mel.harmonic.vocoder import trained_vocoder
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.mel.vocoders.base import PhaseRetrieval, Vocoder
from codecmark.mel.vocoders.table import NETWORKS, MelVocoder
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

_PEAK = 0.5  # AudioLDM2 scales its waveforms to this before the mel
_LEVEL_BYTES = 8


class ChainCodec(Codec):
    """What the families share: level, length, the code, the vocoder and what comes after it."""

    stride = 4  # frames are padded to a multiple; that of the 16 kHz VAEs, with or without one
    channels = 1
    reference: ClassVar[str] = "arXiv 2308.05734"

    def __init__(
        self,
        spec: Spec,
        vocoder: Vocoder,
        postfilters: list[str],
        setup: Setup,
        *,
        parameters: int,
        weights: Weights,
        licence: str,
        notes: str,
    ) -> None:
        self.vocoder = vocoder
        self.mel = vocoder.mel
        coding = spec.setting or "f16"
        self._coding = scalar_coding.named(coding)
        rounds = [mel_consistency.rounds_of(name) for name in postfilters]
        self._rounds = sum(count for count in rounds if count is not None)
        if self._rounds and self.synthesis_rate_hz != self.mel.sample_rate_hz:
            raise InputError(
                f"spec: {spec}: +consistent-N needs a vocoder at the mel's own rate; leave it out"
            )
        self._postfilters = [
            postfilter.named(name)
            for name, count in zip(postfilters, rounds, strict=True)
            if count is None
        ]
        bits = scalar_coding.bits_per_value(coding)
        values = prod(self.coded_shape(self.stride)) / (self.stride * self.mel.hop)
        self._device = runtime.device(setup)
        info = CodecInfo(
            spec=str(spec),
            family=spec.family,
            sample_rate_hz=self.mel.sample_rate_hz,
            channels=self.channels,
            nominal_bitrate_kbps=bits and bits * values * self.mel.sample_rate_hz / 1000,
            algorithmic_delay_samples=None,
            licence=licence,
            reference=self.reference,
            parameters=parameters,
            weights=weights,
            notes=notes,
        )
        self.info = runtime.described(info, setup)

    def analyse(self, values: torch.Tensor) -> torch.Tensor:
        """Return what is coded of a log-mel `[channels, frames, bands]`."""
        return values

    def restore(self, coded: torch.Tensor) -> torch.Tensor:
        """Return the log-mel of what was coded."""
        return coded

    def coded_shape(self, frames: int) -> tuple[int, ...]:
        """Return the shape of what is coded for one channel, or for all where they share it."""
        return frames, self.mel.bands

    def coded_channels(self, channels: int) -> int:
        """Return how many of these shapes are coded."""
        return channels

    def frame_count(self, samples: int) -> int:
        """Return how many frames hold `samples` at the mel's rate, as the network wants them."""
        return self.mel.frames(samples, multiple=self.stride)

    @property
    def synthesis_rate_hz(self) -> int:
        """The rate that the vocoder's samples have."""
        return self.mel.sample_rate_hz

    @torch.inference_mode()
    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return levels and coded spectrogram."""
        samples = clip.resampled(self.mel.sample_rate_hz).samples
        mean = samples.mean(axis=1, keepdims=True)
        peak = np.abs(samples - mean).max(axis=1, keepdims=True)
        levels = np.concatenate([mean, peak], axis=1).astype("<f4")
        scaled = (samples - mean) * (_PEAK / np.where(peak > 0, peak, 1))
        frames = self.frame_count(samples.shape[1])
        padded = runtime.to_tensor(fit_length(scaled, self.mel.samples(frames)), self._device)
        coded = runtime.to_array(self.analyse(log_mel(padded, self.mel)))
        return levels.tobytes() + self._coding.encode(coded)

    @torch.inference_mode()
    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the waveform at the header's rate and length, at its original level."""
        length = -(-header.n_samples * self.mel.sample_rate_hz // header.sample_rate_hz)
        frames = self.frame_count(length)
        end = header.channels * _LEVEL_BYTES
        if len(payload) < end:
            raise BitstreamError("levels", "the payload ends inside them")
        levels = np.frombuffer(payload[:end], "<f4").reshape(-1, 2)
        if not np.isfinite(levels).all():
            raise BitstreamError("levels", "hold NaN or Inf")
        shape = self.coded_channels(header.channels), *self.coded_shape(frames)
        values = self._coding.decode(payload[end:], shape)
        spectrogram = MelSpectrogram(
            self.restore(runtime.to_tensor(values, self._device)), self.mel
        )
        synthesized = self.vocoder.synthesize(spectrogram)
        if self._rounds:
            synthesized = mel_consistency.consistent_waveform(
                synthesized, spectrogram.values, self.mel, self._rounds
            )
        waveform = runtime.to_array(synthesized)
        if len(waveform) > header.channels:  # a network for stereo was given one channel twice
            waveform = waveform.mean(axis=0, keepdims=True)
        scaled = (waveform * (levels[:, 1:] / _PEAK) + levels[:, :1]).astype(np.float32)
        for apply in self._postfilters:
            scaled = apply(scaled)
        return resample(scaled, self.synthesis_rate_hz, header.sample_rate_hz, header.n_samples)


class MelCodec(ChainCodec):
    """The chain without its VAE: the log-mel itself is sent."""

    @classmethod
    def from_spec(
        cls, spec: Spec, setup: Setup, vocoder_config: Mapping[str, Any] | None = None
    ) -> MelCodec:
        """Build from e.g. `mel:16k-64/griffinlim-64`; the configuration is for tests."""
        first, stage, filters = split_stages(spec, "mel format, e.g. mel:16k-64/griffinlim-64")
        mel = mel_format(first)
        if stage in NETWORKS:
            return cls._with_network(spec, NETWORKS[stage], filters, setup, vocoder_config)
        if (trained := trained_vocoder(spec, stage, mel, setup)) is not None:
            vocoder, weights = trained
            return cls(
                spec, vocoder, filters, setup, parameters=vocoder.parameters, weights=weights,
                licence="MIT", notes="vocoder trained by this project; the log-mel is sent",
            )  # fmt: skip
        return cls(
            spec, PhaseRetrieval.from_stage(stage, mel), filters, setup, parameters=0,
            weights=NO_WEIGHTS, licence="MIT", notes="the log-mel is sent, phase is not",
        )  # fmt: skip

    @classmethod
    def _with_network(
        cls,
        spec: Spec,
        network: MelVocoder,
        filters: list[str],
        setup: Setup,
        config: Mapping[str, Any] | None,
    ) -> MelCodec:
        wanted = mel_format(network.mel)
        if mel_format(spec.stages[0]) != wanted:
            raise InputError(
                f"spec: {spec}: this vocoder takes {wanted.describe()}; write mel:{network.mel}/"
                f"{network.stage}"
            )
        source = network.locate(setup)
        vocoder = network.build(source, setup, config)
        return cls(
            spec, vocoder, filters, setup, parameters=vocoder.parameters,
            weights=runtime.weights_of(source), licence=network.licence,
            notes=f"trained at {wanted.sample_rate_hz / 1000:g} kHz; the log-mel is sent, phase "
            "is not",
        )  # fmt: skip


def split_stages(spec: Spec, first: str) -> tuple[str, str, list[str]]:
    """Return the first stage, the vocoder, and what comes after it."""
    if len(spec.stages) != 2:
        raise InputError(f"spec: {spec} needs a {first}, and a vocoder after '/'")
    parts = spec.stages[1].split("+")
    filters = [part for part in parts if _follows(part)]
    vocoder = "+".join(part for part in parts if not _follows(part))
    return spec.stages[0], vocoder, filters


def _follows(stage: str) -> bool:
    return stage in postfilter.FILTERS or mel_consistency.rounds_of(stage) is not None
