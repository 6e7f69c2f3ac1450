"""Delays and polarity that are known."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from codecmark import AudioClip
from codecmark.metrics import alignment, waveform
from entries import noise
from known_signals import RATE, with_noise


@pytest.mark.parametrize("lag", [-1_105, -8, -1, 0, 1, 22, 2_000])
def test_a_delay_is_found(lag: int) -> None:
    clip = noise(RATE)
    late = with_noise(AudioClip(np.roll(clip.samples, lag, axis=1), RATE), 10)
    found = alignment.find_lag(clip.samples, late)
    assert found.lag_samples == lag
    assert found.confident
    ours, theirs = alignment.shifted(clip.samples, late, lag)
    assert waveform.snr_db(ours, theirs, RATE) > 9


def test_periodic_signals_take_the_smallest_lag() -> None:
    clip = AudioClip(np.tile(noise(100).samples, (1, 50)), RATE)
    assert alignment.find_lag(clip.samples, clip.samples).lag_samples == 0


def test_unrelated_signals_have_no_lag() -> None:
    found = alignment.find_lag(noise(RATE).samples, noise(RATE, seed=5).samples)
    assert not found.confident
    assert alignment.find_lag(noise(50).samples, np.zeros((1, 50), np.float32)).peak == 0


def test_a_delay_of_low_pitched_sound_is_found_exactly() -> None:
    smooth = scipy.signal.sosfiltfilt(
        scipy.signal.butter(4, 200, fs=48_000, output="sos"), noise(48_000).samples
    )
    clip = np.ascontiguousarray(smooth / np.abs(smooth).max()).astype(np.float32)
    for lag in (2, 4, -3):
        late = clip[:, 4_000 - lag : 44_000 - lag]
        assert alignment.find_lag(clip[:, 4_000:44_000], late).lag_samples == lag


def test_a_delayed_copy_is_moved_back(speech: AudioClip) -> None:
    late = np.roll(speech.samples, 60, axis=1)
    found = alignment.align(speech.samples, late)
    assert (found.lag_samples, found.reason) == (60, "")
    assert np.array_equal(found.reference, found.decoded)


@pytest.mark.parametrize("lag", [0, 100])
def test_an_inverted_copy_keeps_its_place_and_is_called_inverted(
    lag: int, speech: AudioClip
) -> None:
    for clip in (speech, noise(RATE)):
        upside_down = -np.roll(clip.samples, lag, axis=1)
        found = alignment.align(clip.samples, upside_down)
        assert found.lag_samples is None
        assert found.reason.startswith("the output is inverted: its cross-correlation goes down to")
        assert found.decoded is upside_down
        snr_db = waveform.snr_db(found.reference, found.decoded, RATE)
        assert snr_db < -2
        if lag == 0:
            assert snr_db == pytest.approx(-6.02, abs=0.01)


def test_an_inverted_and_noisy_output_is_called_inverted(speech: AudioClip) -> None:
    found = alignment.align(speech.samples, -with_noise(speech, 3))
    assert found.reason.startswith("the output is inverted")


def test_a_negative_peak_half_a_period_off_is_no_inversion(speech: AudioClip) -> None:
    """As AMR's high-pass does it: low notes lead, so that the higher peak is a negative one."""
    spectrum = np.fft.rfft(speech.samples)
    spectrum[:, 1:] *= np.exp(0.45j * np.pi)
    bent = np.fft.irfft(spectrum, speech.n_samples).astype(np.float32)
    found = alignment.find_lag(speech.samples, bent)
    assert not found.inverted
    assert abs(found.lag_samples) < 40
    aligned = alignment.align(speech.samples, bent)
    snr_db = waveform.snr_db(aligned.reference, aligned.decoded, RATE)
    assert snr_db >= waveform.snr_db(speech.samples, bent, RATE)


@pytest.mark.parametrize("lag", [3, 12, -12])
def test_a_tone_takes_the_nearest_of_its_ambiguous_delays(lag: int) -> None:
    period = 40
    tonal = np.sin(2 * np.pi * np.arange(RATE) / period)[None].astype(np.float32)
    late = np.sin(2 * np.pi * (np.arange(RATE) - lag - 2 * period) / period)[None]
    found = alignment.align(tonal, late.astype(np.float32))
    assert found.lag_samples == lag
    assert waveform.snr_db(found.reference, found.decoded, RATE) > 60


def test_no_clip_is_moved_to_a_lower_snr() -> None:
    """The loud end of the clip comes on time, and moving the rest would cut it off."""
    lag, period = 50, 696  # a shift by the lag leaves the tone's correlation at 0.9
    time = np.arange(20 * period)
    tonal = np.sin(2 * np.pi * time / period)
    late = 4 * np.sin(2 * np.pi * (time - lag) / period)
    end = noise(lag).samples[0].astype(float)
    end *= np.sqrt(0.3 * np.sum(tonal**2) / np.sum(end**2))
    reference = np.concatenate([tonal, end])[None].astype(np.float32)
    decoded = np.concatenate([late, end])[None].astype(np.float32)
    found = alignment.align(reference, decoded)
    assert found.lag_samples is None
    assert found.reason.startswith("moving it by the lag that was found, +")
    assert found.reason.endswith(", would lower its SNR: scored as it is")
    assert np.array_equal(found.decoded, decoded)


def test_stereo_is_moved_as_one(speech: AudioClip) -> None:
    pair = np.concatenate([speech.samples, speech.samples[:, ::-1]])
    found = alignment.align(pair, np.roll(pair, 7, axis=1))
    assert found.lag_samples == 7


def test_an_alignment_of_nothing_has_a_reason() -> None:
    silent = np.zeros((1, RATE), np.float32)
    found = alignment.align(noise(RATE).samples, silent)
    assert (found.lag_samples, found.decoded is silent) == (None, True)
    assert found.reason == "no clear peak of the cross-correlation (0.00): scored as it is"
