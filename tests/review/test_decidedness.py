"""How often the panel decides on speech: at most a third of all settings are left open."""

from __future__ import annotations

from collections import Counter
from typing import Any

import committed
from codecmark import review
from codecmark.results import axes, store
from codecmark.results.row import ResultRow
from codecmark.review import decidedness
from codecmark.review.finding import Verdict
from places import COMMITTED
from reviewed import SNR, asked, codec

PANEL = "predicted quality"


def on_speech(rows: list[ResultRow]) -> Counter[Verdict]:
    judged = review.judged(rows, review.default())
    return decidedness.shares(judged.candidates.values(), PANEL)["speech"]


def test_at_most_a_third_of_the_committed_run_is_undecided_on_speech() -> None:
    count = on_speech(committed.rows())
    assert count.total() >= 100
    assert count["UNDECIDED"] / count.total() <= 1 / 3
    record = (COMMITTED / "decisions" / "0001-reconstruction-codec.md").read_text(encoding="utf-8")
    assert decidedness.in_words({"speech": count}) in record


def test_so_it_is_on_the_clips_that_were_kept_back() -> None:
    results = COMMITTED / "test_half"
    count = on_speech(axes.chosen(store.read(results, store.run_ids(results))))
    assert count.total() >= 15
    assert count["UNDECIDED"] / count.total() <= 1 / 3


def test_every_class_is_counted_by_itself() -> None:
    people = review.default().requirements[1]
    good: dict[str, Any] = {
        "si_sdr_db": 15.0, "distillmos": 4.0, "distillmos_reference": 4.1, "zimtohrli": 4.7,
        "pesq_wb": 4.3, "visqol_mos_lqo": 4.4,
    }  # fmt: skip
    rows = [*codec("opus@16k", **good), *codec("lc3@16k", **{**good, "zimtohrli": 4.0})]
    judged = review.judged(rows, asked(SNR, people))
    counts = decidedness.shares(judged.candidates.values(), PANEL)
    assert counts == {"speech": Counter({"PASS": 1, "UNDECIDED": 1})}
    assert decidedness.in_words(counts) == ("speech 2 settings: PASS 1, FAIL 0, UNDECIDED 1 (50 %)")
