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

import torch

from codecmark.bitstream import scalar_coding
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples, fit_length, resample
from codecmark.codec import NO_WEIGHTS, Codec, CodecInfo, Weights
from codecmark.errors import InputError
from codecmark.mel import mel_consistency
from codecmark.mel.after_vocoder import AfterVocoder, follows_a_vocoder
from codecmark.mel.formats import mel_format
from codecmark.mel.front_end import MelFormat, log_mel
from codecmark.mel.harmonic.vocoder import trained_vocoder
from codecmark.mel.levels import Levels
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.mel.vocoders.base import PhaseRetrieval, Vocoder
from codecmark.mel.vocoders.table import NETWORKS, MelVocoder
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

_CODING = "f16"  # sixteen bits are what these values need


class ChainCodec(Codec):
    """What the families share: level, length, the code, the vocoder and what comes after it."""

    stride = 4  # frames are padded to a multiple; that of the 16 kHz VAEs, with or without one
    channels = 1
    reference: ClassVar[str] = "arXiv 2308.05734"

    def __init__(
        self,
        spec: Spec,
        vocoder: Vocoder,
        after: list[str],
        setup: Setup,
        *,
        parameters: int,
        weights: Weights,
        licence: str,
        notes: str,
    ) -> None:
        self.vocoder = vocoder
        self.mel = vocoder.mel
        self._device = runtime.device(setup)
        self._coding = scalar_coding.named(spec.setting or _CODING)
        self._after = AfterVocoder.named(after)
        self._require_consistency_to_fit(spec)
        info = CodecInfo(
            spec=str(spec),
            family=spec.family,
            sample_rate_hz=self.mel.sample_rate_hz,
            channels=self.channels,
            nominal_bitrate_kbps=self._nominal_bitrate_kbps(spec.setting or _CODING),
            algorithmic_delay_samples=None,
            licence=licence,
            reference=self.reference,
            parameters=parameters,
            weights=weights,
            notes=notes,
        )
        self.info = runtime.described(info, setup)

    @torch.inference_mode()
    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return levels and coded spectrogram."""
        levels, waveform = self._levelled(clip)
        coded = self.analyse(log_mel(waveform, self.mel))
        return levels.to_bytes() + self._coding.encode(runtime.to_array(coded))

    @torch.inference_mode()
    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the waveform at the header's rate and length, at its original level."""
        levels, data = Levels.read(payload, header.channels)
        coded = self._coding.decode(data, self._coded_shape(header))
        spectrogram = MelSpectrogram(self.restore(runtime.to_tensor(coded, self._device)), self.mel)
        return self._finished(self._waveform(spectrogram), levels, header)

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

    def _levelled(self, clip: AudioClip) -> tuple[Levels, torch.Tensor]:
        """Return the clip's levels, and without them its waveform, filling whole frames."""
        samples = clip.resampled(self.mel.sample_rate_hz).samples
        levels = Levels.of(samples)
        frames = self.frame_count(samples.shape[1])
        filled = fit_length(levels.removed_from(samples), self.mel.samples(frames))
        return levels, runtime.to_tensor(filled, self._device)

    def _coded_shape(self, header: StreamHeader) -> tuple[int, ...]:
        """Return the shape of all that a stream of such a clip holds."""
        length = -(-header.n_samples * self.mel.sample_rate_hz // header.sample_rate_hz)
        shape = self.coded_shape(self.frame_count(length))
        return self.coded_channels(header.channels), *shape

    def _waveform(self, spectrogram: MelSpectrogram) -> Samples:
        """Return the vocoder's waveform `[channels, samples]`, made consistent if asked for."""
        waveform = self.vocoder.synthesize(spectrogram)
        if rounds := self._after.consistency_rounds:
            waveform = mel_consistency.consistent_waveform(
                waveform, spectrogram.values, self.mel, rounds
            )
        return runtime.to_array(waveform)

    def _finished(self, waveform: Samples, levels: Levels, header: StreamHeader) -> Samples:
        """Return the waveform at its level, filtered, at the header's rate and length."""
        if len(waveform) > header.channels:  # a network for stereo was given one channel twice
            waveform = waveform.mean(axis=0, keepdims=True)
        finished = levels.restored_to(waveform)
        for apply in self._after.filters:
            finished = apply(finished)
        return resample(finished, self.synthesis_rate_hz, header.sample_rate_hz, header.n_samples)

    def _nominal_bitrate_kbps(self, coding: str) -> float | None:
        """Return the rate of one channel; None where the coding's size depends on the values."""
        bits = scalar_coding.bits_per_value(coding)
        values = prod(self.coded_shape(self.stride)) / (self.stride * self.mel.hop)
        return bits and bits * values * self.mel.sample_rate_hz / 1000

    def _require_consistency_to_fit(self, spec: Spec) -> None:
        if self._after.consistency_rounds and self.synthesis_rate_hz != self.mel.sample_rate_hz:
            raise InputError(
                f"spec: {spec}: +consistent-N needs a vocoder at the mel's own rate; leave it out"
            )


class MelCodec(ChainCodec):
    """The chain without its VAE: the log-mel itself is sent."""

    @classmethod
    def from_spec(
        cls, spec: Spec, setup: Setup, vocoder_config: Mapping[str, Any] | None = None
    ) -> MelCodec:
        """Build from e.g. `mel:16k-64/griffinlim-64`; the configuration is for tests."""
        first, stage, after = split_stages(spec, "mel format, e.g. mel:16k-64/griffinlim-64")
        mel = mel_format(first)
        if stage in NETWORKS:
            return cls._with_network(spec, NETWORKS[stage], after, setup, vocoder_config)
        vocoder, weights = vocoder_named(spec, stage, mel, setup)
        trained = weights != NO_WEIGHTS
        return cls(
            spec, vocoder, after, setup, parameters=vocoder.parameters, weights=weights,
            licence="MIT",
            notes="vocoder trained by this project; the log-mel is sent"
            if trained
            else "the log-mel is sent, phase is not",
        )  # fmt: skip

    @classmethod
    def _with_network(
        cls,
        spec: Spec,
        network: MelVocoder,
        after: list[str],
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
            spec, vocoder, after, setup, parameters=vocoder.parameters,
            weights=runtime.weights_of(source), licence=network.licence,
            notes=f"trained at {wanted.sample_rate_hz / 1000:g} kHz; the log-mel is sent, phase "
            "is not",
        )  # fmt: skip


def vocoder_named(spec: Spec, stage: str, mel: MelFormat, setup: Setup) -> tuple[Vocoder, Weights]:
    """Return the vocoder that a stage names and its evidence: one trained here, or none learned.

    Raises
    ------
    InputError
        If there is no such vocoder for this mel: before a network is built.
    """
    trained = trained_vocoder(spec, stage, mel, setup)
    return trained or (PhaseRetrieval.from_stage(stage, mel), NO_WEIGHTS)


def split_stages(spec: Spec, first: str) -> tuple[str, str, list[str]]:
    """Return the first stage, the vocoder, and the names of what follows it.

    Parameters
    ----------
    first : str
        What the first stage is, for the message where there are not two.
    """
    if len(spec.stages) != 2:
        raise InputError(f"spec: {spec} needs a {first}, and a vocoder after '/'")
    parts = spec.stages[1].split("+")
    after = [part for part in parts if follows_a_vocoder(part)]
    vocoder = "+".join(part for part in parts if not follows_a_vocoder(part))
    return spec.stages[0], vocoder, after
