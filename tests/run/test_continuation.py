"""A run goes on only with the sounds that it was begun with, whatever their files are called."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
from msgspec.structs import replace

from codecmark import corpus
from codecmark.__main__ import main
from codecmark.measure.impairments.treatment import Treatment
from codecmark.results import axes, newest, store
from codecmark.run import plan
from codecmark.run.planned_clip import PlannedClip
from entries import noise, tone
from small_runs import CONDITION, planned, two_clips, work


@pytest.fixture
def clips(tmp_path: Path) -> list[PlannedClip]:
    return two_clips(tmp_path / "corpus")


def of_other_sounds(folder: Path) -> list[PlannedClip]:
    """Clips named as those of `two_clips`: noise of another length, and the same tone."""
    folder.mkdir()
    for name, clip in (("noise", noise(9_000)), ("tone", tone(0.5))):
        soundfile.write(folder / f"{name}.wav", clip.samples.T, 16_000)
    return plan.survey(corpus.load(folder), CONDITION)[0]


def test_other_sounds_under_the_same_names_are_a_new_run(
    tmp_path: Path, clips: list[PlannedClip]
) -> None:
    first = planned(clips, tmp_path, "pcm16", timed=False)
    work(first, tmp_path)
    others = of_other_sounds(tmp_path / "others")
    second = planned(others, tmp_path, "flac", timed=False)
    assert second.run_id != first.run_id
    assert f"noise.wav of run {first.run_id} had other samples" in second.anew
    work(second, tmp_path)
    assert {row.spec for row in store.read(tmp_path, [first.run_id])} == {"pcm16"}
    # each corpus goes on with its own, without a word
    for these, run in ((clips, first), (others, second)):
        again = planned(these, tmp_path, "pcm16", "flac", "mulaw", timed=False)
        assert (again.run_id, again.anew) == (run.run_id, "")
    assert planned(clips, tmp_path, "pcm16", timed=False).count == 0


def test_the_run_of_other_sounds_is_the_one_shown(tmp_path: Path, clips: list[PlannedClip]) -> None:
    work(planned(clips, tmp_path, "pcm16", "flac", timed=False), tmp_path)
    second = planned(of_other_sounds(tmp_path / "others"), tmp_path, "flac", timed=False)
    work(second, tmp_path)
    assert newest.newest(tmp_path) == second.run_id
    assert newest.parts(tmp_path, min(store.run_ids(tmp_path))) == []


def test_one_replaced_file_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two_clips(tmp_path / "corpus")
    out = str(tmp_path / "out")
    common = ["run", "--corpus", str(tmp_path / "corpus"), "--out", out, "--no-timing",
              "--engine", "in-process", "--codecs"]  # fmt: skip
    assert main([*common, "pcm16,flac"]) == 0
    soundfile.write(tmp_path / "corpus" / "tone.wav", tone(0.6).samples.T, 16_000)
    capsys.readouterr()
    assert main([*common, "flac"]) == 0
    said = "".join(capsys.readouterr())
    assert said.count("a new run: tone.wav of run") == 1
    assert len(store.run_ids(tmp_path / "out")) == 2
    assert main(["leaderboard", out]) == 0


def test_conditions_and_treatments_begin_one_new_run(
    tmp_path: Path, clips: list[PlannedClip]
) -> None:
    common = ["run", "--out", str(tmp_path), "--no-timing", "--engine", "in-process"]
    common += ["--codecs", "pcm16", "--condition", "16k-mono,8k-mono"]
    common += ["--axes", "none", "--axes", "passes=2"]
    assert main([*common, "--corpus", str(clips[0].entry.path.parent)]) == 0
    of_other_sounds(tmp_path / "others")
    assert main([*common, "--corpus", str(tmp_path / "others")]) == 0
    first, second = store.run_ids(tmp_path)
    assert len(store.read(tmp_path, [first])) == len(store.read(tmp_path, [second])) == 8


@pytest.mark.parametrize("named", ["noise_snr_db=20", "level_db=-6", "shift_samples=5", "passes=2"])
def test_a_run_of_treated_clips_goes_on_too(
    tmp_path: Path, clips: list[PlannedClip], named: str
) -> None:
    treatment = Treatment.of(axes.parse(named))
    first = planned(clips, tmp_path, "pcm16", timed=False, treatment=treatment)
    work(first, tmp_path)
    for options in ({"treatment": treatment}, {}):
        assert planned(clips, tmp_path, "flac", timed=False, **options).run_id == first.run_id
    others = of_other_sounds(tmp_path / "others")
    assert planned(others, tmp_path, "flac", timed=False).run_id != first.run_id


def test_a_run_of_untrained_networks_goes_on_too(tmp_path: Path) -> None:
    folder = tmp_path / "long"
    folder.mkdir()

    def clip_of(samples: int) -> PlannedClip:
        soundfile.write(folder / "noise.wav", noise(samples).samples.T, 16_000)
        return plan.survey(corpus.load(folder), CONDITION)[0][0]

    clip = clip_of(64_000)
    (made,) = work(planned([clip], tmp_path / "made", "pcm16", timed=False), tmp_path / "made")
    start = clip.read(CONDITION).cropped(CONDITION.untrained_clip_s).audio
    assert start.sha256() != clip.sha256
    store.append(tmp_path, [replace(made, weights="random", clip_sha256=start.sha256())])
    assert planned([clip], tmp_path, "flac", timed=False).run_id == made.run_id
    assert planned([clip_of(63_000)], tmp_path, "flac", timed=False).run_id != made.run_id
