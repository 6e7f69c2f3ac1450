"""What preparation does to a clip once: high-pass and level, known answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import codecmark
from codecmark import AudioClip, corpus
from codecmark.clip import Samples
from codecmark.corpus import condition
from codecmark.corpus.audio_files import read_audio
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.corpus.entry import CorpusClip
from codecmark.corpus.loudness import loudness_lufs
from codecmark.corpus.speech_level import active_level_dbov
from places import VOICE

RATE_HZ = 16_000
RULES = condition.named("16k-mono")
AS_IT_IS = replace(RULES, speech_dbov=None, loudness_lufs=None, high_pass_hz=None)
UNLEVELLED = replace(AS_IT_IS, high_pass_hz=20.0)
TIME_S = np.arange(4 * RATE_HZ) / RATE_HZ


def sine(hz: float, amplitude: float = 0.5) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * TIME_S)


def prepared(
    folder: Path, samples: np.ndarray, rules: Condition, clip_class: str = "music"
) -> PreparedClip:
    soundfile.write(folder / "a.wav", samples, RATE_HZ, subtype="FLOAT")
    return condition.prepared(CorpusClip("a.wav", folder / "a.wav", "a", clip_class), rules)


def rms_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-30))


def test_infrasound_goes_and_what_is_heard_stays(tmp_path: Path) -> None:
    middle = slice(RATE_HZ, 3 * RATE_HZ)
    gone = prepared(tmp_path, sine(5) + 0.3, UNLEVELLED).audio.samples[0, middle]
    assert rms_db(gone) < -80
    kept = prepared(tmp_path, sine(100), UNLEVELLED).audio.samples[0, middle]
    assert rms_db(kept) == pytest.approx(rms_db(sine(100)[middle]), abs=0.1)
    assert np.abs(kept - sine(100)[middle]).max() < 1e-3  # nor is it late


@pytest.mark.parametrize("name", condition.CONDITIONS)
def test_every_named_condition_sets_one_level(name: str) -> None:
    rules = condition.named(name)
    assert (rules.speech_dbov, rules.loudness_lufs, rules.high_pass_hz) == (-26.0, -23.0, 20.0)


@pytest.mark.parametrize("name", ["16k-mono", "48k-stereo"])
def test_bundled_clips_come_at_one_level(name: str) -> None:
    clips, _ = condition.prepare(corpus.load(), condition.named(name))
    for clip in clips:
        if clip.level_note:
            assert clip.level_note.startswith("held at")
            assert abs(clip.audio.samples).max() == pytest.approx(10 ** (-1 / 20), abs=1e-4)
        elif clip.clip_class == "speech":
            level = active_level_dbov(clip.audio.samples, clip.audio.sample_rate_hz)
            # the meter's thresholds stay where they are when a clip is raised, hence 0.1 dB
            assert level == pytest.approx(-26, abs=0.1)
        else:
            assert loudness_lufs(clip.audio) == pytest.approx(-23, abs=0.02)
        offsets = clip.audio.samples.mean(axis=1)
        assert abs(offsets).max() < 1e-5  # the one of en_male_1.flac is 0.0067
    held = {clip.name for clip in clips if clip.level_note}
    assert "vinyl_hiss.flac" in held  # its clicks leave no room
    assert len(held) <= 2


@pytest.mark.parametrize("gain", [0.01, 1.5])
def test_the_level_of_a_recording_decides_nothing(
    tmp_path: Path, speech: AudioClip, gain: float
) -> None:
    clip = prepared(tmp_path, read_audio(VOICE).samples[0] * gain, RULES, "speech")
    assert np.abs(clip.audio.samples - speech.samples).max() <= 4 * 2**-15
    assert clip.gain * gain == pytest.approx(10 ** ((-26 + 18.626) / 20), rel=0.01)


def test_the_end_of_a_clip_is_left_alone(tmp_path: Path, speech: AudioClip) -> None:
    """Also where it is cut off in the middle of a sound, and has an offset."""
    cut = sine(440)[: 2 * RATE_HZ - 10]
    clip = prepared(tmp_path, cut + 0.1, UNLEVELLED)
    assert np.abs(clip.audio.samples[0] - cut).max() < 0.02
    whole, part = (
        prepared(tmp_path, speech.samples[0, :length], UNLEVELLED).audio.samples[0]
        for length in (40_000, 30_000)
    )
    assert rms_db(whole[:30_000] - part) < rms_db(part) - 45


def test_stereo_gets_one_gain() -> None:
    rules = condition.named("48k-stereo")
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((1, 96_000))
    samples: Samples = np.concatenate([0.1 * noise, 0.01 * noise]).astype(np.float32)
    clip = condition.presented(AudioClip(samples, 48_000), rules, "a", "a", "ambient")
    assert rms_db(clip.audio.samples[0]) - rms_db(clip.audio.samples[1]) == pytest.approx(20, 0.01)
    assert loudness_lufs(clip.audio) == pytest.approx(-23, abs=0.02)


def test_a_clip_that_would_clip_is_held_and_says_so(tmp_path: Path) -> None:
    click = np.zeros(RATE_HZ)
    click[100] = 0.5
    clip = prepared(tmp_path, click, replace(RULES, high_pass_hz=None))
    assert abs(clip.audio.samples).max() == pytest.approx(10 ** (-1 / 20), abs=1e-4)
    assert clip.level_note.startswith("held at -36.6")
    assert clip.level_note.endswith("LUFS instead of -23: 1 dB of headroom are kept")


@pytest.mark.parametrize(
    ("clip_class", "words"), [("speech", "below -74.4 dBov"), ("ambient", "below -70 LUFS")]
)
def test_what_has_no_level_is_left_as_it_is(tmp_path: Path, clip_class: str, words: str) -> None:
    for samples in (np.zeros(RATE_HZ), sine(440, 1e-4)):
        clip = prepared(tmp_path, samples, RULES, clip_class)
        assert clip.gain == 1.0
        assert clip.level_note.startswith("left as it is: ")
        assert words in clip.level_note


def test_a_louder_version_gets_the_same_gain_and_is_not_clipped(speech: AudioClip) -> None:
    clip = condition.presented(speech, RULES, "a", "a", "speech")
    loud = AudioClip(speech.samples * np.float32(8), RATE_HZ)
    ratio_db = rms_db(condition.like(clip, loud, RULES).samples) - rms_db(clip.audio.samples)
    assert ratio_db == pytest.approx(20 * np.log10(8), abs=0.01)


def test_a_condition_may_leave_all_as_it_is(tmp_path: Path) -> None:
    clip = prepared(tmp_path, sine(5) + 0.3, AS_IT_IS)
    assert np.abs(clip.audio.samples[0] - (sine(5) + 0.3)).max() < 2**-15


@pytest.mark.parametrize("spec", ["flac", "pcm16"])
def test_lossless_codecs_return_the_prepared_clip(spec: str) -> None:
    codec = codecmark.create(spec)
    for name in ("8k-mono", "48k-stereo"):
        (clip,), _ = condition.prepare(
            [clip for clip in corpus.load() if clip.name == "vinyl_hiss.flac"],
            condition.named(name),
        )
        decoded = codec.decode(codec.encode(clip.audio))
        assert np.array_equal(decoded.samples, clip.audio.samples)


@pytest.mark.parametrize(("peak", "note"), [(2.0, "the file goes 6.0 dB over full scale"),
                                           (1.0, ""), (0.5, "")])  # fmt: skip
def test_what_goes_over_full_scale_is_said(tmp_path: Path, peak: float, note: str) -> None:
    clip = prepared(tmp_path, sine(100, peak), AS_IT_IS)
    assert clip.level_note == note
    levelled = prepared(tmp_path, sine(100, peak), RULES)
    assert levelled.level_note.endswith(note)
    assert float(np.abs(clip.audio.samples).max()) <= 1
