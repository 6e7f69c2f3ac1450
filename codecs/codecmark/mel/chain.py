"""Mel chains as codecs: waveform -> log-mel [-> VAE latent -> log-mel] -> waveform.

Payload: mean and peak of each channel's waveform (float32, restored at the end), then the coded
spectrogram of all channels: log-mel values for `mel:`, latents for `audioldm2:`. The setting after
`@` selects the coding, see `bitstream.scalar_coding`; the default `f16` is enough for these values.
The "2:1" that users of the chain quote is mel values per latent value; the ratio reported here is
of bytes.

Specs: `mel:FORMAT/VOCODER` and `audioldm2:CHECKPOINT/VOCODER`, where VOCODER may end in
`+consistent-N` (see `mel_consistency`), `+wiener` or `+softlimit`, e.g.
`mel:16k-80-256/pghi+griffinlim-64+wiener`. `audioldm2:user-80-256/...` is the chain as its users
configured it: the music VAE on 80 bands with a hop of 256. `ltx2` and `mmaudio` are chains of the
same form with other autoencoders.
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

_CODING = "f16"  # the default


class ChainCodec(Codec):
    """Base of all mel chains: levels, length, coding, vocoder and the stages after it."""

    stride = 4  # frames are padded to a multiple of it: that of the 16 kHz VAEs, also without a VAE
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
        """Return the levels and the coded spectrogram."""
        levels, waveform = self._levelled(clip)
        coded = self.analyse(log_mel(waveform, self.mel))
        return levels.to_bytes() + self._coding.encode(runtime.to_array(coded))

    @torch.inference_mode()
    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the waveform at its original level, and the header's rate and length."""
        levels, data = Levels.read(payload, header.channels)
        coded = self._coding.decode(data, self._coded_shape(header))
        spectrogram = MelSpectrogram(self.restore(runtime.to_tensor(coded, self._device)), self.mel)
        return self._finished(self._waveform(spectrogram), levels, header)

    def analyse(self, values: torch.Tensor) -> torch.Tensor:
        """Return the values to code for a log-mel `[channels, frames, bands]`."""
        return values

    def restore(self, coded: torch.Tensor) -> torch.Tensor:
        """Return the log-mel of the coded values."""
        return coded

    def coded_shape(self, frames: int) -> tuple[int, ...]:
        """Return the shape of the coded values of one channel, or of all if they share it."""
        return frames, self.mel.bands

    def coded_channels(self, channels: int) -> int:
        """Return how many arrays of `coded_shape` are coded."""
        return channels

    def frame_count(self, samples: int) -> int:
        """Return the number of frames for `samples` at the mel's rate, as the network needs it."""
        return self.mel.frames(samples, multiple=self.stride)

    @property
    def synthesis_rate_hz(self) -> int:
        """Sample rate of the vocoder's output."""
        return self.mel.sample_rate_hz

    def _levelled(self, clip: AudioClip) -> tuple[Levels, torch.Tensor]:
        """Return the clip's levels, and its normalised waveform padded to whole frames."""
        samples = clip.resampled(self.mel.sample_rate_hz).samples
        levels = Levels.of(samples)
        frames = self.frame_count(samples.shape[1])
        padded = fit_length(levels.removed_from(samples), self.mel.samples(frames))
        return levels, runtime.to_tensor(padded, self._device)

    def _coded_shape(self, header: StreamHeader) -> tuple[int, ...]:
        """Return the shape of all coded values in a stream with this header."""
        length = -(-header.n_samples * self.mel.sample_rate_hz // header.sample_rate_hz)
        shape = self.coded_shape(self.frame_count(length))
        return self.coded_channels(header.channels), *shape

    def _waveform(self, spectrogram: MelSpectrogram) -> Samples:
        """Return the vocoder's waveform `[channels, samples]`, after the consistency rounds."""
        waveform = self.vocoder.synthesize(spectrogram)
        if rounds := self._after.consistency_rounds:
            waveform = mel_consistency.consistent_waveform(
                waveform, spectrogram.values, self.mel, rounds
            )
        return runtime.to_array(waveform)

    def _finished(self, waveform: Samples, levels: Levels, header: StreamHeader) -> Samples:
        """Return the filtered waveform at its original level, and the header's rate and length."""
        if len(waveform) > header.channels:  # mono, coded twice by a network for stereo
            waveform = waveform.mean(axis=0, keepdims=True)
        finished = levels.restored_to(waveform)
        for apply in self._after.filters:
            finished = apply(finished)
        return resample(finished, self.synthesis_rate_hz, header.sample_rate_hz, header.n_samples)

    def _nominal_bitrate_kbps(self, coding: str) -> float | None:
        """Return the rate of one channel; None if the coded size depends on the values."""
        bits = scalar_coding.bits_per_value(coding)
        values_per_sample = prod(self.coded_shape(self.stride)) / (self.stride * self.mel.hop)
        return bits and bits * values_per_sample * self.mel.sample_rate_hz / 1000

    def _require_consistency_to_fit(self, spec: Spec) -> None:
        if self._after.consistency_rounds and self.synthesis_rate_hz != self.mel.sample_rate_hz:
            raise InputError(
                f"spec: {spec}: +consistent-N needs a vocoder at the mel's own rate; leave it out"
            )


class MelCodec(ChainCodec):
    """The chain without a VAE: the log-mel itself is coded."""

    @classmethod
    def from_spec(
        cls, spec: Spec, setup: Setup, vocoder_config: Mapping[str, Any] | None = None
    ) -> MelCodec:
        """Build from e.g. `mel:16k-64/griffinlim-64`; tests pass a small `vocoder_config`."""
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
        required_mel = mel_format(network.mel)
        if mel_format(spec.stages[0]) != required_mel:
            raise InputError(
                f"spec: {spec}: this vocoder takes {required_mel.describe()}; write "
                f"mel:{network.mel}/{network.stage}"
            )
        source = network.locate(setup)
        vocoder = network.build(source, setup, config)
        return cls(
            spec, vocoder, after, setup, parameters=vocoder.parameters,
            weights=runtime.weights_of(source), licence=network.licence,
            notes=f"trained at {required_mel.sample_rate_hz / 1000:g} kHz; the log-mel is sent, "
            "phase is not",
        )  # fmt: skip


def vocoder_named(spec: Spec, stage: str, mel: MelFormat, setup: Setup) -> tuple[Vocoder, Weights]:
    """Return the vocoder that a stage names, and the origin of its weights.

    It is either trained by this project, or phase retrieval without learned weights.

    Raises
    ------
    InputError
        If there is no such vocoder for this mel; raised before a network is built.
    """
    trained = trained_vocoder(spec, stage, mel, setup)
    return trained or (PhaseRetrieval.from_stage(stage, mel), NO_WEIGHTS)


def split_stages(spec: Spec, first: str) -> tuple[str, str, list[str]]:
    """Return the first stage, the vocoder, and the names of the stages after it.

    Parameters
    ----------
    first : str
        What the first stage is, for the error message.

    Raises
    ------
    InputError
        If the spec does not have two stages, or the coding or what follows the vocoder is none
        that exists: before weights are looked for.
    """
    if len(spec.stages) != 2:
        raise InputError(f"spec: {spec} needs a {first}, and a vocoder after '/'")
    scalar_coding.named(spec.setting or _CODING)
    parts = spec.stages[1].split("+")
    after = [part for part in parts if follows_a_vocoder(part)]
    AfterVocoder.named(after)
    vocoder = "+".join(part for part in parts if not follows_a_vocoder(part))
    return spec.stages[0], vocoder, after
