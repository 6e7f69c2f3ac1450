"""Which rows a run still lacks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from codecmark import corpus
from codecmark.corpus import condition
from codecmark.errors import InputError
from codecmark.measure import content_key
from codecmark.networks import trained_sets
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.run import plan
from codecmark.run.planned_clip import PlannedClip
from codecmark.system import host
from entries import noise
from small_runs import planned, two_clips, work
from tiny_networks import write_tiny_sets


@pytest.fixture
def clips(tmp_path: Path) -> list[PlannedClip]:
    return two_clips(tmp_path / "corpus")


def test_a_row_of_trained_weights_is_missing_once_others_take_their_place(
    tmp_path: Path, clips: list[PlannedClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, out = "mel:16k-64/harmonic", tmp_path / "out"
    monkeypatch.setenv("CODECMARK_TRAINED", str(tmp_path))
    write_tiny_sets(tmp_path)
    rows = work(planned(clips, out, spec, timed=False), out)
    assert {(row.status, row.weight_sets) for row in rows} == {("ok", "trained/harmonic")}
    assert planned(clips, out, spec, timed=False).count == 0
    path = tmp_path / "harmonic" / "vocoder.safetensors"
    config, state = trained_sets.read(path, "harmonic")
    trained_sets.write(path, "harmonic", config, {k: v + 1 for k, v in state.items()})
    assert planned(clips, out, spec, timed=False).count == 2


def test_a_corrected_manifest_makes_rows_anew(tmp_path: Path, clips: list[PlannedClip]) -> None:
    work(planned(clips, tmp_path, "pcm16"), tmp_path)
    first = clips[0].entry
    for entry in (replace(first, clip_class="music"), replace(first, source="somebody else")):
        found = planned([replace(clips[0], entry=entry), *clips[1:]], tmp_path, "pcm16")
        assert [clip.entry for clip in found.missing["pcm16"]] == [entry]


def test_identical_clips_of_two_names_get_their_rows(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("a", "b", "c"):
        soundfile.write(folder / f"{name}.wav", noise(4_000).samples.T, 16_000)
    clips, _ = plan.survey(corpus.load(folder), condition.named("16k-mono"))
    assert len({clip.sha256 for clip in clips}) == 1
    rows = work(planned(clips, tmp_path, "pcm16"), tmp_path)
    assert [row.clip for row in rows] == ["a.wav", "b.wav", "c.wav"]
    assert len({row.key for row in rows}) == 3
    assert planned(clips, tmp_path, "pcm16").count == 0
    assert len(store.read(tmp_path)) == 3


def test_swapped_files_do_not_keep_old_figures(tmp_path: Path, clips: list[PlannedClip]) -> None:
    work(planned(clips, tmp_path, "pcm16"), tmp_path)
    names = [clip.entry.name for clip in clips]
    swapped = [
        replace(clip, entry=replace(clip.entry, name=name, source=name))
        for clip, name in zip(clips, reversed(names), strict=True)
    ]
    assert len(planned(swapped, tmp_path, "pcm16").missing["pcm16"]) == len(clips) == 2
    assert not planned(clips, tmp_path, "pcm16").missing


def test_only_missing_rows_are_made(tmp_path: Path, clips: list[PlannedClip]) -> None:
    first = planned(clips, tmp_path, "pcm16", "flac")
    assert first.count == 4
    rows = work(first, tmp_path)
    assert {row.key for row in rows} == {row.key for row in store.read(tmp_path)}
    again = planned(clips, tmp_path, "pcm16", "flac", "opus@24k")
    assert (again.run_id, list(again.missing)) == (first.run_id, ["opus@24k"])
    work(again, tmp_path)
    assert store.run_ids(tmp_path) == [first.run_id]
    assert len(store.read(tmp_path)) == 6
    assert planned(clips, tmp_path, "pcm16", fresh=True).run_id != first.run_id


def test_a_line_that_was_cut_off_is_made_again(tmp_path: Path, clips: list[PlannedClip]) -> None:
    whole = work(planned(clips, tmp_path, "pcm16", "flac"), tmp_path)
    (path,) = (tmp_path / "rows").glob("*.jsonl")
    path.write_bytes(path.read_bytes()[:-10])
    again = planned(clips, tmp_path, "pcm16", "flac")
    assert {spec: [c.entry.name for c in found] for spec, found in again.missing.items()} == {
        "flac": [clips[1].entry.name]
    }
    work(again, tmp_path)
    assert [row.key for row in store.read(tmp_path)] == [row.key for row in whole]
    for line in path.read_text().splitlines():
        json.loads(line)


def test_times_do_not_cross_machines_but_quality_does(
    tmp_path: Path, clips: list[PlannedClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    work(planned(clips, tmp_path, "flac", timed=False), tmp_path)
    (row, _) = store.read(tmp_path)
    assert row.encode_s is row.decode_s is row.peak_memory_mib is None
    assert row.reasons["decode_s"] == "not timed in this run"
    assert row.estoi is None
    assert row.stream_bytes
    assert planned(clips, tmp_path, "flac", timed=True).count == 2
    work(planned(clips, tmp_path, "flac", timed=True), tmp_path)
    assert [row.encode_s is not None for row in store.read(tmp_path)] == [True, True]
    assert planned(clips, tmp_path, "flac", timed=True).count == 0
    monkeypatch.setattr(host, "host", lambda: "another machine")
    assert planned(clips, tmp_path, "flac", timed=True).count == 2
    assert planned(clips, tmp_path, "flac", timed=False).count == 0


def test_failures_and_absences_are_done_until_retried(
    tmp_path: Path, clips: list[PlannedClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODECMARK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CODECMARK_WEIGHTS", raising=False)
    specs = ("opus@999k", "lyra@6k")
    rows = work(planned(clips, tmp_path, *specs), tmp_path)
    assert [row.status for row in rows] == ["failed", "unavailable"]
    assert rows[1].weight_sets == "lyra"
    assert not planned(clips, tmp_path, *specs).missing
    assert list(planned(clips, tmp_path, *specs, retry=True).missing) == list(specs)
    monkeypatch.setattr(content_key, "_weights_digest", lambda name, weights: "they have come")
    assert list(planned(clips, tmp_path, *specs).missing) == ["lyra@6k"]


def test_another_condition_or_corpus_is_another_run(
    tmp_path: Path, clips: list[PlannedClip]
) -> None:
    first = planned(clips[:1], tmp_path, "pcm16")
    work(first, tmp_path)
    assert planned(clips, tmp_path, "pcm16").run_id == first.run_id  # more clips: the same corpus
    assert planned(clips[1:], tmp_path, "pcm16").run_id != first.run_id
    other = condition.named("48k-mono")
    assert plan.make(["pcm16"], clips[:1], other, tmp_path, Setup()).run_id != first.run_id


def test_rows_without_a_key_are_no_part_of_a_run(tmp_path: Path, clips: list[PlannedClip]) -> None:
    row = ResultRow(
        run_id="2", spec="pcm16", family="pcm16", condition="16k-mono", status="ok",
        clip=clips[0].entry.name,
    )  # fmt: skip
    store.append(tmp_path, [row])
    found = planned(clips, tmp_path, "pcm16")
    assert (found.run_id != "2", found.count) == (True, 2)


def test_a_file_that_changes_under_a_run_is_a_failed_row(
    tmp_path: Path, clips: list[PlannedClip]
) -> None:
    found = planned(clips, tmp_path, "pcm16")
    soundfile.write(clips[1].entry.path, noise(500).samples.T, 16_000)
    statuses = {row.clip: row.status for row in work(found, tmp_path)}
    assert statuses == {clips[0].entry.name: "ok", clips[1].entry.name: "failed"}


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(InputError, match="another run is writing")
    with store.writing(tmp_path, "r1"), refused, store.writing(tmp_path, "r1"):
        pass
