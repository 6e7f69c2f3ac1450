"""Code that changes while a codec is measured: no row says what nobody knows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.numpy import save_file

from codecmark import catalog
from codecmark.corpus.condition import PreparedClip
from codecmark.measure import code_digests, content_key
from codecmark.measure.content_key import KeyedClip
from codecmark.measure.impairments.treatment import UNTREATED, Treatment
from codecmark.measure.watched_code import WatchedCode
from codecmark.networks.setup import Setup
from codecmark.networks.weights import WeightLocator
from entries import noise
from fresh_digests import forget
from small_runs import CONDITION, rows_of_clips

CLIP = PreparedClip("n.wav", "n", "ambient", noise(4_000))


@pytest.fixture
def _forgotten() -> Iterator[None]:
    forget(distributions=False)
    yield
    forget(distributions=False)


def write_commands(folder: Path, option: str) -> None:
    lines = [f'{phase} = "cp {option} {{input}} {{output}}"\n' for phase in ("encode", "decode")]
    (folder / "copy.toml").write_text("".join(lines))


@pytest.mark.usefixtures("_forgotten")
def test_own_code_that_was_edited_after_it_was_loaded_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The hour of the edit is all that tells: what a process has loaded nobody can read."""
    catalog.create("pcm16")
    assert "codecmark.classic.pcm" in sys.modules
    assert content_key.changed("pcm16", Setup()) == []
    forget(distributions=False)
    monkeypatch.setattr(code_digests, "_START_S", 0.0)  # every module is newer than this process
    changed = content_key.changed("pcm16", Setup())
    assert {"codecmark.classic.pcm", "codecmark.bitstream.frame"} <= set(changed)


@pytest.mark.usefixtures("_forgotten")
def test_a_command_file_that_was_edited_is_named(tmp_path: Path) -> None:
    write_commands(tmp_path, "-p")
    watched = WatchedCode("command:copy", UNTREATED, Setup(command_folder=tmp_path))
    assert watched.changed() == ""
    write_commands(tmp_path, "-f")
    assert watched.changed() == "its command file, or a file that this names"
    through = Treatment(passes=2, passed_through="command:copy")
    assert WatchedCode("pcm16", through, Setup(command_folder=tmp_path)).changed() != ""


def test_weights_that_were_trained_on_are_named(tmp_path: Path) -> None:
    network = tmp_path / "harmonic" / "vocoder.safetensors"
    network.parent.mkdir()
    save_file({"weight": CLIP.audio.samples}, network)
    watched = WatchedCode("pcm16", UNTREATED, Setup(WeightLocator(trained=tmp_path)))
    watched.expect("trained/harmonic")
    assert watched.changed() == ""
    save_file({"weight": CLIP.audio.samples[:, 1:]}, network)
    assert watched.changed() == "weights trained/harmonic"


def test_rows_of_code_that_changed_fail_and_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = rows_of_clips("pcm16", [CLIP], None)[0]
    monkeypatch.setattr(WatchedCode, "changed", lambda _: "pcm.py")
    row = rows_of_clips("pcm16", [CLIP], None)[0]
    assert (row.status, row.clip, row.snr_db) == ("failed", "n.wav", None)
    assert row.reason == "its code changed while it was measured: pcm.py; run again"
    codec = content_key.codec_key("pcm16", CONDITION, None, Setup.from_environment())
    assert sound.key == content_key.row_key(codec, KeyedClip.of(CLIP))
    assert row.key != sound.key


def test_rows_of_code_that_no_key_tells_of_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = rows_of_clips("pcm16", [CLIP], None)[0]
    monkeypatch.setattr(WatchedCode, "unseen", lambda *_: "/research/model.py")
    row = rows_of_clips("pcm16", [CLIP], None)[0]
    assert (row.status, row.snr_raw_db) == ("ok", sound.snr_raw_db)
    assert row.notes["code"].endswith("measures it anew: /research/model.py")
    assert row.key != sound.key
