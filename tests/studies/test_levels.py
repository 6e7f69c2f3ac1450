"""The level sweep: what is stored is not measured again, and the committed page is its rows'."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codecmark import corpus
from codecmark.clip import AudioClip
from codecmark.corpus import condition
from codecmark.corpus.audio_files import write_wav
from codecmark.corpus.entry import CorpusClip
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.studies import levels, levels_page
from places import REPOSITORY

RULES = condition.named("16k-mono")


def test_a_sweep_goes_on_where_it_was(
    tmp_path: Path, speech: AudioClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wav(tmp_path / "a.wav", AudioClip(speech.samples[:, :16_000], 16_000))
    monkeypatch.setattr(levels, "SPECS", ("pcm@8bit",))
    monkeypatch.setattr(levels, "LEVELS_DBOV", (-26.0, -36.0))
    entries = [CorpusClip("a", tmp_path / "a.wav", "a", "speech")]
    clips = levels.clips_by_level(entries, RULES)
    first, second = (
        rows[0] for rows in levels.measure("run", clips, RULES, [], Setup.from_environment())
    )
    assert (first.level_db, second.level_db) == (None, -10.0)
    assert first.snr_db is not None
    assert second.snr_db is not None
    assert first.snr_db - second.snr_db == pytest.approx(10, abs=0.7)  # 8 bits are 8 bits
    again = levels.measure("run", clips, RULES, [first], Setup.from_environment())
    (row,) = (row for rows in again for row in rows)
    assert (row.level_db, row.key) == (-10.0, second.key)
    assert not list(levels.measure("run", clips, RULES, [first, row], Setup.from_environment()))


def test_only_speech_is_swept() -> None:
    entries = corpus.load()
    clips = levels.clips_by_level(entries, RULES)
    assert {clip.clip_class for each in clips.values() for clip in each} == {"speech"}
    quiet, loud = clips[-46.0][0].audio.samples, clips[-26.0][0].audio.samples
    assert np.abs(quiet * 10 - loud).max() < 10 * 2**-15


def test_the_committed_page_is_made_of_its_rows() -> None:
    rows = store.latest(store.read(REPOSITORY / "results/level"))
    page = (REPOSITORY / "results/level.md").read_text(encoding="utf-8")
    assert page == levels_page.markdown(rows)
    assert len(rows) == 7 * 4 * 7
    said = " ".join(page.split())
    assert "ViSQOL moves there by up to 0.08, up and down, and by 0.44 on `aac@32k`" in said
