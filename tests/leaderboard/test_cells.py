"""What stands in the leaderboard's cells and notes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from codecmark.analysis.aggregation import ALL
from codecmark.analysis.summary import summarise
from codecmark.leaderboard.notes import notes
from codecmark.leaderboard.sections import sections
from codecmark.metrics.table import QUALITY_FIELDS
from made_rows import FAILED, cells, failing, lossless, row, ten, unavailable, untrained


def test_totals_first_then_ratios() -> None:
    rows = [row(clip="a"), row(clip="b", clip_s=10.0, stream_bytes=60_000, pcm16_bytes=320_000)]
    (summary,) = summarise(rows)
    assert summary.bitrate_kbps == pytest.approx(8 * 75_000 / 15 / 1000)
    assert summary.compression_ratio == pytest.approx(480_000 / 75_000)
    assert summary.real_time_factor("encode") == pytest.approx(0.2 / 15)


def test_exact_ranks_first_and_unmeasured_last() -> None:
    rows = [untrained(), row(), row("opus@6k", snr_db=3.0), lossless("a")]
    order = [s.spec for s in sections(rows)[0].summaries]
    assert order == ["flac", "opus@24k", "opus@6k", "dac:44khz@8k"]
    assert cells(rows, "flac")["snr_db"] == "exact"


def test_no_quality_figure_of_an_untrained_network() -> None:
    rows = [row(), untrained()]
    found = cells(rows, "dac:44khz@8k")
    assert {
        found[k] for k in ("snr_db", "speech.visqol_mos_lqo", "snr_target", QUALITY_TARGET)
    } == {"-"}
    assert found["n"] == "0/1"
    assert found["encode_rtf"] == "0.020"
    assert any("seeded random weights" in note for note in notes(rows))


def test_classes_are_not_averaged_over_two_scales() -> None:
    rows = [row(), row(clip="m", clip_class="music", visqol_mos_lqo=3.0, pesq_wb=None)]
    (summary,) = summarise(rows)
    assert "visqol_mos_lqo" not in summary.quality[ALL]


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


QUALITY_TARGET = "predicted_quality_target"
VERDICTS = ("snr_target", QUALITY_TARGET, "ratio_target")


def test_a_codec_that_always_fails_has_no_verdict() -> None:
    found = cells([*ten("opus@6k", FAILED, FAILED), *ten("flac", {}, {})], "opus@6k")
    assert [found[key] for key in ("n", *VERDICTS)] == ["0/10", "-", "-", "-"]
    assert cells([row(), unavailable()], "lyra@6k")["n"] == "-"


def test_clips_that_other_codecs_coded_are_missing() -> None:
    rows = [row("opus@24k", "a"), row("flac", "a"), row("flac", "m", clip_class="music")]
    found = cells(rows, "opus@24k")
    assert (found["snr_target"], found[QUALITY_TARGET], found["n"]) == ("-", "-", "1/2")


def test_a_missing_metric_is_counted_and_explained() -> None:
    lost: dict[str, object] = {
        "visqol_mos_lqo": None, "pesq_wb": None, "reasons": {"visqol_mos_lqo": "it died"},
    }  # fmt: skip
    rows = ten("opus@24k", {}, lost)
    found = cells(rows, "opus@24k")
    assert (found["n"], found["snr_db"], found["snr_target"]) == ("10/10", "15.0 ±0.0", "pass")
    assert found["speech.visqol_mos_lqo"] == "4.20 (1/10)"
    assert found[QUALITY_TARGET] == "-"
    assert "opus@24k on 9 clips: no ViSQOL: it died" in notes(rows)
    assert "opus@24k on b: no ViSQOL: it died" in notes(rows[:2])


def test_clips_are_counted_by_any_metric() -> None:
    silent = row(snr_db=None, reasons={"snr_db": "undefined: the reference is silent"})
    assert cells([silent], "opus@24k")["n"] == "1/1"


def test_exact_and_inexact_clips_are_told_apart() -> None:
    exact: dict[str, object] = {"snr_db": None, "reasons": {"snr_db": "infinite: equal"}}
    found = cells(ten("flac", {"snr_db": 40.0}, exact), "flac")
    assert (found["snr_db"], found["snr_target"]) == ("40.0 (9 exact)", "-")
    both = [row("flac", "a", snr_db=40.0), lossless("b"), failing("flac", "c")]
    assert cells(both, "flac")["snr_db"] == "40.0 (1 exact, 2/3)"
    alone = cells([lossless("a"), failing("flac", "b")], "flac")
    assert (alone["snr_db"], alone["snr_target"]) == ("exact (1/2)", "-")


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


def test_damaged_lengths_do_not_divide_by_zero() -> None:
    (summary,) = summarise([row(clip_s=0.0)])
    assert (summary.bitrate_kbps, summary.real_time_factor("encode")) == (None, None)


def test_speeds_of_two_machines_are_not_compared_silently() -> None:
    found = notes([row(), row("flac", host="another")])
    assert any("2 machines" in note for note in found)
