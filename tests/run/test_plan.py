"""Content keys, and which rows a run still lacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from safetensors.numpy import save_file

from codecmark import corpus
from codecmark.__main__ import main
from codecmark.corpus import condition
from codecmark.errors import InputError
from codecmark.measure import content_key
from codecmark.measure.content_key import KeyedClip
from codecmark.networks import trained_sets
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.run import plan
from codecmark.run.engines.inprocess import InProcess
from codecmark.run.plan import Plan, PlannedClip
from codecmark.run.runner import run
from codecmark.system import host
from entries import noise, tone
from tiny_networks import write_tiny_sets

CONDITION = condition.named("16k-mono")


@pytest.fixture
def clips(tmp_path: Path) -> list[PlannedClip]:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, clip in (("noise", noise(8_000)), ("tone", tone(0.5))):
        soundfile.write(folder / f"{name}.wav", clip.samples.T, 16_000)
    found, unused = plan.survey(corpus.load(folder), CONDITION)
    assert not unused
    return found


@pytest.fixture(autouse=True)
def _fresh_digests() -> Iterator[None]:
    yield
    for cached in (content_key.code_digest, content_key.codec_digest, content_key._source,
                   content_key._digest_alone, content_key._path):  # fmt: skip
        cached.cache_clear()


def made(clips: list[PlannedClip], out: Path, *specs: str, **options: Any) -> Plan:
    return plan.make(specs, clips, CONDITION, out, Setup.from_environment(), **options)


def work(found: Plan, out: Path) -> list[ResultRow]:
    return [row for outcome in run(found, InProcess(), out) for row in outcome.rows]


# keys


def key(spec: str = "opus@24k", clip: str = "aa", sets: str | None = None) -> str:
    codec = content_key.codec_key(spec, CONDITION, sets, Setup.from_environment())
    return content_key.row_key(codec, KeyedClip("a.wav", "a", "speech", clip))


def test_a_key_changes_with_spec_clip_and_condition() -> None:
    stereo = content_key.codec_key("opus@24k", condition.named("48k-stereo"), None, Setup())
    clip = KeyedClip("a.wav", "a", "speech", "aa")
    keys = {key(), key("opus@32k"), key(clip="ab"), content_key.row_key(stereo, clip)}
    mono = content_key.codec_key("opus@24k", CONDITION, None, Setup())
    for change in ({"name": "b.wav"}, {"source": "b"}, {"clip_class": "music"}):
        keys.add(content_key.row_key(mono, clip._replace(**change)))
    keys.add(content_key.row_key(mono, clip, loss_percent=10.0))
    assert len(keys) == 8
    assert content_key.row_key(mono, clip, loss_percent=None) == key()
    assert key() == key()


def test_a_key_changes_with_the_codecs_code_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the package, so that its sources can be changed."""
    package = Path(content_key.__file__).parents[1]

    def digests(edited: str, change: str) -> list[str]:
        copy = tmp_path / str(len(list(tmp_path.iterdir()))) / "codecmark"
        for source in package.rglob("*.py"):
            target = copy / source.relative_to(package)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
        path = copy / edited
        path.write_text(path.read_text() + change)
        program = (
            "from codecmark.measure.content_key import code_digest, codec_digest as d; import sys;"
            "print(*map(d, ('opus@24k', 'dac:16khz@6k', 'mel:16k-64/pghi')));"
            "print(code_digest('codecmark.measure.measurement')); assert 'torch' not in sys.modules"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONPATH": str(copy.parent)},
        )  # fmt: skip
        return done.stdout.split()

    before = digests("classic/ffmpeg.py", "")
    assert digests("classic/ffmpeg.py", "\n# a comment\n") == before
    assert digests("catalog/__init__.py", "\nMORE = 1\n") == before
    assert digests("metrics/table.py", "\nMORE = 1\n") == before  # wording
    changed = {
        edited: [a != b for a, b in zip(before, digests(edited, "\nMORE = 1\n"), strict=True)]
        for edited in (
            "classic/ffmpeg.py", "neural/tokens.py", "mel/stft.py", "bitstream/frame.py",
            "metrics/spectral.py",
        )
    }  # fmt: skip
    assert changed == {
        "classic/ffmpeg.py": [True, False, False, False],
        "neural/tokens.py": [False, True, False, False],  # imported by dac.py
        "mel/stft.py": [False, False, True, False],  # imported function by function
        "bitstream/frame.py": [True, True, True, True],
        "metrics/spectral.py": [False, False, False, True],
    }


def test_a_key_changes_with_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key("opus@24k"), key("flac")
    content_key.code_digest.cache_clear()
    content_key.codec_digest.cache_clear()
    known = content_key._version
    monkeypatch.setattr(content_key, "_version", lambda n: "99" if n == "av" else known(n))
    assert (key("opus@24k") != before[0], key("flac") != before[1]) == (True, False)


def test_a_key_changes_with_a_weight_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECMARK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    name = "descript/dac_16khz"
    absent = key(sets=name)
    (tmp_path / name).mkdir(parents=True)
    (tmp_path / name / "config.json").write_text("{}")
    keys = {absent}
    for value in (1, 2):
        network = {"weight": np.ones(value, np.float32)}
        save_file(network, tmp_path / name / "model.safetensors")
        keys.add(key(sets=name))
    assert len(keys) == 3


def test_a_row_of_trained_weights_is_missing_once_others_take_their_place(
    tmp_path: Path, clips: list[PlannedClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, out = "mel:16k-64/harmonic", tmp_path / "out"
    monkeypatch.setenv("CODECMARK_TRAINED", str(tmp_path))
    write_tiny_sets(tmp_path)
    rows = work(made(clips, out, spec, timed=False), out)
    assert {(row.status, row.weight_sets) for row in rows} == {("ok", "trained/harmonic")}
    assert made(clips, out, spec, timed=False).count == 0
    path = tmp_path / "harmonic" / "vocoder.safetensors"
    config, state = trained_sets.read(path, "harmonic")
    trained_sets.write(path, "harmonic", config, {k: v + 1 for k, v in state.items()})
    assert made(clips, out, spec, timed=False).count == 2


def test_a_key_changes_with_a_command_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECMARK_COMMANDS", str(tmp_path))
    keys = set()
    for quality in (1, 2):
        (tmp_path / "cat.toml").write_text(
            f'encode = "cp -{quality} {{input}} {{output}}"\ndecode = "cp {{input}} {{output}}"\n'
        )
        content_key.codec_digest.cache_clear()
        keys.add(key("command:cat"))
    assert len(keys) == 2


# plans


def test_a_corrected_manifest_makes_rows_anew(tmp_path: Path, clips: list[PlannedClip]) -> None:
    work(made(clips, tmp_path, "pcm16"), tmp_path)
    first = clips[0].entry
    for entry in (replace(first, clip_class="music"), replace(first, source="somebody else")):
        found = made([replace(clips[0], entry=entry), *clips[1:]], tmp_path, "pcm16")
        assert [clip.entry for clip in found.missing["pcm16"]] == [entry]


def test_swapped_files_do_not_keep_old_figures(tmp_path: Path, clips: list[PlannedClip]) -> None:
    work(made(clips, tmp_path, "pcm16"), tmp_path)
    names = [clip.entry.name for clip in clips]
    swapped = [
        replace(clip, entry=replace(clip.entry, name=name, source=name))
        for clip, name in zip(clips, reversed(names), strict=True)
    ]
    assert len(made(swapped, tmp_path, "pcm16").missing["pcm16"]) == len(clips) == 2
    assert not made(clips, tmp_path, "pcm16").missing


def test_only_missing_rows_are_made(tmp_path: Path, clips: list[PlannedClip]) -> None:
    first = made(clips, tmp_path, "pcm16", "flac")
    assert first.count == 4
    rows = work(first, tmp_path)
    assert {row.key for row in rows} == {row.key for row in store.read(tmp_path)}
    again = made(clips, tmp_path, "pcm16", "flac", "opus@24k")
    assert (again.run_id, list(again.missing)) == (first.run_id, ["opus@24k"])
    work(again, tmp_path)
    assert store.run_ids(tmp_path) == [first.run_id]
    assert len(store.read(tmp_path)) == 6
    assert made(clips, tmp_path, "pcm16", fresh=True).run_id != first.run_id


def test_a_line_that_was_cut_off_is_made_again(tmp_path: Path, clips: list[PlannedClip]) -> None:
    whole = work(made(clips, tmp_path, "pcm16", "flac"), tmp_path)
    (path,) = (tmp_path / "rows").glob("*.jsonl")
    path.write_bytes(path.read_bytes()[:-10])
    again = made(clips, tmp_path, "pcm16", "flac")
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
    work(made(clips, tmp_path, "flac", timed=False), tmp_path)
    (row, _) = store.read(tmp_path)
    assert row.encode_s is row.decode_s is row.peak_memory_mib is None
    assert row.reasons["decode_s"] == "not timed in this run"
    assert row.estoi is None
    assert row.stream_bytes
    assert made(clips, tmp_path, "flac", timed=True).count == 2
    work(made(clips, tmp_path, "flac", timed=True), tmp_path)
    assert [row.encode_s is not None for row in store.read(tmp_path)] == [True, True]
    assert made(clips, tmp_path, "flac", timed=True).count == 0
    monkeypatch.setattr(host, "host", lambda: "another machine")
    assert made(clips, tmp_path, "flac", timed=True).count == 2
    assert made(clips, tmp_path, "flac", timed=False).count == 0


def test_failures_and_absences_are_done_until_retried(
    tmp_path: Path, clips: list[PlannedClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODECMARK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CODECMARK_WEIGHTS", raising=False)
    specs = ("opus@999k", "lyra@6k")
    rows = work(made(clips, tmp_path, *specs), tmp_path)
    assert [row.status for row in rows] == ["failed", "unavailable"]
    assert rows[1].weight_sets == "lyra"
    assert not made(clips, tmp_path, *specs).missing
    assert list(made(clips, tmp_path, *specs, retry=True).missing) == list(specs)
    monkeypatch.setattr(content_key, "_weights_digest", lambda name, weights: "they have come")
    assert list(made(clips, tmp_path, *specs).missing) == ["lyra@6k"]


def test_another_condition_or_corpus_is_another_run(
    tmp_path: Path, clips: list[PlannedClip]
) -> None:
    first = made(clips[:1], tmp_path, "pcm16")
    work(first, tmp_path)
    assert made(clips, tmp_path, "pcm16").run_id == first.run_id  # more clips: the same corpus
    assert made(clips[1:], tmp_path, "pcm16").run_id != first.run_id
    other = condition.named("48k-mono")
    assert plan.make(["pcm16"], clips[:1], other, tmp_path, Setup()).run_id != first.run_id


def test_rows_without_a_key_are_no_part_of_a_run(tmp_path: Path, clips: list[PlannedClip]) -> None:
    row = ResultRow(
        run_id="2", spec="pcm16", family="pcm16", condition="16k-mono", status="ok",
        clip=clips[0].entry.name,
    )  # fmt: skip
    store.append(tmp_path, [row])
    found = made(clips, tmp_path, "pcm16")
    assert (found.run_id != "2", found.count) == (True, 2)


def test_a_file_that_changes_under_a_run_is_a_failed_row(
    tmp_path: Path, clips: list[PlannedClip]
) -> None:
    found = made(clips, tmp_path, "pcm16")
    soundfile.write(clips[1].entry.path, noise(500).samples.T, 16_000)
    statuses = {row.clip: row.status for row in work(found, tmp_path)}
    assert statuses == {clips[0].entry.name: "ok", clips[1].entry.name: "failed"}


# the command


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(InputError, match="another run is writing")
    with store.writing(tmp_path, "r1"), refused, store.writing(tmp_path, "r1"):
        pass


def test_dry_run_measures_nothing_and_estimates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], clips: list[PlannedClip]
) -> None:
    options = ["run", "--codecs", "pcm16,flac", "--corpus", str(clips[0].entry.path.parent),
               "--out", str(tmp_path), "--engine", "in-process", "--workers", "1"]  # fmt: skip
    assert main([*options, "--dry-run"]) == 0
    assert "no earlier row to estimate from: pcm16, flac" in capsys.readouterr().out
    assert not store.run_ids(tmp_path)
    assert main(options) == 0
    assert "4 rows ok" in capsys.readouterr().out
    assert main(options) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert main([*options, "--dry-run", "--new"]) == 0
    out = capsys.readouterr().out
    assert "4 rows of 2 codecs are missing" in out
    assert "about 0:00:0" in out


def test_a_rerun_loads_no_torch(tmp_path: Path, clips: list[PlannedClip]) -> None:
    work(made(clips, tmp_path, "pcm16", "mel:16k-64/spsi"), tmp_path)
    program = (
        "import sys; from codecmark.__main__ import main;"
        f"main(['run', '--codecs', 'pcm16,mel:16k-64/spsi', '--out', {str(tmp_path)!r},"
        f"'--corpus', {str(clips[0].entry.path.parent)!r}]);"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stdout


# shards


def test_shards_join_to_the_rows_of_one_run_however_often(
    tmp_path: Path, clips: list[PlannedClip], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["run", "--codecs", "pcm16,flac", "--corpus", str(clips[0].entry.path.parent),
               "--engine", "in-process", "--workers", "1", "--no-timing", "--out"]  # fmt: skip
    assert main([*options, str(tmp_path / "whole")]) == 0
    for shard in ("1/2", "2/2"):
        assert main([*options, str(tmp_path / "parts"), "--shard", shard]) == 0
    capsys.readouterr()
    for added in (4, 0):
        assert main(["merge", str(tmp_path / "parts")]) == 0
        assert f"{added} rows added" in capsys.readouterr().out
    whole, joined = (
        {(row.key, row.snr_db, row.visqol_mos_lqo) for row in store.read(tmp_path / name)}
        for name in ("whole", "parts")
    )
    assert len(whole) == 4
    assert joined == whole
    assert main([*options, str(tmp_path / "parts")]) == 0  # what is joined is done
    assert "nothing to do" in capsys.readouterr().out
