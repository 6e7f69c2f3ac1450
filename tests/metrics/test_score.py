"""All metrics of one clip."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from codecmark import AudioClip
from codecmark.metrics import table
from codecmark.metrics.score import Scores, score
from codecmark.networks.weights import WeightLocator
from known_signals import RATE, with_noise

NOWHERE = WeightLocator()


def test_score_of_speech_and_of_music(speech: AudioClip) -> None:
    noisy = with_noise(speech, 20)
    scores = score(speech.samples, noisy, RATE, "speech", NOWHERE)
    # NMR is for 48 kHz; DistillMOS has tests of its own, as its weights may not be here
    assert scores.reasons["nmr_db"] == "not defined for 16000 Hz: NMR is for 48000 Hz"
    assert set(scores.values) | {"distillmos", "nmr_db"} >= set(table.QUALITY_FIELDS)
    assert scores.values["snr_db"] == pytest.approx(20, abs=0.01)
    assert scores.lag_samples == 0
    assert scores.visqol_mode == "speech"
    music = score(speech.samples, noisy, RATE, "music", NOWHERE)
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
    scores = score(reference, decoded, RATE, clip_class, NOWHERE)
    assert all(np.isfinite(value) for value in scores.values.values())
    missing = set(table.QUALITY_FIELDS) - set(scores.values)
    assert missing
    assert all(scores.reasons[name] for name in missing)


def test_score_aligns_but_keeps_the_raw_figure(speech: AudioClip) -> None:
    late = np.roll(speech.samples, 8, axis=1) * np.float32(1.1)
    scores = score(speech.samples, late, RATE, "music", NOWHERE)
    assert scores.lag_samples == 8
    assert scores.values["snr_db"] == pytest.approx(20, abs=0.1)
    assert scores.values["snr_raw_db"] < 10


def test_what_is_beyond_the_end_of_a_scale_has_no_figure() -> None:
    scores = Scores()
    given = {"estoi": 1.0000001, "pesq_wb": 5.5, "plcmos": 0.9, "plcmos_reference": -3.0}
    for name, value in given.items():
        scores.take(name, partial(float, value))
    assert scores.values == {"estoi": 1.0, "plcmos": 1.0}
    assert scores.reasons == {
        "pesq_wb": "the metric gave 5.5, its scale is 1 to 4.65",
        "plcmos_reference": "the metric gave -3, its scale is 1 to 5",
    }
