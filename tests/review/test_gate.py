"""The gate: closed unless shown otherwise."""

from __future__ import annotations

import pytest

from codecmark import InputError, review
from codecmark.review.gate import gate
from codecmark.review.options import Option
from reviewed import MOS, SNR, asked, codec


def test_the_gate_is_closed_unless_shown_otherwise() -> None:
    good, undecided = codec("opus@16k"), codec("opus@16k", (8, 12, 14, 10))
    assert gate(review.decide(good, asked())).passed
    assert gate(review.decide(good, asked(SNR, MOS))).passed
    shut = gate(review.decide(undecided, asked()))
    assert (shut.passed, shut.lines[0]) == (False, "no option passes every hard requirement")
    assert shut.lines[1] == "nearest is opus@16k:"
    assert shut.lines[2] == (
        "  UNDECIDED: SNR (hard): 11.0 dB (8.0 to 14.0) asked > 10 dB, margin +1.0; 4 of the 5 "
        "sources that a pass takes"
    )


def test_what_is_nearest_has_rows() -> None:
    ours = Option("any", specs=("lc3@16k", "opus@16k"))  # the second has no rows
    shut = gate(review.decide(codec("lc3@16k", (5, 5, 5, 5, 5)), asked(options=[ours])))
    assert shut.lines[1] == "nearest is lc3@16k:"
    assert shut.lines[2] == "  FAIL: SNR (hard): 5.0 dB asked > 10 dB, margin -5.0"


def test_the_gate_watches_what_was_accepted() -> None:
    rows = [*codec("opus@16k"), *codec("lc3@16k", (5, 5, 5, 5))]
    found = gate(review.decide(rows, asked(accepted="lc3@16k")))
    assert not found.passed
    assert found.lines[0] == "lc3@16k: failed"
    with pytest.raises(InputError, match="no rows of 'mp3', and no option names it"):
        gate(review.decide(rows, asked(accepted="mp3")))
