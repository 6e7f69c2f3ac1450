"""Verdicts: thresholds, intervals, classes, evidence, and the margin of each."""

from __future__ import annotations

import pytest

from codecmark import review
from codecmark.results.row import ResultRow
from codecmark.review import wording
from codecmark.review.figure import UNTRAINED
from codecmark.review.record import markdown
from reviewed import FAST, RATIO, SNR, VISQOL, asked, changed, codec, only


@pytest.mark.parametrize(
    ("snr_db", "verdict"),
    [
        ((15, 15.2, 14.8, 15, 15), "PASS"),
        ((15, 15.2, 14.8, 15), "UNDECIDED"),  # a pass takes five sources,
        ((5, 5.2, 4.8, 5), "FAIL"),
        ((8, 12, 14, 10), "UNDECIDED"),  # mean 11, t interval 6.9 to 15.1
        ((10, 10, 10, 10), "FAIL"),  # not above 10
        ((15, 15, None, 15), "NO EVIDENCE"),
    ],
)
def test_verdicts(snr_db: tuple[float | None, ...], verdict: str) -> None:
    assert only(codec("opus@16k", snr_db), SNR).verdict == verdict


def test_margins_are_from_the_value_and_from_the_near_end() -> None:
    found = only(codec("opus@16k", (14, 16, 15, 14, 16)), SNR)
    assert found.margin == 5
    assert found.safe_margin == pytest.approx(15 - 2.7764 * 1 / 5**0.5 - 10, abs=1e-3)
    slow = only(codec("opus@16k", decode_s=0.5), FAST)
    assert slow.verdict == "FAIL"
    assert slow.margin == pytest.approx(0.06 - 0.1)


def test_equal_is_met_by_or_equal_only() -> None:
    rows = codec("opus@16k", (10,) * 5)
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
    assert "no interval from 5 sources" in only(codec("o"), changed(SNR, statistic="median")).reason


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


def test_intervals_stay_within_the_scale_and_few_sources_show_their_extremes() -> None:
    wide = [
        changed(r, visqol_mos_lqo=v)
        for r, v in zip(codec("opus@16k"), (4.9, 5, 3, 5, 5), strict=True)
    ]
    figure = only(wide, VISQOL).figure
    assert (figure.high, figure.lowest) == (5.0, None)
    assert figure.low == pytest.approx(4.58 - 2.7764 * 0.8843 / 5**0.5, abs=1e-3)
    three = only(codec("opus@16k", (15, 16, 14)), SNR)
    assert (three.figure.lowest, three.figure.highest) == (14, 16)
    assert three.reason == "3 of the 5 sources that a pass takes"
    assert wording.figure(three.figure) == "15.0 dB (14.0 to 16.0)"
    # what is far off fails however few they are
    assert only(codec("opus@16k", (5, 5.1, 4.9)), SNR).verdict == "FAIL"


def test_a_class_of_which_the_run_has_too_few_sources_decides_nothing_unless_it_fails() -> None:
    def ambient(visqol: float) -> list[ResultRow]:
        return [
            changed(r, clip=f"a{r.clip}", source=f"a{r.source}", clip_class="ambient",
                    pesq_wb=None, visqol_mos_lqo=visqol)
            for r in codec("opus@16k")[:3]
        ]  # fmt: skip

    passed = only([*codec("opus@16k"), *ambient(4.6)], VISQOL)
    assert (passed.verdict, passed.scarce) == ("PASS", ("ambient",))
    assert passed.classes == {"speech": "PASS", "ambient": "UNDECIDED"}
    failed = only([*codec("opus@16k"), *ambient(3.0)], VISQOL)
    assert (failed.verdict, failed.scarce, failed.figure.clip_class) == ("FAIL", (), "ambient")
    alone = only([*codec("opus@16k"), *ambient(4.6)], changed(VISQOL, clip_class="ambient"))
    assert alone.verdict == "UNDECIDED"
    decision = review.decide([*codec("opus@16k"), *ambient(4.6)], asked(SNR, VISQOL))
    assert decision.scarce == {"ambient": 3}
    text = markdown(decision, "r.toml").partition("## Context")[0]
    assert text.count("Nothing can pass on ambient, so that only a failure counts there:") == 1


def test_a_time_may_be_relative_to_another_codec() -> None:
    rows = [*codec("opus@16k"), *codec("lc3@16k", decode_s=0.2)]
    twice = changed(FAST, threshold=2, of="opus@16k")
    found = review.decide(rows, asked(twice)).candidates["lc3@16k"].findings[0]
    assert found.verdict == "FAIL"
    assert found.figure.value == pytest.approx(4)
    assert wording.figure(found.figure) == "4.00 x"
    assert wording.demand(twice) == "mean decoding time <= 2 x that of opus@16k"
    gone = changed(FAST, threshold=2, of="flac")
    assert only(rows, gone).reason == "flac: no rows yet"
    itself = review.decide(rows, asked(changed(twice, threshold=1))).candidates["opus@16k"]
    assert itself.findings[0].verdict == "PASS"
