"""Rows, their store, statistics and the leaderboard."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats
from msgspec.structs import fields, replace
from rich.console import Console

from codecmark import InputError, ResultSchemaError
from codecmark.__main__ import main
from codecmark.analysis.statistics import estimate
from codecmark.analysis.summary import ALL, Worst, summarise
from codecmark.leaderboard import render
from codecmark.leaderboard.notes import notes
from codecmark.leaderboard.sections import sections
from codecmark.metrics.table import QUALITY_FIELDS
from codecmark.results import store
from codecmark.results.builder import RowBuilder
from codecmark.results.row import NEEDS_NO_REASON, SCHEMA_VERSION, ResultRow
from places import COMMITTED


def row(spec: str = "opus@24k", clip: str = "a", **changes: object) -> ResultRow:
    base = ResultRow(
        run_id="r1", spec=spec, family=spec.partition("@")[0], weights="none", clip=clip,
        source=clip, clip_class="speech", clip_s=5.0, condition="16k-mono", status="ok",
        stream_bytes=15_000, pcm16_bytes=160_000, snr_db=15.0, visqol_mos_lqo=4.2, pesq_wb=4.0,
        encode_s=0.1, decode_s=0.01, host="machine",
    )  # fmt: skip
    return replace(base, **changes)


def unavailable(spec: str = "lyra@6k") -> ResultRow:
    return ResultRow(run_id="r1", spec=spec, family="lyra", condition="16k-mono",
                     status="unavailable", reason="lyra is not here; fetch it")  # fmt: skip


# rows


def test_a_row_survives_json() -> None:
    original = row(reasons={"estoi": "ESTOI: too short"}, versions={"numpy": "2"})
    assert ResultRow.from_json(original.to_json()) == original


def test_rows_are_strict_json() -> None:
    for value in (float("inf"), float("nan")):
        with pytest.raises(ResultSchemaError, match=r"snr_db: (inf|nan) is not a finite number"):
            row(snr_db=value).to_json()
    with pytest.raises(ResultSchemaError, match=r"clip: .* is not text"):
        row(clip="\udcff.wav").to_json()
    line = row().to_json().replace("15.0", "NaN")
    with pytest.raises(ResultSchemaError, match="snr_db: nan is not a finite number"):
        ResultRow.from_json(line)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": SCHEMA_VERSION + 1}, "update codecmark"),
        ({"schema_version": None}, "schema_version: missing"),
        ({"mystery": 1}, "'mystery': not a field"),
    ],
)
def test_unreadable_rows(change: dict[str, object], message: str) -> None:
    record = {**json.loads(row().to_json()), **change}
    with pytest.raises(ResultSchemaError, match=message):
        ResultRow.from_json(json.dumps(record))
    with pytest.raises(ResultSchemaError):
        ResultRow.from_json('{"schema_version": 1}')
    with pytest.raises(ResultSchemaError):
        ResultRow.from_json("not json")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("snr_db", '"abc"', "snr_db: 'abc' is not a finite number"),
        ("snr_db", "1e999", "snr_db: inf is not a finite number"),
        ("snr_db", "true", "snr_db: True is not a finite number"),
        ("stream_bytes", "1.5", "stream_bytes: 1.5 is not an integer"),
        ("stream_bytes", "1" + "0" * 400, "is not an integer of at most 64 bits"),
        ("clip_s", "1" + "0" * 400, "is not a finite number"),
        ("schema_version", "true", "schema_version: missing or no integer"),
        ("spec", "null", "spec: None is not text"),
        ("source", "5", "source: 5 is not text"),
        ("clip", '"\\ud800"', "is not text"),
        ("status", '"great"', "status: 'great' is not one of ok, failed, unavailable"),
        ("status", "[]", r"status: \[\] is not one of"),
        ("clip_class", '"podcast"', "clip_class: 'podcast' is not one of speech, music"),
        ("reasons", '{"snr_db": 1}', "reasons: .* is not an object of texts"),
        ("versions", "null", "versions: None is not an object"),
        ("snr_db", "[" * 100_000, "not strict JSON"),
        ("weights", '"guessed"', "weights: 'guessed' is not one of none, published, trained"),
        ("notes", '["a"]', "notes: .* is not an object of texts"),
        ("passes", "2.0", "passes: 2.0 is not an integer"),
    ],
)
def test_a_value_of_another_type_is_named(name: str, value: str, message: str) -> None:
    record = {**json.loads(row().to_json()), name: "HERE"}
    with pytest.raises(ResultSchemaError, match=message):
        ResultRow.from_json(json.dumps(record).replace('"HERE"', value))


def test_whole_numbers_and_absent_values_are_figures_too() -> None:
    line = row(estoi=None).to_json().replace("15.0", "15")
    assert ResultRow.from_json(line).snr_db == 15


def builder() -> RowBuilder:
    return RowBuilder(run_id="r1", spec="opus@24k", family="opus", condition="16k-mono")


@pytest.mark.parametrize("failed", [False, True])
def test_every_absent_value_has_a_reason_or_needs_none(failed: bool) -> None:
    given = {"snr_raw_db": "the metric process died", "encode_s": "not timed in this run"}
    making = builder()
    for name, reason in given.items():
        making.explain(reason, name)
    made = making.fail("encode: broke").finish() if failed else making.finish()
    absent = {f.name for f in fields(ResultRow) if getattr(made, f.name) is None}
    assert absent - made.reasons.keys() == NEEDS_NO_REASON - ({"reason"} if failed else set())
    assert {name: made.reasons[name] for name in given} == given
    assert made.reasons["lag_samples"] == given["snr_raw_db"]
    for name in ("encode_rounds", "encode_rtf", "encode_p95_s", "encode_first_call_s"):
        assert made.reasons[name] == given["encode_s"]
    expected = "the codec failed" if failed else "not measured in this run"
    assert made.reasons["bitrate_kbps"] == expected
    assert (made.status, made.reason) == (("failed", "encode: broke") if failed else ("ok", None))


def test_the_reason_of_an_unavailable_row_stands_for_everything() -> None:
    made = builder().lack("lyra is not here; fetch it").finish()
    assert (made.status, made.reasons) == ("unavailable", {})


def test_what_is_withheld_has_the_reason_and_no_value() -> None:
    making = builder().put(stream_bytes=np.int64(7), snr_db=np.float32(1.5))
    kept = making.finish()
    assert (kept.stream_bytes, kept.snr_db) == (7, 1.5)
    made = making.withhold("variable rate", "stream_bytes").note("level", "2 dB louder").finish()
    assert (made.stream_bytes, made.reasons["stream_bytes"]) == (None, "variable rate")
    assert made.notes == {"level": "2 dB louder"}
    assert (kept.stream_bytes, kept.notes) == (7, {})


@pytest.mark.parametrize(
    ("name", "value"), [("snr_db", float("nan")), ("clip_class", "podcast"), ("passes", 2**63)]
)
def test_a_row_cannot_be_made_of_what_could_not_be_read(name: str, value: object) -> None:
    with pytest.raises(ResultSchemaError, match=f"{name}: .* is not"):
        builder().put(**{name: value}).finish()
    with pytest.raises(ResultSchemaError, match="'mystery': not a field"):
        builder().put(mystery=1).finish()
    with pytest.raises(ResultSchemaError, match="mystery: has a reason"):
        builder().explain("unknown", "mystery").finish()


def test_rows_do_not_change() -> None:
    with pytest.raises(AttributeError):
        row().snr_db = 1.0  # type: ignore[misc]


def test_a_row_replaces_an_earlier_one_with_the_same_axes_only(tmp_path: Path) -> None:
    clean, lossy = row(), row(loss_percent=10.0, snr_db=3.0)
    store.append(tmp_path, [clean, lossy, row(loss_percent=10.0, snr_db=4.0)])
    assert [(r.loss_percent, r.snr_db) for r in store.read(tmp_path)] == [(None, 15.0), (10.0, 4.0)]
    assert "loss_percent" not in clean.to_json()


def test_values_that_need_no_reason_are_documented() -> None:
    text = (COMMITTED / "README.md").read_text()
    paragraph = text.partition("without a reason")[2].partition("\n\n")[0]
    assert all(f"`{name}`" in paragraph for name in NEEDS_NO_REASON)


def test_every_field_is_documented() -> None:
    text = (COMMITTED / "README.md").read_text()
    missing = [f.name for f in fields(ResultRow) if f"`{f.name}`" not in text]
    assert not missing


# store


def test_append_and_read_the_newest_run(tmp_path: Path) -> None:
    store.append(tmp_path, [row(run_id="20260101T000000Z-aa")])
    store.append(
        tmp_path, [row(run_id="20260102T000000Z-aa"), row("flac", run_id="20260102T000000Z-aa")]
    )
    assert [r.spec for r in store.read(tmp_path)] == ["opus@24k", "flac"]
    assert len(store.read(tmp_path, store.run_ids(tmp_path))) == 3
    with pytest.raises(InputError, match="run: no 'x'"):
        store.read(tmp_path, ["x"])


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    store.append(tmp_path, [row(), row("flac")])
    path = tmp_path / "rows" / "r1.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert [r.spec for r in store.read(tmp_path)] == ["opus@24k"]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    store.append(tmp_path, [row()])
    path = tmp_path / "rows" / "r1.jsonl"
    path.write_text("damage\n" + path.read_text())
    with pytest.raises(ResultSchemaError, match=r"r1\.jsonl line 1"):
        store.read(tmp_path)


def test_no_rows_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run `codecmark run` first"):
        store.read(tmp_path)


@pytest.mark.parametrize("damage", [b"\xff\xfe", b'{"spec": "\xe9"}', b"", b"[1]"])
def test_damage_of_any_kind_names_file_and_line(tmp_path: Path, damage: bytes) -> None:
    store.append(tmp_path, [row()])
    path = tmp_path / "rows" / "r1.jsonl"
    path.write_bytes(path.read_bytes() + damage + b"\n")
    with pytest.raises(ResultSchemaError, match=r"r1\.jsonl line 3"):
        store.read(tmp_path)


def test_a_folder_in_place_of_rows_is_not_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "rows" / "r1.jsonl").mkdir(parents=True)
    with pytest.raises(InputError, match=r"r1\.jsonl: cannot be read"):
        store.read(tmp_path)


def test_out_is_checked_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        pytest.fail("measured before the folder was checked")

    monkeypatch.setattr("codecmark.commands.run.run_plan", refuse)
    taken = tmp_path / "file"
    taken.write_text("mine")
    assert main(["run", "--codecs", "pcm16", "--limit", "1", "--out", str(taken)]) == 2
    assert f"--out: cannot write to {taken}" in capsys.readouterr().err
    assert taken.read_text() == "mine"


# statistics


def test_few_sources_get_student_t() -> None:
    values = [1.0, 2.0, 4.0, 8.0]
    found = estimate(values, ["a", "b", "c", "d"])
    low, high = scipy.stats.t.interval(0.95, 3, np.mean(values), scipy.stats.sem(values))
    assert (found.mean, found.low, found.high) == pytest.approx((3.75, low, high))


def test_sources_count_alike() -> None:
    found = estimate([1.0, 1.0, 1.0, 3.0], ["a", "a", "a", "b"])
    assert (found.mean, found.n, found.n_sources) == (2.0, 4, 2)


def test_one_source_has_no_interval() -> None:
    found = estimate([1.0, 2.0], ["a", "a"])
    assert (found.mean, found.low, found.half_width) == (1.5, None, None)


@pytest.mark.parametrize("n_sources", [5, 8, 11, 16, 20, 30])
def test_intervals_cover_the_truth(n_sources: int) -> None:
    """Ten clips from each source; source effects as large as clip noise."""
    rng = np.random.default_rng(7)
    trials, covered = 300, 0
    sources = [f"s{i}" for i in range(n_sources) for _ in range(10)]
    for _ in range(trials):
        values = np.repeat(rng.normal(size=n_sources), 10) + rng.normal(size=10 * n_sources)
        found = estimate(values.tolist(), sources)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0 <= found.high
    assert 0.90 <= covered / trials <= 0.98


# leaderboard


def test_totals_first_then_ratios() -> None:
    rows = [row(clip="a"), row(clip="b", clip_s=10.0, stream_bytes=60_000, pcm16_bytes=320_000)]
    (summary,) = summarise(rows)
    assert summary.bitrate_kbps == pytest.approx(8 * 75_000 / 15 / 1000)
    assert summary.compression_ratio == pytest.approx(480_000 / 75_000)
    assert summary.real_time_factor("encode") == pytest.approx(0.2 / 15)


def lossless(clip: str) -> ResultRow:
    return row("flac", clip, snr_db=None, reasons={"snr_db": "infinite: output equals input"})


def untrained(spec: str = "dac:44khz@8k") -> ResultRow:
    return row(spec, snr_db=None, visqol_mos_lqo=None, pesq_wb=None, weights="random",
               reasons={"snr_db": "seeded random weights: not here"})  # fmt: skip


def cells(rows: list[ResultRow], spec: str) -> dict[str, str]:
    section = sections(rows)[0]
    summary = next(s for s in section.summaries if s.spec == spec)
    return {column.key: column.cell(summary).text for column in section.columns}


def test_exact_ranks_first_and_unmeasured_last() -> None:
    rows = [untrained(), row(), row("opus@6k", snr_db=3.0), lossless("a")]
    order = [s.spec for s in sections(rows)[0].summaries]
    assert order == ["flac", "opus@24k", "opus@6k", "dac:44khz@8k"]
    assert cells(rows, "flac")["snr_db"] == "exact"


def test_no_quality_figure_of_an_untrained_network() -> None:
    rows = [row(), untrained()]
    found = cells(rows, "dac:44khz@8k")
    assert {
        found[k] for k in ("snr_db", "speech.visqol_mos_lqo", "snr_target", "quality_target")
    } == {"-"}
    assert found["n"] == "0/1"
    assert found["encode_rtf"] == "0.020"
    assert any("seeded random weights" in note for note in notes(rows))


def test_targets() -> None:
    good = cells([row()], "opus@24k")
    assert (good["snr_target"], good["quality_target"], good["ratio_target"]) == ("pass",) * 3
    poor = cells([row(snr_db=9.9, visqol_mos_lqo=3.9, pcm16_bytes=20_000)], "opus@24k")
    assert (poor["snr_target"], poor["quality_target"], poor["ratio_target"]) == ("fail",) * 3


def test_a_pass_that_pesq_contradicts_is_disputed() -> None:
    assert cells([row(pesq_wb=1.7)], "opus@24k")["quality_target"] == "disputed"


def test_classes_are_not_averaged_over_two_scales() -> None:
    rows = [row(), row(clip="m", clip_class="music", visqol_mos_lqo=3.0, pesq_wb=None)]
    (summary,) = summarise(rows)
    assert "visqol_mos_lqo" not in summary.quality[ALL]
    assert cells(rows, "opus@24k")["quality_target"] == "fail: music"


def test_failed_and_unavailable_are_told_apart() -> None:
    failed = row("opus@6k", status="failed", reason="encode: broke", snr_db=None, stream_bytes=None)
    rows = [row(), failed, unavailable()]
    assert cells(rows, "opus@6k")["evidence"] == "failed"
    assert cells(rows, "lyra@6k")["evidence"] == "unavailable"
    found = notes(rows)
    assert "opus@6k on a: failed: encode: broke" in found
    assert "lyra@6k: not available here: lyra is not here; fetch it" in found
    broken = replace(unavailable(), status="failed", reason="it broke on loading")
    assert notes([broken]) == ["lyra@6k: failed: it broke on loading"]


TEN = "abcdefghij"
VERDICTS = ("snr_target", "quality_target", "ratio_target")


def ten(spec: str, first: dict[str, object], others: dict[str, object]) -> list[ResultRow]:
    """Ten clips, the first unlike the others."""
    return [row(spec, clip, **(others if index else first)) for index, clip in enumerate(TEN)]


FAILED: dict[str, object] = {
    "status": "failed", "reason": "encode: broke", "snr_db": None, "visqol_mos_lqo": None,
    "pesq_wb": None, "stream_bytes": None, "encode_s": None, "decode_s": None,
}  # fmt: skip


def failing(spec: str, clip: str) -> ResultRow:
    return row(spec, clip, **FAILED)


def test_nothing_passes_on_some_of_its_clips() -> None:
    found = cells(ten("opus@24k", {}, FAILED), "opus@24k")
    assert found["n"] == "1/10"
    assert [found[key] for key in VERDICTS] == ["1/10"] * 3
    assert found["snr_db"] == "15.0 (1/10)"
    assert found["speech.visqol_mos_lqo"] == "4.20 (1/10)"


def test_what_fails_on_the_clips_it_coded_has_failed() -> None:
    poor: dict[str, object] = {"snr_db": 5.0, "visqol_mos_lqo": 2.0, "pcm16_bytes": 15_000}
    found = cells(ten("opus@6k", poor, FAILED), "opus@6k")
    assert [found[key] for key in VERDICTS] == ["fail"] * 3


def test_a_codec_that_always_fails_has_no_verdict() -> None:
    found = cells([*ten("opus@6k", FAILED, FAILED), *ten("flac", {}, {})], "opus@6k")
    assert [found[key] for key in ("n", *VERDICTS)] == ["0/10", "-", "-", "-"]
    assert cells([row(), unavailable()], "lyra@6k")["n"] == "-"


def test_clips_that_other_codecs_coded_are_missing() -> None:
    rows = [row("opus@24k", "a"), row("flac", "a"), row("flac", "m", clip_class="music")]
    found = cells(rows, "opus@24k")
    assert (found["snr_target"], found["quality_target"], found["n"]) == ("1/2", "1/2", "1/2")
    assert cells(rows, "flac")["quality_target"] == "pass"


def test_a_missing_metric_is_counted_and_explained() -> None:
    lost: dict[str, object] = {"visqol_mos_lqo": None, "reasons": {"visqol_mos_lqo": "it died"}}
    rows = ten("opus@24k", {}, lost)
    found = cells(rows, "opus@24k")
    assert (found["n"], found["snr_db"], found["snr_target"]) == ("10/10", "15.0 ±0.0", "pass")
    assert found["speech.visqol_mos_lqo"] == "4.20 (1/10)"
    assert found["quality_target"] == "1/10"
    assert "opus@24k on 9 clips: no ViSQOL: it died" in notes(rows)
    assert "opus@24k on b: no ViSQOL: it died" in notes(rows[:2])


def test_a_class_without_scores_is_not_hidden_by_one_that_fails() -> None:
    rows = [row(visqol_mos_lqo=None), row(clip="m", clip_class="music", visqol_mos_lqo=3.0)]
    assert cells(rows, "opus@24k")["quality_target"] == "fail: music"
    rows[1] = replace(rows[1], visqol_mos_lqo=4.5)
    assert cells(rows, "opus@24k")["quality_target"] == "1/2"


def test_clips_are_counted_by_any_metric() -> None:
    silent = row(snr_db=None, reasons={"snr_db": "undefined: the reference is silent"})
    assert cells([silent], "opus@24k")["n"] == "1/1"


def test_exact_and_inexact_clips_are_told_apart() -> None:
    exact: dict[str, object] = {"snr_db": None, "reasons": {"snr_db": "infinite: equal"}}
    found = cells(ten("flac", {"snr_db": 40.0}, exact), "flac")
    assert (found["snr_db"], found["snr_target"]) == ("40.0 (9 exact)", "pass")
    both = [row("flac", "a", snr_db=40.0), lossless("b"), failing("flac", "c")]
    assert cells(both, "flac")["snr_db"] == "40.0 (1 exact, 2/3)"
    alone = cells([lossless("a"), failing("flac", "b")], "flac")
    assert (alone["snr_db"], alone["snr_target"]) == ("exact (1/2)", "1/2")


def test_only_what_a_reader_would_ask_about_is_noted() -> None:
    rows = [
        row(clip_class="music", reasons={"pesq_wb": "not defined for music: it is for speech"}),
        row("flac", reasons={"snr_db": "infinite: output equals input"}),
    ]
    rows = [
        replace(known, **{n: None if n in known.reasons else 1.0 for n in QUALITY_FIELDS})
        for known in rows
    ]
    assert notes(rows) == []
    assert [note for note in notes([untrained()]) if ": no " in note] == []


def test_an_untrained_network_was_tried_on_its_own_clips() -> None:
    rows = [*ten("opus@24k", {}, {}), untrained()]
    found = cells(rows, "dac:44khz@8k")
    assert (found["n"], found["ratio_target"]) == ("0/1", "pass")


def test_what_is_said_about_weights_is_at_the_foot() -> None:
    trusted = {"weights": "taken on trust"}
    rows = [row("dac:16khz@6k", reasons=trusted), row("dac:24khz@24k", reasons=trusted)]
    assert "dac:16khz@6k, dac:24khz@24k: weights: taken on trust" in notes(rows)


def test_the_worst_clip_is_worst_by_the_metrics_direction() -> None:
    figures = {"a": 9.0, "b": 1.0, "c": 2.0}
    rows = [row(clip=clip, snr_db=value, lsd_db=value) for clip, value in figures.items()]
    speech = summarise(rows)[0].quality["speech"]
    assert speech["snr_db"].worst == Worst(value=1, clip="b", median=2)
    assert speech["lsd_db"].worst == Worst(value=9, clip="a", median=2)


def test_worst_clips_are_on_the_page_only() -> None:
    rows = [row(clip="a"), row(clip="b", snr_db=3.0, pesq_wb=1.5), lossless("a"), untrained()]
    rows += [row(clip="m", clip_class="music", visqol_mos_lqo=None)]
    page = render.markdown(rows)
    table = page.partition("## Worst clips, 16k-mono")[2].partition("\n##")[0]
    assert "The worst figure, its clip, the median over clips;" in table
    assert (
        "| SNR dB speech | PESQ-WB speech | ViSQOL speech | SNR dB music | ViSQOL music |" in table
    )
    assert "| opus@24k | 3.0 on b (median 9.0) | 1.50 on b (median 2.75) | 4.20 on a" in table
    assert "| flac | exact | 4.00 on a (median 4.00) |" in table
    assert "dac" not in table
    out = StringIO()
    render.print_leaderboard(rows, Console(file=out, width=200))
    assert "Worst" not in out.getvalue()


def test_sort_by_any_column_of_any_table() -> None:
    rows = [row(), row("opus@6k", stream_bytes=4_000, pesq_wb=1.5), row("mp3@32k", pesq_wb=4.5)]
    assert sections(rows, "kbps")[0].summaries[0].spec == "opus@6k"
    assert sections(rows, "codec")[0].summaries[0].spec == "mp3@32k"
    by_pesq = sections(rows, "speech.pesq_wb")[1].summaries
    assert [s.spec for s in by_pesq] == ["mp3@32k", "opus@24k", "opus@6k"]
    assert sections(rows, "pesq_wb")[1].summaries == by_pesq
    with pytest.raises(InputError, match="choose one of codec, evidence, kbps"):
        sections(rows, "beauty")


@pytest.mark.parametrize("sort", ["speech.pesq_wb", "pesq_wb"])
def test_each_table_says_its_own_order(sort: str) -> None:
    page = render.markdown([row(), row("opus@6k")], sort)
    orders = [
        (part.partition("\n")[0], part.split("\n\n")[1].rpartition("; ")[2])
        for part in page.split("\n## ")[1:]
        if "16k-mono" in part.partition("\n")[0]
    ]
    assert [title for title, _ in orders[4:]] == ["Rate at target, 16k-mono"]
    assert orders[:4] == [
        ("Leaderboard, 16k-mono", "In the order of the run."),
        ("Quality on speech, 16k-mono", "Sorted by speech.pesq_wb."),
        ("Worst clips, 16k-mono", "in the order of the first table."),
        ("Cost, 16k-mono", "In the order of the run."),
    ]
    out = StringIO()
    render.print_leaderboard([row()], Console(file=out, width=200), sort)
    assert "Quality on speech, 16k-mono, sorted by speech.pesq_wb " in out.getvalue()


def test_the_command_writes_the_page_of_the_newest_run_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.append(tmp_path, [row(run_id="r1")])
    store.append(tmp_path, [row(run_id="r2"), row("opus@6k", run_id="r2")])
    page = tmp_path / "leaderboard.md"
    assert main(["leaderboard", str(tmp_path), "--run", "r1"]) == 0
    assert main(["leaderboard", str(tmp_path), "--markdown"]) == 0
    assert not page.exists()
    for options in ([], ["--run", "r2"], ["--sort", "kbps"]):
        assert main(["leaderboard", str(tmp_path), *options]) == 0
        assert page.read_text() == render.markdown(store.read(tmp_path))
        page.unlink()
    page.mkdir()
    capsys.readouterr()
    assert main(["leaderboard", str(tmp_path)]) == 2
    assert "leaderboard.md: cannot be written" in capsys.readouterr().err


def test_a_run_ends_with_a_count_by_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(clip="a"), row(clip="b"), failing("opus@24k", "c"), unavailable()]
    item = SimpleNamespace(spec="pcm16", clips=(None,))
    outcome = SimpleNamespace(item=item, rows=rows, settled=True)
    monkeypatch.setattr("codecmark.commands.run.run_plan", lambda *_, **__: [outcome])
    options = ["--codecs", "pcm16", "--limit", "1", "--out", str(tmp_path)]
    assert main(["run", *options]) == 1
    assert "2 rows ok, 1 failed, 1 codec unavailable; rows in" in capsys.readouterr().out


def test_damaged_lengths_do_not_divide_by_zero() -> None:
    (summary,) = summarise([row(clip_s=0.0)])
    assert (summary.bitrate_kbps, summary.real_time_factor("encode")) == (None, None)


def test_speeds_of_two_machines_are_not_compared_silently() -> None:
    found = notes([row(), row("flac", host="another")])
    assert any("2 machines" in note for note in found)


def test_markdown_is_stable_and_harmless() -> None:
    hostile = row(clip='"><script>alert(1)</script>.wav', status="failed", reason="a|b\n<b>")
    text = render.markdown([row(), hostile])
    assert text == render.markdown([row(), hostile])
    assert "<script>" not in text
    assert "a\\|b &lt;b&gt;" in text
    assert "| opus@24k | no weights |" in text


@pytest.mark.parametrize("width", [80, 120, 200])
def test_terminal_tables_keep_their_figures_whole(width: int) -> None:
    out = StringIO()
    rows = [row("audioldm2:music/griffinlim-64", clip, snr_db=12.3) for clip in "abc"]
    render.print_leaderboard(rows, Console(file=out, width=width))
    text = out.getvalue()
    assert "audioldm2:music/griffinlim-64" in text
    assert "12.3" in text
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width


# Parquet


def test_a_compacted_run_reads_as_its_lines_and_can_go_on(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    committed = store.read(COMMITTED)[:200]
    rows = [
        replace(original, run_id="r1", versions={**original.versions, "x": str(index // 90)})
        for index, original in enumerate(committed)
    ]
    store.append(tmp_path, rows)
    store.append(tmp_path, [replace(rows[7], snr_db=-1.0), replace(rows[3], weights="random")])
    before = store.read(tmp_path)
    assert store.compact(tmp_path, "r1") == len(before)
    assert [path.name for path in (tmp_path / "rows").iterdir()] == ["r1.parquet"]
    assert store.run_ids(tmp_path) == ["r1"]
    assert store.read(tmp_path) == before
    later = replace(rows[9], snr_db=-2.0)
    store.append(tmp_path, [later])
    grown = store.read(tmp_path)
    assert grown[-1].snr_db == -2.0
    assert len(grown) == len(before)
    assert store.compact(tmp_path, "r1") == len(grown)
    assert store.read(tmp_path) == grown


def test_a_damaged_line_is_not_compacted_away(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    store.append(tmp_path, [row()])
    path = tmp_path / "rows" / "r1.jsonl"
    path.write_text(path.read_text().replace("15.0", '"loud"'))
    with pytest.raises(ResultSchemaError, match=r"r1\.jsonl"):
        store.compact(tmp_path, "r1")
    assert path.is_file()
    assert not path.with_suffix(".parquet").exists()


def test_a_parquet_run_has_the_tables_of_its_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("duckdb")
    committed = [replace(r, run_id="r1") for r in store.read(COMMITTED)]
    late = [
        replace(r, spec="late", lag_samples=lag)
        for r, lag in zip(committed[:3], (5, -3, 0), strict=True)
    ]
    broken = [replace(late[0], spec="broken", **FAILED)]
    rows = [*committed, *late, *broken, replace(unavailable(), spec="gone@6k")]
    store.append(tmp_path, rows)
    assert main(["leaderboard", str(tmp_path), "--markdown"]) == 0
    lines = capsys.readouterr().out
    assert main(["compact", str(tmp_path)]) == 0
    assert f"{len(rows)} rows in" in capsys.readouterr().out
    assert main(["leaderboard", str(tmp_path), "--markdown"]) == 0
    page = capsys.readouterr().out
    # curves and ranks compare clip by clip, which sums do not hold
    before, _, after = lines.partition("## Rate at target")
    assert "## Rate" not in page
    assert page == before + after[after.index("## Notes") :]


@pytest.mark.parametrize("n_sources", [20, 200, 201])
def test_bootstrap_and_t_interval_meet(n_sources: int) -> None:
    """Where one takes over from the other, both say nearly the same."""
    values = np.random.default_rng(3).normal(size=n_sources)
    found = estimate(values.tolist(), [str(index) for index in range(n_sources)])
    low, high = scipy.stats.t.interval(0.95, n_sources - 1, values.mean(), scipy.stats.sem(values))
    assert found.half_width == pytest.approx((high - low) / 2, rel=0.1 if n_sources < 100 else 0.04)


def test_many_failures_of_a_parquet_run_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("duckdb")
    store.append(tmp_path, [row(), *(failing("opus@6k", clip) for clip in "abc")])
    store.compact(tmp_path, "r1")
    assert main(["leaderboard", str(tmp_path), "--markdown"]) == 0
    assert "opus@6k on 3 clips: failed: encode: broke" in capsys.readouterr().out
