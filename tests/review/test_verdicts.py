"""Verdicts: thresholds, intervals, classes, evidence, and the margin of each."""

from __future__ import annotations

import pytest

from codecmark.results.row import ResultRow
from codecmark.review.figures import UNTRAINED
from reviewed import FAST, RATIO, SNR, VISQOL, changed, codec, only


@pytest.mark.parametrize(
    ("snr_db", "verdict"),
    [
        ((15, 15.2, 14.8, 15), "PASS"),
        ((5, 5.2, 4.8, 5), "FAIL"),
        ((8, 12, 14, 10), "UNDECIDED"),  # mean 11, t interval 6.9 to 15.1
        ((10, 10, 10, 10), "FAIL"),  # not above 10
        ((15, 15, None, 15), "NO EVIDENCE"),
    ],
)
def test_verdicts(snr_db: tuple[float | None, ...], verdict: str) -> None:
    assert only(codec("opus@16k", snr_db), SNR).verdict == verdict


def test_margins_are_from_the_value_and_from_the_near_end() -> None:
    found = only(codec("opus@16k", (14, 16)), SNR)
    assert found.margin == 5
    assert found.safe_margin == pytest.approx(15 - 12.7062 - 10, abs=1e-3)
    slow = only(codec("opus@16k", decode_s=0.5), FAST)
    assert slow.verdict == "FAIL"
    assert slow.margin == pytest.approx(0.06 - 0.1)


def test_equal_is_met_by_or_equal_only() -> None:
    rows = codec("opus@16k", (10, 10, 10))
    assert only(rows, changed(SNR, operator=">=")).verdict == "PASS"
    assert only(rows, SNR).verdict == "FAIL"


def test_statistics() -> None:
    rows = codec("opus@16k", (9, 11, 12, 13, 14, 20))
    worst = only(rows, changed(SNR, statistic="worst"))
    assert (worst.verdict, worst.figure.value, worst.figure.worst_clip) == ("FAIL", 9, "c0")
    median = only(rows, changed(SNR, statistic="median"))
    assert (median.figure.value, median.figure.low, median.figure.high) == (12.5, 9, 20)
    assert median.verdict == "UNDECIDED"
    # 95 % of six clips have at least the value a quarter of the way from the worst to the next
    assert only(rows, changed(SNR, statistic="p95")).figure.value == pytest.approx(9.5)
    slow = [changed(r, decode_s=0.05 * (n + 1)) for n, r in enumerate(rows)]
    assert only(slow, changed(FAST, statistic="worst")).figure.value == pytest.approx(0.06)
    assert "no interval from 4 sources" in only(codec("o"), changed(SNR, statistic="median")).reason


def test_each_class_has_to_pass_on_its_own_scale() -> None:
    music = [changed(r, clip=f"m{r.clip}", source=f"m{r.source}", clip_class="music",
                     pesq_wb=None, visqol_mos_lqo=3.0) for r in codec("opus@16k")]  # fmt: skip
    found = only([*codec("opus@16k"), *music], VISQOL)
    assert (found.verdict, found.figure.clip_class, found.figure.value) == ("FAIL", "music", 3.0)
    assert found.needed == 3.0


def test_evidence_that_does_not_count() -> None:
    predicted = only(codec("opus@16k"), changed(VISQOL, evidence="subjective"))
    assert (predicted.verdict, predicted.reason) == (
        "NO EVIDENCE", "predicted only, where subjective is asked for",
    )  # fmt: skip
    measured = only(codec("opus@16k"), changed(SNR, evidence="subjective"))
    assert measured.reason == "measured only, where subjective is asked for"
    assert only(codec("opus@16k"), changed(SNR, evidence="predicted")).verdict == "PASS"
    untrained = [changed(codec("dac:16khz@6k", weights="random")[0], snr_db=None)]
    rows = [*untrained, *codec("opus@16k")]
    assert only(rows, SNR).reason == UNTRAINED
    # its rate and time are its own, though on one clip
    assert only(rows, RATIO).verdict == "PASS"
    assert only(rows, FAST).verdict == "PASS"
    gone = ResultRow(run_id="r", spec="lyra@6k", family="lyra", condition="16k-mono",
                     status="unavailable", reason="fetch it")  # fmt: skip
    assert only([gone, *codec("opus@16k")], SNR).reason == "not available where this was run"
    hosts = [*codec("opus@16k"), *codec("lc3@16k", host="another")]
    assert only(hosts, FAST).reason == "times of 2 machines must not be compared"


def test_exact_copies_pass() -> None:
    rows = codec("flac", (None, None), reasons={"snr_db": "infinite: output equals input"})
    found = only(rows, SNR)
    assert (found.verdict, found.figure.value, found.figure.exact) == ("PASS", None, True)
    assert (found.margin, found.safe_margin) == (None, None)


def test_a_pass_that_pesq_disputes_is_undecided() -> None:
    found = only(codec("mel:16k-64/pghi", pesq_wb=2.0), VISQOL)
    assert found.verdict == "UNDECIDED"
    assert found.reason == "disputed: on speech PESQ-WB says 2.00 where ViSQOL says 4.50"
    assert only(codec("mel:16k-64/pghi", pesq_wb=2.0, visqol_mos_lqo=3.6), VISQOL).verdict == "FAIL"
