"""Pareto sets: who dominates whom, and what must not be compared."""

from __future__ import annotations

import pytest

from codecmark import InputError
from codecmark.analysis.pareto import dominators, front
from rate_curves import row


def test_who_dominates_whom() -> None:
    values = {"cheap": (1, 1), "good": (9, 9), "waste": (9, 5), "twin": (9, 9), "dear": (10, 9)}
    assert dominators(values, [-1, 1]) == {
        "cheap": (), "good": (), "twin": (), "waste": ("good", "twin"), "dear": ("good", "twin"),
    }  # fmt: skip


def test_front_over_rate_quality_and_time() -> None:
    rows = [
        row("fast", decode_s=0.1, snr_db=9.0), row("slow", decode_s=1.0, snr_db=9.5),
        row("worse", decode_s=1.0, snr_db=8.0), row("untimed", decode_s=None),
        row("flac", snr_db=None, stream_bytes=90_000, reasons={"snr_db": "infinite: equal"}),
    ]  # fmt: skip
    found = front(rows, ["bitrate_kbps", "snr_db", "decode_rtf"])
    assert found.members == ("fast", "slow", "flac")
    assert found.dominators["worse"] == ("fast", "slow")
    assert found.values["flac"] == (144.0, float("inf"), 0.02)
    assert found.left_out == {"untimed": "decode_rtf: measured on 0 of 1 clip"}
    assert front(rows, ["bitrate_kbps", "snr_db"]).dominators["worse"] == (
        "fast", "slow", "untimed",
    )  # fmt: skip


def test_times_of_two_hosts_make_no_front() -> None:
    rows = [row("a"), row("b", host="another")]
    with pytest.raises(InputError, match="speeds of another, machine must not be compared"):
        front(rows, ["snr_db", "decode_rtf"])
    assert front(rows, ["snr_db", "bitrate_kbps"]).members == ("a", "b")
    with pytest.raises(InputError, match="axis: no 'beauty'; choose from bitrate_kbps"):
        front(rows, ["beauty"])
