"""Runs of one codec in several ways: their keys, rows and notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from codecmark import corpus, create
from codecmark.analysis import summary_sql
from codecmark.analysis.summary import summarise
from codecmark.corpus import condition
from codecmark.leaderboard.notes import notes
from codecmark.measure import code_digests, content_key
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.run import plan
from codecmark.run.engines.inprocess import InProcess
from codecmark.run.runner import run
from measured import CONDITION, measured

SPEC = "dac:16khz@6k"
pytestmark = pytest.mark.usefixtures("tiny_dac_16khz")


def test_keys_tell_executions_apart() -> None:
    specs = [SPEC, f"{SPEC}~bfloat16", f"{SPEC}~openvino", f"{SPEC}~cpu"]
    assert len({content_key.codec_key(spec, CONDITION, None, Setup()) for spec in specs}) == 4
    threaded = condition.with_threads(CONDITION, 4)
    assert content_key.codec_key(SPEC, threaded, None, Setup()) != content_key.codec_key(
        SPEC, CONDITION, None, Setup()
    )


def test_backends_count_only_for_those_that_use_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def digests() -> Sequence[str]:
        for cached in (
            code_digests.code_digest, code_digests._reached, content_key.codec_digest,
        ):  # fmt: skip
            cached.cache_clear()
        return [content_key.codec_digest(spec, Setup()) for spec in (SPEC, f"{SPEC}~bfloat16")]

    before, original = digests(), code_digests._source
    monkeypatch.setattr(
        code_digests,
        "_source",
        lambda name: (
            replace(original(name), digest="new")
            if name == "codecmark.networks.backends"
            else original(name)
        ),
    )
    after = digests()
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)
    monkeypatch.undo()
    digests()


def test_rows_of_two_executions_do_not_mix(tmp_path: Path) -> None:
    clips, _ = plan.survey(corpus.limited(corpus.load(), 1, 0), CONDITION)
    specs = (SPEC, f"{SPEC}~bfloat16", f"{SPEC}~onnxruntime-bfloat16")
    made = plan.make(specs, clips, CONDITION, tmp_path, Setup.from_environment(), timed=False)
    list(run(made, InProcess(), tmp_path))
    rows = store.latest(store.read(tmp_path))
    assert [row.status for row in rows] == ["ok", "ok", "unavailable"]
    assert [(summary.spec, len(summary.rows)) for summary in summarise(rows)] == [
        (spec, 1) for spec in specs
    ]
    again = plan.make(specs, clips, CONDITION, tmp_path, Setup.from_environment(), timed=False)
    assert not again.missing


def test_a_parquet_run_from_before_there_were_executions(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    old = measured(create(SPEC))
    store.append(tmp_path, [structs.replace(old, run_id="r")])
    store.compact(tmp_path, "r")
    path = tmp_path / store.ROWS / "r.parquet"
    older = tmp_path / "older.parquet"
    duckdb.execute(
        f"COPY (SELECT * EXCLUDE (dtype, agreement_db) FROM '{path}') TO '{older}'"  # noqa: S608
    )
    older.replace(path)
    path.with_name("r.parquet.sha256").unlink()  # nor had such runs one
    if path.with_suffix(".jsonl").exists():
        path.with_suffix(".jsonl").unlink()
    (row,) = store.read(tmp_path)
    assert (row.spec, row.decode_s, row.dtype) == (SPEC, old.decode_s, None)
    assert [summary.spec for summary in summary_sql.read(path).summaries] == [SPEC]
    store.append(tmp_path, [structs.replace(old, run_id="r", spec=f"{SPEC}~cpu")])
    assert store.compact(tmp_path, "r") == 2
    assert [row.dtype for row in store.read(tmp_path)] == [None, "float32"]


def test_a_note_gives_the_lowest_agreement(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    one = measured(create(f"{SPEC}~bfloat16"))
    rows = [
        structs.replace(one, run_id="r", clip=name, agreement_db=found)
        for name, found in (("a", 51.0), ("b", 42.25), ("c", None), ("d", 47.0))
    ]
    store.append(tmp_path, rows)
    expected = [note for note in notes(rows) if "42.2 dB or more" in note]
    assert len(expected) == 1
    store.compact(tmp_path, "r")
    summarised = summary_sql.read(tmp_path / store.ROWS / "r.parquet")
    assert [note for note in notes(summarised) if "dB or more" in note] == expected
