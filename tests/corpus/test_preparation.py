"""High-pass and level at preparation: known answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from codecmark import InputError
from codecmark.corpus import condition
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.corpus.entry import CorpusClip

RATE_HZ = 16_000
PLAIN = condition.named("16k-mono")
TIME_S = np.arange(4 * RATE_HZ) / RATE_HZ


def sine(hz: float, amplitude: float = 0.5) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * TIME_S)


def prepared(folder: Path, samples: np.ndarray, rules: Condition) -> PreparedClip:
    soundfile.write(folder / "a.wav", samples, RATE_HZ, subtype="FLOAT")
    return condition.prepared(CorpusClip("a.wav", folder / "a.wav", "a", "audio"), rules)


def rms_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-30))


def test_infrasound_goes_and_what_is_heard_stays(tmp_path: Path) -> None:
    rules = replace(PLAIN, high_pass_hz=20.0)
    middle = slice(RATE_HZ, 3 * RATE_HZ)
    gone = prepared(tmp_path, sine(5) + 0.3, rules).audio.samples[0, middle]
    assert rms_db(gone) < -80
    kept = prepared(tmp_path, sine(100), rules).audio.samples[0, middle]
    assert rms_db(kept) == pytest.approx(rms_db(sine(100)[middle]), abs=0.1)
    assert np.abs(kept - sine(100)[middle]).max() < 1e-3  # nor is it late


def test_a_quiet_clip_arrives_at_the_level_asked_for(tmp_path: Path) -> None:
    rules = replace(PLAIN, rms_dbov=-26.0)
    quiet = sine(440, np.sqrt(2) * 10 ** (-40 / 20))
    clip = prepared(tmp_path, quiet, rules)
    assert rms_db(clip.audio.samples) == pytest.approx(-26, abs=0.1)
    assert clip.level_note == ""


def test_a_clip_that_would_clip_is_held_and_says_so(tmp_path: Path) -> None:
    click = np.zeros(RATE_HZ)
    click[100] = 0.5
    clip = prepared(tmp_path, click, replace(PLAIN, rms_dbov=-26.0))
    assert abs(clip.audio.samples).max() == pytest.approx(10 ** (-1 / 20), abs=1e-4)
    assert clip.level_note.startswith("held at -43.0 dBov instead of -26")


def test_by_default_nothing_is_done(tmp_path: Path) -> None:
    clip = prepared(tmp_path, sine(5) + 0.3, PLAIN)
    assert np.abs(clip.audio.samples[0] - (sine(5) + 0.3)).max() < 2**-15
    silent = prepared(tmp_path, np.zeros(RATE_HZ), replace(PLAIN, rms_dbov=-26.0))
    assert not silent.audio.samples.any()
    with pytest.raises(InputError, match="peak or rms_dbov, not both"):
        replace(PLAIN, peak=0.5, rms_dbov=-26.0)
