"""What replaces ViSQOL's slow parts: equal to the library's own, to the last bit."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from visqol import VisqolApi, numba_accel, patch_selector
from visqol.analysis_window import AnalysisWindow
from visqol.audio_utils import AudioSignal
from visqol.gammatone import GammatoneSpectrogramBuilder
from visqol.patch_creator import VadPatchCreator

from codecmark import AudioClip
from codecmark.metrics import perceptual, visqol_model
from entries import noise

REPLACED = ("_build_all_deg_patches", "_dp_forward_pass", "_dp_backtrace")
NSIM = (numba_accel._GW, numba_accel._C1, numba_accel._C3)

Mode = Literal["speech", "audio"]


def degraded(speech: AudioClip) -> list[Any]:
    added = noise(speech.n_samples, seed=2).samples
    late = np.roll(speech.samples, 37, axis=1)
    return [speech.samples + np.float32(level) * added for level in (0.01, 0.1)] + [late]


@pytest.mark.parametrize("mode", ["speech", "audio"])
def test_scores_are_the_librarys(
    speech: AudioClip, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = [perceptual.visqol(speech.samples, x, 16_000, mode) for x in degraded(speech)]
    again = [perceptual.visqol(speech.samples, x, 16_000, mode) for x in degraded(speech)]
    for name in REPLACED:
        monkeypatch.setattr(patch_selector, name, getattr(numba_accel, name))
    library = VisqolApi()
    library.create(mode=mode, use_lattice_model=mode == "speech")
    monkeypatch.setattr(visqol_model, "model", lambda _: library)
    theirs = [perceptual.visqol(speech.samples, x, 16_000, mode) for x in degraded(speech)]
    assert ours == again == theirs
    assert len(set(theirs)) == len(theirs)


def test_a_signal_is_filtered_once(speech: AudioClip) -> None:
    builder = visqol_model.model("speech")._manager.spect_builder
    builder.forget()
    one, two, _ = degraded(speech)
    perceptual.visqol(speech.samples, one, 16_000, "speech")
    made = set(builder._made)
    perceptual.visqol(speech.samples, one, 16_000, "speech")
    assert set(builder._made) == made
    perceptual.visqol(speech.samples, two, 16_000, "speech")
    assert len(builder._made) < 2 * len(made)  # nothing new of the reference


@pytest.mark.parametrize(("bands", "rate"), [(21, 16_000), (32, 48_000), (5, 16_000)])
def test_filters_of_any_number_of_bands(bands: int, rate: int) -> None:
    signal = AudioSignal(np.random.default_rng(0).standard_normal(rate), rate)
    library = GammatoneSpectrogramBuilder(bands, 50.0, speech_mode=rate == 16_000)
    expected = library.build(signal, AnalysisWindow(rate))
    built = visqol_model.Spectrograms(library).build(signal, AnalysisWindow(rate))
    assert np.array_equal(built.data, expected.data)
    assert np.array_equal(built.center_freq_bands, expected.center_freq_bands)


@pytest.mark.parametrize("search", [3, 12, 500])
@pytest.mark.parametrize("levels", [2, 1_000])
def test_the_best_path_among_equals_is_the_librarys(search: int, levels: int) -> None:
    """Few levels make equal sums, where the library takes the last."""
    draw = np.random.default_rng(search)
    spectrogram = draw.integers(levels, size=(6, 70)).astype(float)
    patches = np.stack([spectrogram[:, at : at + 4] for at in (3, 20, 20, 44, 60)])
    starts = np.array([1, 18, 22, 40, 61, 90])  # the last is beyond the end, and not compared
    placed = visqol_model.degraded_patches(spectrogram, 6, 4)
    assert np.array_equal(placed, numba_accel._build_all_deg_patches(spectrogram, 6, 4))
    ours = visqol_model.forward_pass(patches, placed, starts, 5, 70, search, *NSIM)
    theirs = numba_accel._dp_forward_pass(patches, placed, starts, 5, 70, search, *NSIM)
    assert np.array_equal(ours[0], theirs[0])
    assert np.array_equal(ours[1], theirs[1])


def test_voice_is_found_where_the_library_finds_it() -> None:
    draw = np.random.default_rng(1)
    samples = draw.uniform(-1.2, 1.2, 20_123) * np.repeat([1, 0.1, 0, 0.3, 1], 4_025)[:20_123]
    signal = AudioSignal(samples, 16_000)
    found = visqol_model.SpeechPatches(20)._get_voice_activity(signal, 9, 20_000, 320)
    assert found == VadPatchCreator(20)._get_voice_activity(signal, 9, 20_000, 320)
    assert set(found) == {0.0, 1.0}
