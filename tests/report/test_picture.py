"""The picture of a run: known points, and names that it cannot draw."""

from __future__ import annotations

from pathlib import Path

import pytest

import committed
from codecmark.__main__ import main
from codecmark.errors import InputError
from codecmark.report.picture import draw
from codecmark.results.row import ResultRow
from places import COMMITTED


@pytest.fixture(scope="module")
def rows() -> list[ResultRow]:
    return committed.rows()


def test_the_committed_picture_is_that_of_the_committed_rows(tmp_path: Path) -> None:
    drawn = tmp_path / "rate_quality.svg"
    assert (
        main(["leaderboard", str(COMMITTED), "--run", committed.RUN_ID, "--picture", str(drawn)])
        == 0
    )
    text = drawn.read_text(encoding="utf-8")
    assert "<svg" in text
    assert all(name in text for name in ("opus", "lyra", "PESQ-WB", "ViSQOL"))
    shipped = (COMMITTED / "rate_quality.svg").read_text(encoding="utf-8")
    assert _points(text) == _points(shipped)


def test_names_without_figures_are_returned(rows: list[ResultRow], tmp_path: Path) -> None:
    assert draw(rows, tmp_path / "one.svg", ["opus", "dac:16khz", "nothing"]) == [
        "dac:16khz",
        "nothing",
    ]


def test_nothing_to_draw_is_refused(rows: list[ResultRow], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no figure of nothing on speech"):
        draw(rows, tmp_path / "none.svg", ["nothing"])
    with pytest.raises(InputError, match=r"picture: one\.pdf must end in"):
        draw(rows, tmp_path / "one.pdf", ["opus"])


def _points(svg: str) -> list[str]:
    """Return where the markers are; the rest of the file is the library's."""
    return [line.strip() for line in svg.splitlines() if line.strip().startswith("<use ")]
