"""What a condition makes of clips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_on_disk import memory_below, put, put_with_ffmpeg
from codecmark import AudioClip, InputError
from codecmark.corpus import CorpusClip, condition


@pytest.mark.parametrize("name", ["a.flac", "a.m4a"])
def test_only_what_a_condition_uses_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "a.m4a":
        put_with_ffmpeg(path, "aac", seconds=60.0)
    else:
        put(path, seconds=60.0, rate_hz=48_000)
    short = replace(condition.named("48k-mono"), clip_s=0.5)
    condition.prepare([CorpusClip("a", path, "a", "music")], short)  # loads its libraries
    with memory_below(4_000_000):  # the whole file is 11.5 MB in float32
        (clip,), _ = condition.prepare([CorpusClip("a", path, "a", "music")], short)
    assert clip.audio.n_samples == 24_000
    part = CorpusClip("a", path, "a", "music", start_s=1.0, duration_s=0.25)
    (clip,), _ = condition.prepare([part], short)
    assert clip.audio.n_samples == 12_000


def test_conditions_prepare_and_refuse(tmp_path: Path) -> None:
    low, high = put(tmp_path / "low.wav"), put(tmp_path / "high.wav", rate_hz=44_100, channels=2)
    entries = [CorpusClip(path.name, path, path.stem, "music") for path in (low, high)]
    clips, unused = condition.prepare(entries, condition.named("48k-stereo"))
    assert [(c.name, c.audio.channels, c.audio.sample_rate_hz) for c in clips] == [
        ("high.wav", 2, 48_000)
    ]
    assert "native rate 16000 Hz is below the 44100 Hz" in unused["low.wav"]
    with pytest.raises(InputError, match="no clip can be used under 48k-mono"):
        condition.prepare(entries[:1], condition.named("48k-mono"))
    with pytest.raises(InputError, match="choose one of 8k-mono, 16k-mono"):
        condition.named("9k")


def test_the_reference_is_on_the_16_bit_grid(speech: AudioClip) -> None:
    assert np.array_equal(speech.on_pcm16_grid().samples, speech.samples)
