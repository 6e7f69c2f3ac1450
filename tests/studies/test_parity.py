"""The record of parity, `results/parity.md`, is of these wrappers and covers every rate."""

from __future__ import annotations

import re
from typing import Any

import pytest

from codecmark.studies.parity import fingerprint
from codecmark.studies.parity.comparison import TensorComparison
from codecmark.studies.parity.page import holds, markdown
from places import COMMITTED, REPOSITORY

RECORD = COMMITTED / "parity.md"


def test_the_record_of_parity_is_of_these_wrappers_and_versions() -> None:
    record = RECORD.read_text(encoding="utf-8")
    assert "**Parity holds.**" in record
    assert f"| wrapper sources | `{fingerprint.sources()}` |" in record, "run `make parity`"
    pinned = dict(
        line.split("==")
        for line in (REPOSITORY / "constraints.txt").read_text().splitlines()
        if "==" in line
    )
    for name in (*fingerprint.OURS, *fingerprint.THEIRS):
        assert f"{name} {pinned[name]}" in record, "run `make parity`"


def test_the_record_covers_every_rate() -> None:
    record = RECORD.read_text(encoding="utf-8")
    rows = [line for line in record.splitlines() if line.startswith(("| encodec:", "| dac:"))]
    assert len(rows) >= 9
    assert all(line.endswith("| yes |") for line in rows)
    for spec in (
        *(f"encodec:24khz@{rate}k" for rate in ("1.5", "3", "6", "12", "24")),
        *(f"encodec:48khz@{rate}k" for rate in ("3", "6", "12", "24")),
    ):
        assert any(line.startswith(f"| {spec} |") for line in rows)
    for variant, books in (("16khz", 12), ("24khz", 32), ("44khz", 9)):
        assert any(f"| dac:{variant} | 1 to {books - 1}, each |" in line for line in rows)
        assert any(re.match(rf"\| dac:{variant}@\S+ \| {books} \|", line) for line in rows)


def compared(**changes: Any) -> TensorComparison:
    fields: dict[str, Any] = {
        "spec": "encodec:24khz@6k", "codebooks": 8, "samples": 320, "tokens": 8, "differing": 0,
        "distinct": 8, "levels": None, "ecdc": True, "twin": True, "rms": 0.1, "deviation": 0.0,
    }  # fmt: skip
    return TensorComparison(**{**fields, **changes})


@pytest.mark.parametrize(
    "fault", [{"differing": 1}, {"ecdc": False}, {"twin": False}, {"deviation": 2e-5}]
)
def test_one_difference_is_the_end_of_parity(fault: dict[str, Any]) -> None:
    both = [compared(), compared(**fault)]
    assert holds(both[:1])
    assert not holds(both)
    assert not holds([])
    assert "**Parity does not hold.**" in markdown({}, [], both)
