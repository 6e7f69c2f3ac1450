"""A leaderboard of many rows: its time goes by their number, and what they share is held once."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from codecmark.__main__ import main
from codecmark.analysis.samples import latest_rows
from codecmark.results import store
from made_rows import row

SPECS = ("opus@12k", "opus@24k", "lc3@32k")
CLIPS = 3_000


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine thousand rows of a thousand speakers, all with the same versions and reasons."""
    folder = tmp_path_factory.mktemp("many")
    of_all = {"versions": {f"package{n}": "1.0" for n in range(20)}, "reasons": {"estoi": "none"}}
    rows = [
        row(spec, f"c{clip}", source=f"s{clip % 1_000}", snr_db=10 + clip % 7, **of_all)
        for spec in SPECS
        for clip in range(CLIPS)
    ]
    store.append(folder, rows)
    return folder


def test_its_time_is_linear(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start_s = time.process_time()
    assert main(["leaderboard", str(results)]) == 0
    assert time.process_time() - start_s < 8
    assert f"{CLIPS} clips" in capsys.readouterr().out


def test_rows_hold_what_they_share_once(results: Path) -> None:
    tracemalloc.start()
    try:
        rows = store.read(results)
        assert tracemalloc.get_traced_memory()[1] < 2_500 * len(rows)
    finally:
        tracemalloc.stop()
    assert len({id(each.versions) for each in rows}) == 1
    assert len({id(each.reasons) for each in rows}) == 1
    assert len({id(each.spec) for each in rows}) == len(SPECS)


def test_the_latest_rows_are_found_once() -> None:
    rows = latest_rows([row(), row(snr_db=1.0), row(clip="b", clip_class="music")])
    assert [each.snr_db for each in rows] == [1.0, 15.0]
    assert latest_rows(rows) is rows
    assert latest_rows(rows, "speech") is latest_rows(rows, "speech")
    assert list(latest_rows(rows, "music")) == [rows[1]]
    assert list(latest_rows(latest_rows(rows, "music"), "speech")) == []
