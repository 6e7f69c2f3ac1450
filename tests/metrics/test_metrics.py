"""Known answers."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from codecmark import AudioClip, MetricError
from codecmark.clip import Samples
from codecmark.metrics import alignment, perceptual, rate, spectral, table, waveform
from codecmark.metrics.table import METRICS, score
from entries import noise, tone

RATE = 16_000


def with_noise(clip: AudioClip, snr_db: float) -> Samples:
    """Add noise orthogonal to the signal at exactly this SNR."""
    signal = clip.samples.astype(float)
    added = np.random.default_rng(3).standard_normal(signal.shape)
    added -= signal * (np.sum(added * signal) / np.sum(signal * signal))
    added *= np.sqrt(np.sum(signal**2) / np.sum(added**2)) * 10 ** (-snr_db / 20)
    noisy: Samples = (signal + added).astype(np.float32)
    return noisy


@pytest.mark.parametrize("level_db", [-6.0, 0.0, 10.0, 20.0, 60.0])
def test_snr_and_si_sdr_of_known_noise(level_db: float) -> None:
    clip = noise(RATE)
    noisy = with_noise(clip, level_db)
    assert waveform.snr_db(clip.samples, noisy, RATE) == pytest.approx(level_db, abs=0.01)
    assert waveform.si_sdr_db(clip.samples, noisy, RATE) == pytest.approx(level_db, abs=0.01)


def test_si_sdr_ignores_gain_and_snr_does_not() -> None:
    clip = noise(RATE)
    noisy = with_noise(clip, 20)
    half = (noisy * np.float32(0.5)).astype(np.float32)
    assert waveform.si_sdr_db(clip.samples, half, RATE) == pytest.approx(20, abs=0.01)
    assert waveform.snr_db(clip.samples, half, RATE) == pytest.approx(5.98, abs=0.05)
    assert waveform.si_sdr_db(clip.samples, -noisy, RATE) == pytest.approx(20, abs=0.01)


def test_silence_scores_exactly_zero_db() -> None:
    clip = noise(RATE)
    assert waveform.snr_db(clip.samples, np.zeros_like(clip.samples), RATE) == 0


def test_pcm_bits_give_six_db_each() -> None:
    clip = AudioClip(np.random.default_rng(0).uniform(-1, 1, (1, RATE)).astype(np.float32), RATE)
    levels = []
    for bits in (8, 12):
        step = 2.0 ** (1 - bits)
        coded = (np.floor(clip.samples / step) * step + step / 2).astype(np.float32)
        levels.append(waveform.snr_db(clip.samples, coded, RATE))
    assert levels[0] == pytest.approx(6.02 * 8, abs=0.1)
    assert levels[1] - levels[0] == pytest.approx(6.02 * 4, abs=0.1)


def test_equal_signals_are_infinite_and_say_so() -> None:
    clip = noise(RATE)
    for function in (waveform.snr_db, waveform.si_sdr_db, waveform.segmental_snr_db):
        with pytest.raises(MetricError, match="infinite: output equals input"):
            function(clip.samples, clip.samples, RATE)


def test_silent_references_are_refused() -> None:
    silent, clip = np.zeros((1, RATE), np.float32), noise(RATE).samples
    for function in (
        waveform.snr_db, waveform.si_sdr_db, waveform.segmental_snr_db, spectral.lsd_db,
        spectral.mel_distance_db,
    ):  # fmt: skip
        with pytest.raises(MetricError, match="reference is silent"):
            function(silent, clip, RATE)
    with pytest.raises(MetricError, match="constant"):
        waveform.correlation(silent, clip, RATE)


def test_segmental_snr_is_limited_and_skips_silence() -> None:
    clip = noise(RATE)
    assert waveform.segmental_snr_db(clip.samples, with_noise(clip, 60), RATE) == 35
    assert waveform.segmental_snr_db(clip.samples, with_noise(clip, -40), RATE) == -10
    half_silent = clip.samples.copy()
    half_silent[:, RATE // 2 :] = 0
    coded = half_silent * np.float32(1.1)  # 20 dB wherever there is signal
    assert waveform.segmental_snr_db(half_silent, coded, RATE) == pytest.approx(20, abs=0.01)


def test_correlation() -> None:
    clip = noise(RATE)
    assert waveform.correlation(clip.samples, clip.samples * 3, RATE) == pytest.approx(1)
    assert waveform.correlation(clip.samples, -clip.samples, RATE) == pytest.approx(-1)
    other = noise(RATE, seed=9)
    assert abs(waveform.correlation(clip.samples, other.samples, RATE)) < 0.03


def test_a_gain_of_two_is_six_db_of_spectral_distance() -> None:
    clip = noise(RATE)
    double = clip.samples * np.float32(2)
    assert spectral.lsd_db(clip.samples, double, RATE) == pytest.approx(6.02, abs=0.02)
    assert spectral.mel_distance_db(clip.samples, double, RATE) == pytest.approx(6.02, abs=0.02)
    for function in (spectral.lsd_db, spectral.mel_distance_db, spectral.mrstft_distance):
        assert function(clip.samples, clip.samples, RATE) == pytest.approx(0, abs=1e-6)


def test_spectral_metrics_do_not_see_polarity() -> None:
    clip = tone(1.0)
    for function in (spectral.lsd_db, spectral.mel_distance_db, spectral.mrstft_distance):
        assert function(clip.samples, -clip.samples, RATE) == pytest.approx(0, abs=1e-5)


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


def test_perceptual_scores_of_a_copy_and_their_order(speech: AudioClip) -> None:
    noisy = with_noise(speech, 10)
    for function, top in ((perceptual.pesq_wb, 4.64), (perceptual.estoi, 1.0)):
        best = function(speech.samples, speech.samples, RATE)
        assert best == pytest.approx(top, abs=0.01)
        assert function(speech.samples, noisy, RATE) < best - 0.1
    modes = (("speech", 4.2), ("audio", 4.7))
    for mode, top in modes:
        best = perceptual.visqol(speech.samples, speech.samples, RATE, mode)  # type: ignore[arg-type]
        assert top < best < 4.74
        assert perceptual.visqol(speech.samples, noisy, RATE, mode) < best - 0.5  # type: ignore[arg-type]


def test_perceptual_metrics_give_reasons_not_numbers() -> None:
    silent, short = np.zeros((1, RATE), np.float32), noise(1_000).samples
    with pytest.raises(MetricError, match="PESQ"):
        perceptual.pesq_wb(silent, silent, RATE)
    with pytest.raises(MetricError, match="too short"):
        perceptual.pesq_wb(short, short, RATE)
    with pytest.raises(MetricError, match="ESTOI"):
        perceptual.estoi(short, short, RATE)
    with pytest.raises(MetricError, match="too short"):
        spectral.mrstft_distance(short, short, RATE)


def test_score_of_speech_and_of_music(speech: AudioClip) -> None:
    noisy = with_noise(speech, 20)
    scores = score(speech.samples, noisy, RATE, "speech")
    assert set(scores.values) == set(table.QUALITY_FIELDS)
    assert scores.values["snr_db"] == pytest.approx(20, abs=0.01)
    assert scores.lag_samples == 0
    assert scores.visqol_mode == "speech"
    music = score(speech.samples, noisy, RATE, "music")
    assert music.visqol_mode == "audio"
    assert music.reasons["pesq_wb"] == "not defined for music: PESQ-WB is for speech"
    assert "estoi" not in music.values


@pytest.mark.parametrize("clip_class", ["speech", "music"])
@pytest.mark.parametrize("kind", ["silent reference", "silent output", "short", "one sample"])
def test_strange_clips_cost_cells_not_the_run(
    clip_class: str, kind: str, speech: AudioClip
) -> None:
    length = {"short": 3_200, "one sample": 1}.get(kind, RATE)
    reference = speech.samples[:, 20_000 : 20_000 + length].copy()
    decoded = reference * np.float32(0.9)
    if kind == "silent reference":
        reference[:] = 0
    elif kind == "silent output":
        decoded[:] = 0
    scores = score(reference, decoded, RATE, clip_class)
    assert all(np.isfinite(value) for value in scores.values.values())
    missing = set(table.QUALITY_FIELDS) - set(scores.values)
    assert missing
    assert all(scores.reasons[name] for name in missing)


def test_a_delay_of_low_pitched_sound_is_found_exactly() -> None:
    smooth = scipy.signal.sosfiltfilt(
        scipy.signal.butter(4, 200, fs=48_000, output="sos"), noise(48_000).samples
    )
    clip = np.ascontiguousarray(smooth / np.abs(smooth).max()).astype(np.float32)
    for lag in (2, 4, -3):
        late = clip[:, 4_000 - lag : 44_000 - lag]
        assert alignment.find_lag(clip[:, 4_000:44_000], late).lag_samples == lag


def test_score_aligns_but_keeps_the_raw_figure(speech: AudioClip) -> None:
    late = np.roll(speech.samples, 8, axis=1) * np.float32(1.1)
    scores = score(speech.samples, late, RATE, "music")
    assert scores.lag_samples == 8
    assert scores.values["snr_db"] == pytest.approx(20, abs=0.1)
    assert scores.values["snr_raw_db"] < 10


def test_every_metric_states_its_direction_and_range() -> None:
    assert len({m.field for m in METRICS}) == len(METRICS)
    assert all(m.range for m in METRICS)
    lower = {m.field for m in METRICS if not m.higher_is_better}
    assert lower == {"lsd_db", "mel_distance_db", "mrstft_distance"}


def test_rates() -> None:
    assert rate.bitrate_kbps(15_000, 5.0) == 24
    assert rate.pcm16_bytes(80_000, 2) == 320_000
    assert rate.compression_ratio(160_000, 80_000) == 2
    assert rate.real_time_factor(0.5, 5.0) == 0.1


def test_visqol_says_what_it_cannot_compare() -> None:
    short = noise(3_200).samples
    with pytest.raises(MetricError, match="ViSQOL: too short"):
        perceptual.visqol(short, short, 16_000, "speech")


def test_visqol_remembers_spectrograms_and_scores_the_same(speech: AudioClip) -> None:
    model = perceptual._visqol_model("speech")._manager
    remembering = model.spect_builder
    noisy = [
        speech.samples + np.float32(level) * noise(speech.n_samples, seed=2).samples
        for level in (0.01, 0.1)
    ]
    scores = [perceptual.visqol(speech.samples, n, 16_000, "speech") for n in noisy]
    made = len(remembering._made)
    assert perceptual.visqol(speech.samples, noisy[0], 16_000, "speech") == scores[0]
    assert len(remembering._made) == made
    model.spect_builder = remembering._builder
    try:
        plain = [perceptual.visqol(speech.samples, n, 16_000, "speech") for n in noisy]
    finally:
        model.spect_builder = remembering
    assert plain == scores
