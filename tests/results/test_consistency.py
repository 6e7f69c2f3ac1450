"""Rows whose figures contradict one another are found."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

import committed
from codecmark.__main__ import main
from codecmark.results import consistency, store
from codecmark.results.row import ResultRow


@pytest.fixture(scope="module")
def row() -> ResultRow:
    return next(row for row in committed.rows() if row.spec == "opus@24k" and row.encode_s)


def test_no_committed_row_contradicts_itself() -> None:
    assert [consistency.problem(row) for row in committed.rows() if consistency.problem(row)] == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"bitrate_kbps": 2.4}, "bitrate_kbps: 2.4, but "),
        ({"clip_s": 50.0}, "bitrate_kbps: "),
        ({"clip_s": 0.0}, "stream_bytes, clip_s: "),
        ({"compression_ratio": 99.0}, "compression_ratio: 99, but "),
        ({"stream_bytes": -1}, "stream_bytes, clip_s: -1 and "),
        ({"payload_bytes": 10**9}, "payload_bytes: 1000000000 of a stream of "),
        ({"encode_rtf": 9.0}, "encode_rtf: 9, but "),
        ({"decode_s": 9.0}, "decode_rtf: "),
    ],
)
def test_a_row_that_contradicts_itself_is_found(
    row: ResultRow, change: dict[str, float], problem: str
) -> None:
    assert consistency.problem(row) == ""
    assert consistency.problem(replace(row, **change)).startswith(problem)


def test_verify_names_a_row_whose_rate_does_not_follow_and_salvage_puts_it_aside(
    row: ResultRow, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its checksum is right: whoever wrote it wrote that too."""
    other = replace(row, clip="another")
    store.append(tmp_path, [other, replace(row, bitrate_kbps=2.4)])
    assert main(["verify", str(tmp_path)]) == 1
    assert "line 3: bitrate_kbps: 2.4, but " in capsys.readouterr().out.replace("\n", " ")
    assert main(["verify", str(tmp_path), "--salvage"]) == 0
    assert store.read(tmp_path) == [other]
