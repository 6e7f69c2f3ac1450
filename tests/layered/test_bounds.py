"""What the decision record argues about chains that send no phase, held against the code."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import hilbert

from codecmark import catalog
from codecmark.clip import AudioClip, Samples
from codecmark.mel.formats import mel_format
from codecmark.mel.front_end import log_mel
from codecmark.metrics.waveform import snr_db
from codecmark.networks.runtime import to_array, to_tensor

_LEVELS = 8  # bytes: mean and peak of the waveform
_DB = 20 / np.log(10)


def rotated(samples: Samples, degrees: float) -> Samples:
    """Return the clip with all phases turned by one angle."""
    turned = hilbert(samples.astype(float), axis=1) * np.exp(1j * np.deg2rad(degrees))
    return np.ascontiguousarray(turned.real, np.float32)


@pytest.mark.parametrize(
    "spec", ["mel:16k-64/griffinlim-32", "mel:16k-80-256/pghi", "mel:16k-64/spsi@q0.5"]
)
def test_a_clip_and_its_inverted_copy_have_one_spectrogram(spec: str, speech: AudioClip) -> None:
    codec = catalog.create(spec)
    inverted = AudioClip(-speech.samples, speech.sample_rate_hz)
    ours, theirs = (codec.encode_payload(clip) for clip in (speech, inverted))
    assert ours[_LEVELS:] == theirs[_LEVELS:]
    # the levels differ in the sign of the mean only
    (mean, peak), (other_mean, other_peak) = (
        np.frombuffer(payload[:_LEVELS], "<f4") for payload in (ours, theirs)
    )
    assert (mean, peak) == (-other_mean, other_peak)


def test_the_mel_hardly_knows_a_rotation(speech: AudioClip) -> None:
    mel = mel_format("16k-64")
    ours, theirs = (
        to_array(log_mel(to_tensor(samples, "cpu"), mel))
        for samples in (speech.samples, rotated(speech.samples, 90))
    )
    loud = ours > ours.max() - 60 / _DB
    assert float(_DB * np.abs(ours - theirs)[loud].mean()) < 0.05


@pytest.mark.parametrize("gain", [0.1, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("skill", [0.0, 0.5, 1.0])
def test_no_output_is_above_0_db_over_all_rotations(
    gain: float, skill: float, speech: AudioClip
) -> None:
    """`skill` of the output's energy is the clip itself, at the best rotation: a perfect guess."""
    clip = speech.samples
    noise = np.random.default_rng(0).standard_normal(clip.shape)
    noise *= np.sqrt((clip**2).mean() / (noise**2).mean())
    output = (gain * (np.sqrt(skill) * clip + np.sqrt(1 - skill) * noise)).astype(np.float32)
    angles = np.arange(0.5, 360, 3)
    found = [snr_db(rotated(clip, float(a)), output, speech.sample_rate_hz) for a in angles]
    formula = 1 + gain**2 + np.sqrt((1 + gain**2) ** 2 - 4 * gain**2 * skill)
    assert np.mean(found) == pytest.approx(-10 * np.log10(formula / 2), abs=0.4)
    assert np.mean(found) < 0.4


def test_the_chain_is_below_0_db_over_all_rotations(speech: AudioClip) -> None:
    codec = catalog.create("mel:16k-64/griffinlim-32")
    decoded = codec.decode(codec.encode(speech)).samples
    found = [snr_db(rotated(speech.samples, float(a)), decoded, 16_000) for a in range(0, 360, 15)]
    assert max(found) < 0
