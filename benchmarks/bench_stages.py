"""Time each stage of the mel chain on the start of a clip, and phase retrieval beside librosa's.

The networks run at full published size, with seeded random weights where the published ones are
not here: their time is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import librosa
import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from codecmark.clip import fit_length
from codecmark.commands.pytest_plugin.session import Session
from codecmark.measure.paired_times import PairedCalls, Pairs, judge
from codecmark.mel import formats
from codecmark.mel.autoencoders import audioldm2
from codecmark.mel.front_end import linear_spectrum, log_mel, magnitude_from_mel
from codecmark.mel.phase import retrieve
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.mel.vocoders import hifigan
from codecmark.mel.vocoders.base import PhaseRetrieval
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.system import threads

MEL = formats.AUDIOLDM2
STAGE_S = 2.0
LIBROSA_S = 0.5  # it takes ten seconds for each
ITERATIONS = 64
PAIRS = 3
LEAST = {"mel-to-waveform": 8, "griffinlim": 2}  # times faster than librosa


def _stages(bench: Session) -> dict[str, Callable[[], Any]]:
    clip = bench.first.audio.cropped(STAGE_S).resampled(MEL.sample_rate_hz)
    setup = Setup.from_environment()
    source = setup.weights.locate_or_random("cvssp/audioldm2")
    vae = audioldm2.MelAutoencoder(source, setup)
    frames = MEL.frames(clip.n_samples, multiple=vae.stride)
    waveform = runtime.to_tensor(fit_length(clip.samples[:1], MEL.samples(frames)), vae.device)
    vocoder = hifigan.HifiGan(source, MEL, setup)
    threads.limit(bench.condition.threads)
    with torch.inference_mode():
        mel = log_mel(waveform, MEL)
        latent = vae.encode(mel)
        magnitude = magnitude_from_mel(mel, MEL)
    return {
        "mel": lambda: log_mel(waveform, MEL),
        "vae-encode": lambda: vae.encode(mel),
        "vae-decode": lambda: vae.decode(latent),
        "mel-inversion": lambda: magnitude_from_mel(mel, MEL),
        "griffinlim-64": lambda: retrieve(magnitude, MEL.framing, ITERATIONS),
        "admm-64": lambda: retrieve(magnitude, MEL.framing, ITERATIONS, method="admm"),
        "pghi": lambda: retrieve(magnitude, MEL.framing, 0, start="pghi"),
        "hifigan": lambda: vocoder.synthesize(MelSpectrogram(mel, MEL)),
    }


STAGES = ("mel", "vae-encode", "vae-decode", "mel-inversion", "griffinlim-64", "admm-64", "pghi",
          "hifigan")  # fmt: skip


@pytest.fixture(scope="module")
def stages(bench: Session) -> dict[str, Callable[[], Any]]:
    """Each stage as a call on prepared input."""
    if not any(spec.startswith("audioldm2") for spec in bench.specs):
        pytest.skip("no AudioLDM2 chain among --codecs")
    return _stages(bench)


@pytest.mark.parametrize("stage", STAGES)
def bench_stage(
    stage: str, stages: dict[str, Callable[[], Any]], benchmark: BenchmarkFixture
) -> None:
    benchmark.group = "stages"
    with torch.inference_mode():
        benchmark.pedantic(stages[stage], rounds=2, warmup_rounds=1)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("part", LEAST)
def bench_against_librosa(part: str, bench: Session, benchmark: BenchmarkFixture) -> None:
    """Pairs on the same clip; the ratio is printed and must not lie below `LEAST` for certain."""
    benchmark.group = "against librosa"
    if not any(spec.startswith("mel:") for spec in bench.specs):
        pytest.skip("no mel chain among --codecs")
    clip = bench.first.audio.cropped(LIBROSA_S).resampled(MEL.sample_rate_hz)
    mel = formats.AUDIOLDM2_CENTRED  # the padding librosa has
    waveform = torch.tensor(fit_length(clip.samples[:1], mel.samples(mel.frames(clip.n_samples))))
    spectrogram = MelSpectrogram(log_mel(waveform, mel), mel)
    magnitude = linear_spectrum(waveform, mel).abs()
    ours = PhaseRetrieval(mel, ITERATIONS)
    amplitude = spectrogram.values[0].exp().numpy().T
    options: dict[str, Any] = {"n_iter": ITERATIONS, "hop_length": mel.hop, "win_length": mel.n_fft}
    calls: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "mel-to-waveform": (
            lambda: librosa.feature.inverse.mel_to_audio(
                amplitude, sr=16_000, n_fft=mel.n_fft, power=1.0, **options
            ),
            lambda: ours.synthesize(spectrogram),
        ),
        "griffinlim": (
            lambda: librosa.griffinlim(magnitude[0].numpy().T, n_fft=mel.n_fft, **options),
            lambda: ours.retrieve(magnitude),
        ),
    }
    timed = PairedCalls(*calls[part])
    with torch.inference_mode():
        benchmark.pedantic(timed, rounds=PAIRS, warmup_rounds=1)  # type: ignore[no-untyped-call]
        if bench.smoke:
            return
        # as many of our calls as librosa's one may stand for must not take longer than it
        judged = judge(
            _weighted(timed.seconds(skip=1), LEAST[part]),
            lambda _: 0.0,
            lambda pairs: _weighted(timed.again(pairs), LEAST[part]),
        )
    found = judged.excess
    line = (
        f"stages: {part}: {LEAST[part] * found.direct_s / (found.direct_s + found.median_s):.1f} "
        f"times faster than librosa, at least {LEAST[part]} wanted, {found.pairs} pairs"
    )
    bench.remarks.append(line)
    assert not judged.fails, line


def _weighted(seconds: Pairs, times: int) -> Pairs:
    """Return librosa's seconds, and those of `times` of ours."""
    theirs, ours = seconds
    return theirs, [times * s for s in ours]
