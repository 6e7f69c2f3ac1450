"""A run of which only means are left: judged by them, and what they cannot tell is said."""

from __future__ import annotations

from codecmark import review
from codecmark.analysis.summary import Summarised, summarise
from codecmark.results.row import ResultRow
from codecmark.review.caveats import caveats
from codecmark.review.field import Field
from codecmark.review.figures import Figures
from codecmark.review.panel import Panel
from reviewed import RATIO, SNR, asked, changed, codec

PEOPLE = review.Requirement("MOS", "mos", ">", 4.0, panel=Panel())
GOOD = {"si_sdr_db": 15.0, "distillmos": 4.0, "distillmos_reference": 4.1, "zimtohrli": 4.7}


def speech(spec: str = "opus@16k") -> list[ResultRow]:
    return [changed(row, **GOOD) for row in codec(spec)]


def judged(rows: list[ResultRow]) -> review.Candidate:
    summed = Summarised(rows, summarise(rows))
    return review.judged(summed, asked(SNR, PEOPLE, RATIO)).candidates["opus@16k"]


def test_means_are_judged_as_rows_are() -> None:
    rows = speech()
    whole = review.judged(rows, asked(SNR, PEOPLE, RATIO)).candidates["opus@16k"]
    snr, summed_snr = (one.finding("SNR") for one in (whole, judged(rows)))
    assert (summed_snr.verdict, summed_snr.figure.low) == (snr.verdict, snr.figure.low)
    assert judged(rows).finding("ratio").verdict == "PASS"


def test_a_difference_in_pairs_cannot_be_had_from_means() -> None:
    panel = judged(speech()).finding("predicted quality")
    assert panel.verdict == "PASS"  # by the other voices
    (silent,) = [voice.silent for voice in panel.voices if voice.silent]
    assert silent == "only means are known of a run that was summed up"


def test_few_sources_show_their_extremes_there_too() -> None:
    finding = judged(speech()[:3]).finding("SNR")
    assert finding.verdict == "UNDECIDED"
    assert (finding.figure.lowest, finding.figure.highest) == (14.8, 15.2)


def test_what_is_above_an_exact_copy_is_named() -> None:
    exact = codec("flac", (None,) * 5, reasons={"snr_db": "infinite: output equals input"})
    better = [changed(row, visqol_mos_lqo=4.6) for row in codec("opus@16k")]
    said = caveats([], Field(asked(SNR), Figures([*exact, *better])))
    assert (
        "ViSQOL has a ceiling, above which it orders nothing: speech 4.50 for an exact copy, 4.60 "
        "for `opus@16k` and more than the copy for 1 setting."
    ) in said
