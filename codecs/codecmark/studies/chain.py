"""Diagnosis of a mel chain: what each stage loses, with the others replaced by the original.

A chain without a VAE loses information in two places: in the magnitudes (STFT magnitudes become mel
bands, and must be estimated back) and in the phase (which is not sent, and must be synthesised).
Each is measured alone, with the other taken from the original, and both together; the VAE and
trained vocoders are added if their weights are present.

Definitions
-----------
`waveform retention`: the share of the output's energy that is the original waveform, the squared
correlation; 0 to 100 %. `quality retention`: (PESQ - 1) / (4.64 - 1), the position within the range
of PESQ-WB; 0 to 100 %.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from codecmark import catalog
from codecmark.clip import AudioClip, Samples, fit_length
from codecmark.errors import UnavailableError
from codecmark.mel.formats import mel_format
from codecmark.mel.front_end import linear_spectrum, log_of, magnitude_from_mel
from codecmark.mel.vocoders.base import PhaseRetrieval
from codecmark.metrics.score import Scores, score
from codecmark.networks import runtime
from codecmark.networks.setup import Setup

PESQ_RANGE = (1.0, 4.64)
USERS_FIGURES = {"mel": 86, "VAE": 85, "Griffin-Lim": 8}  # retention in percent, as users reported

ORIGINAL, SILENCE = "original", "silence"
MAGNITUDE, PHASE, BOTH = (
    "mel magnitude, true phase",
    "true magnitude, invented phase",
    "mel magnitude, invented phase",
)


@dataclass(frozen=True)
class Stage:
    """One path through the chain and its output.

    Attributes
    ----------
    output : Samples or None
    scores : Scores or None
        None if the path could not be run; `reason` then says why.
    """

    name: str
    output: Samples | None
    scores: Scores | None
    reason: str = ""

    def value(self, field: str) -> float | None:
        """Return the score of a field, or None if it was not measured."""
        return None if self.scores is None else self.scores.values.get(field)

    @property
    def waveform_retention(self) -> float | None:
        """Squared correlation in percent; 0 for a negative correlation."""
        correlation = self.value("correlation")
        return None if correlation is None else 100 * max(correlation, 0.0) ** 2

    @property
    def quality_retention(self) -> float | None:
        """Position of PESQ-WB within its range, in percent."""
        pesq = self.value("pesq_wb")
        low, high = PESQ_RANGE
        return None if pesq is None else 100 * (pesq - low) / (high - low)


def diagnose(clip: AudioClip, mel_name: str, vocoder_stage: str, setup: Setup) -> list[Stage]:
    """Run every path for one mono clip of speech.

    Parameters
    ----------
    clip : AudioClip
        One channel; resampled to the mel's rate, at which everything is scored.
    mel_name, vocoder_stage : str
        As in specs: `16k-64`, `griffinlim-64`.
    setup : Setup
        The device, and where the weights of the trained stages are.
    """
    mel = mel_format(mel_name)
    vocoder = PhaseRetrieval.from_stage(vocoder_stage, mel)
    reference = clip.resampled(mel.sample_rate_hz)
    frames = mel.frames(reference.n_samples)
    padded = runtime.to_tensor(
        fit_length(reference.samples, mel.samples(frames)), runtime.device(setup)
    )
    with torch.inference_mode():
        spectrum = linear_spectrum(padded, mel)
        estimated = magnitude_from_mel(log_of(spectrum.abs(), mel), mel)
        paths: list[tuple[str, torch.Tensor]] = [
            (ORIGINAL, vocoder.retrieve(spectrum.abs(), spectrum.angle())),
            (MAGNITUDE, vocoder.retrieve(estimated, spectrum.angle())),
            (PHASE, vocoder.retrieve(spectrum.abs())),
            (BOTH, vocoder.retrieve(estimated)),
        ]
    stages = [_scored(reference, name, runtime.to_array(output), setup) for name, output in paths]
    stages += [_codec(reference, spec, name, setup) for spec, name in _CODECS]
    stages.append(_scored(reference, SILENCE, np.zeros_like(reference.samples), setup))
    return stages


BEFORE_VAE, AFTER_VAE = "vocoder trained here", "compact VAE and vocoder trained here"
HIFIGAN, CONSISTENT = (
    "trained HiFi-GAN on its own mel (22.05 kHz)",
    "the same, made consistent with its mel",
)
_CODECS = (
    ("mel:22k-80/hifigan-22k", HIFIGAN),
    ("mel:22k-80/hifigan-22k+consistent-6", CONSISTENT),
    ("mel:16k-64/harmonic", BEFORE_VAE),
    ("audioldm2:compact/griffinlim-64", "compact VAE trained here, then invented phase"),
    ("audioldm2:compact/harmonic", AFTER_VAE),
    ("audioldm2:music/griffinlim-64", "AudioLDM2's VAE, then invented phase"),
    ("audioldm2:music/hifigan", "AudioLDM2's VAE and HiFi-GAN"),
)


def reading(stages: Sequence[Sequence[Stage]]) -> list[str]:
    """Return what the stages of some clips show, as sentences computed from the figures."""
    snr = {name: _mean(stages, name, "snr_db") for name in (MAGNITUDE, PHASE, BOTH)}
    pesq = {name: _mean(stages, name, "pesq_wb") for name in (MAGNITUDE, PHASE, BOTH)}
    lines = []
    limits_snr = min((MAGNITUDE, PHASE), key=lambda name: snr[name] or 0.0)
    lines.append(
        f"SNR is limited by the {_culprit(limits_snr)}: with it alone exchanged, SNR is "
        f"{snr[limits_snr]:.1f} dB; with the other alone, "
        f"{snr[MAGNITUDE if limits_snr == PHASE else PHASE]:.1f} dB."
    )
    known = [value for value in pesq.values() if value is not None]
    if len(known) == len(pesq):
        lines.append(quality_limit(*known))
    for before, after, what in (
        (BEFORE_VAE, AFTER_VAE, "The compact VAE in front of the vocoder trained here"),
        (HIFIGAN, CONSISTENT, "Mel consistency behind the trained HiFi-GAN"),
    ):
        first, second = (_mean(stages, name, "pesq_wb") for name in (before, after))
        if first is not None and second is not None:
            lines.append(f"{what} takes PESQ from {first:.2f} to {second:.2f}.")
    both = snr[BOTH]
    if both is not None and both < 0:
        lines.append(
            f"The chain's {both:.1f} dB is below silence, which scores 0 dB: an output of the "
            "right level with the wrong phase adds its own energy to the error. More iterations, "
            "another vocoder or a larger VAE cannot change that; sending waveform can."
        )
    return lines


def quality_limit(magnitude: float, phase: float, both: float) -> str:
    """Say what limits quality, from PESQ with one stage exchanged, the other, and both."""
    top = PESQ_RANGE[1]
    alone = {MAGNITUDE: top - magnitude, PHASE: top - phase}
    first, second = sorted(alone, key=lambda name: -alone[name])
    if top - both > sum(alone.values()):
        return (
            f"Quality is limited by both together: alone the {_culprit(first)} and the "
            f"{_culprit(second)} cost {alone[first]:.2f} and {alone[second]:.2f} of PESQ's {top}, "
            f"together {top - both:.2f}."
        )
    return (
        f"Quality is limited by the {_culprit(first)}: alone it takes PESQ from {top} to "
        f"{top - alone[first]:.2f}, the other to {top - alone[second]:.2f}; together they leave "
        f"{both:.2f}."
    )


def _culprit(name: str) -> str:
    return {MAGNITUDE: "mel's magnitudes", PHASE: "invented phase"}[name]


def _mean(clips: Sequence[Sequence[Stage]], name: str, field: str) -> float | None:
    values = [s.value(field) for stages in clips for s in stages if s.name == name]
    measured = [value for value in values if value is not None]
    return float(np.mean(measured)) if measured else None


def _scored(reference: AudioClip, name: str, output: Samples, setup: Setup) -> Stage:
    fitted = fit_length(output, reference.n_samples).astype(np.float32)
    scores = score(reference.samples, fitted, reference.sample_rate_hz, "speech", setup.weights)
    return Stage(name, fitted, scores)


def _codec(reference: AudioClip, spec: str, name: str, setup: Setup) -> Stage:
    try:
        codec = catalog.create(spec, setup)
    except UnavailableError as error:
        return Stage(name, None, None, str(error))
    if codec.info.weights.evidence == "random":
        return Stage(name, None, None, codec.info.weights.note)
    decoded = codec.decode(codec.encode(reference))
    return _scored(reference, name, decoded.samples, setup)


Summary = Callable[[str, str], float | None]


def summary(clips: Sequence[Sequence[Stage]]) -> Summary:
    """Return a function from a stage's name and a field or retention to the mean over clips."""

    def value(name: str, field: str) -> float | None:
        if not field.endswith("_retention"):
            return _mean(clips, name, field)
        values = [getattr(s, field) for stages in clips for s in stages if s.name == name]
        measured = [v for v in values if v is not None]
        return float(np.mean(measured)) if measured else None

    return value
