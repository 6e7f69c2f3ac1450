"""The decision as JSON: what is written comes back, and what was changed is refused."""

from __future__ import annotations

import json

import pytest

from codecmark import review
from codecmark.errors import ResultSchemaError
from codecmark.review import stored
from reviewed import FAST, MOS, SNR, asked, codec

EXACT = {"snr_db": "infinite: output equals input"}


def test_a_decision_comes_back_as_it_was() -> None:
    rows = [*codec("opus@16k"), *codec("flac", (None,) * 4, reasons=EXACT)]
    decision = review.decide(rows, asked(SNR, MOS, FAST))
    text = stored.encoded(decision)
    assert stored.decoded(text) == decision
    finding = json.loads(text)["outcomes"][0]["candidates"][0]["findings"][0]
    assert (finding["requirement"], finding["verdict"]) == ("SNR", "PASS")
    assert b"Infinity" not in text


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"schema_version": 6', '"schema_version": 7', "schema_version 7, this version"),
        ('"verdict": "PASS"', '"verdict": "YES"', "Invalid enum value 'YES'"),
        ('"requirement": "SNR"', '"requirement": "speed"', "lacks its shape at 'speed'"),
        ('"recommended"', '"recomended"', "unknown field `recomended`"),
        ('"value": 15.0', '"value": "15"', "Expected .float"),
        ("{", "[", "write it anew with `codecmark review`"),
    ],
)
def test_what_was_changed_is_refused(old: str, new: str, complaint: str) -> None:
    text = stored.encoded(review.decide(codec("opus@16k", (15,) * 5), asked(SNR))).decode()
    assert old in text
    with pytest.raises(ResultSchemaError, match=complaint):
        stored.decoded(text.replace(old, new).encode())
