"""Decoded sound that was made elsewhere: what is found, what is done, and that figures hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pesq
import pytest
import soundfile
import soxr
from visqol import VisqolApi

import codecmark
from codecmark import AudioClip, InputError
from codecmark.clip import Samples, resample
from codecmark.measure.elsewhere import score
from entries import noise, tone

RATE_HZ = 16_000
PESQ, VISQOL, DB = 0.01, 0.02, 0.05


@pytest.fixture(scope="module")
def decoded(speech: AudioClip) -> AudioClip:
    """The clip as a poor codec would give it back, on time and at its level."""
    rng = np.random.default_rng(3)
    envelope = np.abs(speech.samples) + 0.002
    hiss = rng.standard_normal(speech.samples.shape) * envelope * 0.2
    return AudioClip((speech.samples + hiss).astype(np.float32), RATE_HZ).on_pcm16_grid()


def by_the_packages(reference: Samples, decoded: Samples) -> dict[str, float]:
    """What the packages of PESQ and ViSQOL say, and SNR by its formula."""
    model = VisqolApi()
    model.create(mode="speech", use_lattice_model=True)
    ours, theirs = reference[0].astype(float), decoded[0].astype(float)
    gain = ours @ theirs / (ours @ ours)
    return {
        "pesq_wb": pesq.pesq(RATE_HZ, reference[0], decoded[0], "wb"),
        "visqol_mos_lqo": model.measure_from_arrays(ours, theirs, RATE_HZ).moslqo,
        "snr_db": 10 * np.log10(np.sum(ours**2) / np.sum((theirs - ours) ** 2)),
        "si_sdr_db": 10
        * np.log10(np.sum((gain * ours) ** 2) / np.sum((theirs - gain * ours) ** 2)),
    }


def write(path: Path, samples: Samples, rate_hz: int = RATE_HZ) -> Path:
    soundfile.write(path, samples.T, rate_hz, subtype="FLOAT")
    return path


def delayed(samples: Samples, count: int) -> Samples:
    return np.pad(samples, ((0, 0), (count, 0)))[:, : samples.shape[1]]


@pytest.mark.parametrize("change", ["as it is", "delay", "gain", "polarity", "shorter", "stereo"])
def test_figures_are_those_of_direct_calls(
    speech: AudioClip, decoded: AudioClip, tmp_path: Path, change: str
) -> None:
    ours, theirs = speech.samples, decoded.samples
    given, note = theirs, ""
    if change == "delay":
        given, note = delayed(theirs, 3_000), "decoded 3000 samples late"
        ours, theirs = ours[:, :-3_000], theirs[:, :-3_000]
    elif change == "gain":
        given = theirs = theirs * np.float32(0.7)
        note = "decoded -2.9 dB in level"
    elif change == "polarity":
        given, note = -theirs, "decoded inverted"
    elif change == "shorter":
        given, note = theirs[:, :-1_600], "decoded 100 ms shorter"
        ours, theirs = ours[:, :-1_600], given
    elif change == "stereo":
        given, note = np.repeat(theirs, 2, axis=0), "decoded 2, judged on 1"
    scored = score(
        write(tmp_path / "ref.wav", speech.samples), write(tmp_path / "decoded.wav", given),
        clip_class="speech",
    )  # fmt: skip
    expected = by_the_packages(ours, theirs)
    assert scored.values["pesq_wb"] == pytest.approx(expected["pesq_wb"], abs=PESQ)
    assert scored.values["visqol_mos_lqo"] == pytest.approx(expected["visqol_mos_lqo"], abs=VISQOL)
    assert scored.values["snr_db"] == pytest.approx(expected["snr_db"], abs=DB)
    assert scored.values["si_sdr_db"] == pytest.approx(expected["si_sdr_db"], abs=DB)
    assert note in "; ".join(scored.notes.values())
    assert scored.lag_samples == (3_000 if change == "delay" else 0)


def test_a_file_at_another_rate_is_resampled(
    speech: AudioClip, decoded: AudioClip, tmp_path: Path
) -> None:
    length = -(-decoded.n_samples * 44_100 // RATE_HZ)
    samples = resample(decoded.samples, RATE_HZ, 44_100, length)
    given = write(tmp_path / "decoded.wav", samples, 44_100)
    scored = score(speech, given, clip_class="speech")
    back = soxr.resample(samples.T, 44_100, RATE_HZ, quality="HQ").T[:, : speech.n_samples]
    expected = by_the_packages(speech.samples, back.astype(np.float32))
    assert scored.values["pesq_wb"] == pytest.approx(expected["pesq_wb"], abs=PESQ)
    assert scored.values["visqol_mos_lqo"] == pytest.approx(expected["visqol_mos_lqo"], abs=VISQOL)
    assert scored.values["snr_db"] == pytest.approx(expected["snr_db"], abs=DB)
    assert scored.notes["sample rate"] == "reference 16000 Hz, decoded 44100 Hz, judged at 16000 Hz"


def test_what_was_turned_over_keeps_its_raw_snr(speech: AudioClip) -> None:
    upside_down = AudioClip(-speech.samples, RATE_HZ)
    scored = score(speech, upside_down, clip_class="speech")
    assert scored.values["snr_raw_db"] == pytest.approx(-6.02, abs=0.01)
    assert scored.reasons["snr_db"].startswith("infinite")


def test_a_far_delay_keeps_the_raw_snr_of_the_file(speech: AudioClip) -> None:
    scored = score(speech, AudioClip(delayed(speech.samples, 3_000), RATE_HZ), clip_class="speech")
    assert scored.values["snr_raw_db"] < 0
    assert scored.lag_samples == 3_000


def test_arrays_are_scored_as_files_are(speech: AudioClip, decoded: AudioClip) -> None:
    from_clips = score(speech, decoded, clip_class="speech").values
    integers = score(speech.pcm16()[0], decoded.pcm16()[0], RATE_HZ, clip_class="speech")
    # equal but for the last bits: where an array lies decides how its sums are vectorised
    assert integers.values == pytest.approx(from_clips, rel=1e-9)


def test_without_a_class_speech_metrics_say_why() -> None:
    scored = score(noise(RATE_HZ), noise(RATE_HZ, seed=1))
    assert scored.reasons["pesq_wb"].startswith("not defined for audio")


def test_other_recordings_are_told(speech: AudioClip) -> None:
    other = AudioClip(np.ascontiguousarray(speech.samples[:, ::-1]), RATE_HZ)
    assert "is it the same recording?" in score(speech, other).notes["content"]


@pytest.mark.parametrize(
    ("decoded", "rate_hz", "problem"),
    [
        (np.zeros(RATE_HZ * 2), RATE_HZ, r"decoded: 2\.00 s long, the reference 1\.00 s"),
        (np.zeros(RATE_HZ), None, "arrays do not tell their rate"),
        (np.zeros(RATE_HZ, np.int32), RATE_HZ, "decoded: dtype int32"),
        (np.full(RATE_HZ, np.nan), RATE_HZ, "contains NaN"),
        ("nowhere.wav", None, "does not exist"),
    ],
)
def test_what_cannot_be_scored_is_refused(
    decoded: str | np.ndarray, rate_hz: int | None, problem: str
) -> None:
    with pytest.raises(InputError, match=problem):
        score(tone(1.0), decoded, rate_hz)


def test_a_condition_that_does_not_admit_the_reference_is_named() -> None:
    with pytest.raises(InputError, match="16000 Hz is below the 44100 Hz that 48k-mono asks for"):
        score(tone(1.0), tone(1.0), condition="48k-mono")


def test_silence_has_reasons_not_figures() -> None:
    scored = score(tone(1.0), AudioClip(np.zeros((1, RATE_HZ), np.float32), RATE_HZ))
    assert scored.values["snr_db"] == pytest.approx(0)
    assert "si_sdr_db" in scored.reasons


def test_the_package_offers_it() -> None:
    assert codecmark.score is score
