"""A table is of one combination of axes: chosen by name, never mixed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from codecmark import InputError
from codecmark.__main__ import main
from codecmark.analysis import summary_sql
from codecmark.analysis.curves import curves
from codecmark.analysis.ranking import rank
from codecmark.analysis.run_pairs import line_up
from codecmark.analysis.samples import collect
from codecmark.analysis.settings import settings_of
from codecmark.analysis.summary import summarise
from codecmark.results import axes, store
from codecmark.results.axes import Axes
from codecmark.results.row import ResultRow
from codecmark.review.figures import Figures
from made_rows import row, unavailable

LOSSY: Axes = {"loss_percent": 5.0, "loss_pattern": "it's bursts"}
COMBINATIONS: tuple[Axes, ...] = ({}, LOSSY, {"loss_percent": 5.0}, {"passes": 3})


def rows_of(*combinations: Axes) -> list[ResultRow]:
    return [
        row(spec, clip, **combination, snr_db=10.0 + index)
        for index, combination in enumerate(combinations)
        for spec in ("opus@24k", "flac")
        for clip in "ab"
    ]


@pytest.mark.parametrize(
    "work",
    [
        summarise,
        lambda rows: collect(rows, "snr_db"),
        lambda rows: curves(rows, "snr_db"),
        lambda rows: rank(rows, "snr_db", "opus@24k"),
        lambda rows: settings_of(rows, "speech", ["snr_db"]),
        lambda rows: line_up(rows[:4], rows[4:]),
        Figures,
    ],
)
def test_a_mixture_is_refused_by_name(work: Callable[[Sequence[ResultRow]], object]) -> None:
    with pytest.raises(InputError, match=r"axes: rows of none and passes=3; one table has one"):
        work(rows_of({}, {"passes": 3}))
    work(axes.chosen(rows_of({}, {"passes": 3}), {"passes": 3}) * 2)


def test_untouched_clips_are_what_a_table_has_unless_told_otherwise() -> None:
    rows = [*rows_of(*COMBINATIONS), unavailable()]
    for index, combination in enumerate(COMBINATIONS):
        kept = axes.chosen(rows, combination)
        assert {r.snr_db for r in kept if r.clip} == {10.0 + index}
        assert kept[-1] == unavailable()  # whatever the clips go through
    assert axes.chosen(rows) == axes.chosen(rows, {})
    with pytest.raises(InputError, match=r"axes: no row of passes=2; there are none and loss_per"):
        axes.chosen(rows[:-1], {"passes": 2})
    assert axes.chosen([]) == []


def test_a_combination_is_read_as_it_is_written() -> None:
    several: Axes = {"loss_percent": 5.0, "passes": 3, "concealment": "noise"}
    for combination in (several, axes.UNTOUCHED):
        assert axes.parse(axes.in_words(combination)) == combination
    assert axes.parse("") == axes.UNTOUCHED


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("speed=2", "axes: no 'speed'; choose from loss_percent"),
        ("loss_percent=much", "axes: loss_percent: 'much'"),
        ("passes=2.5", "axes: passes: '2.5'"),
        ("passes=1,passes=2", "axes: passes is named twice"),
        ("passes", "axes: passes: needs a value"),
        ("loss_pattern=", "axes: loss_pattern: needs a value"),
    ],
)
def test_what_names_no_axes_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        axes.parse(text)


@pytest.mark.parametrize("seed", range(3))
def test_rows_and_parquet_choose_alike(seed: int, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    rows = [*rows_of(*COMBINATIONS), unavailable()]
    random.Random(seed).shuffle(rows)  # noqa: S311
    store.append(tmp_path, rows)
    store.compact(tmp_path, "r1")
    path = tmp_path / store.ROWS / "r1.parquet"
    for combination in COMBINATIONS:
        by_rows = summarise(axes.chosen(rows, combination))
        by_columns = summary_sql.read(path, combination).summaries
        assert [(s.spec, s.attempted, s.quality) for s in by_columns] == [
            (s.spec, s.attempted, s.quality) for s in by_rows
        ]


def test_parquet_says_which_there_are(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    store.append(tmp_path, rows_of({"passes": 3}, LOSSY))
    store.compact(tmp_path, "r1")
    with pytest.raises(InputError, match=r"no row of none; there are loss_percent=5.*passes=3"):
        summary_sql.read(tmp_path / store.ROWS / "r1.parquet")


def test_the_leaderboard_of_other_axes_says_so_and_is_not_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.append(tmp_path, rows_of({}, {"passes": 3}))
    assert main(["leaderboard", str(tmp_path), "--axes", "passes=3"]) == 0
    assert "went through this beside the codec: passes=3" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.md"))
    assert main(["leaderboard", str(tmp_path)]) == 0
    assert "beside the codec" not in capsys.readouterr().out
    assert list(tmp_path.glob("*.md"))


def test_the_option_is_completed_as_that_of_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bursts: Axes = {"loss_pattern": "gilbert-elliott", "concealment": "own"}
    store.append(tmp_path, rows_of({}, {"loss_percent": 10.0, **bursts}))
    assert main(["leaderboard", str(tmp_path), "--axes", "loss_percent=10"]) == 0
    assert "loss_percent=10.0,loss_pattern=gilbert-elliott" in capsys.readouterr().out
    assert main(["leaderboard", str(tmp_path), "--axes", "loss_percent=99"]) != 0
    assert "axes: loss_percent: 99.0 is outside 0..90" in capsys.readouterr().err


def test_two_runs_are_compared_on_the_same_axes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for run_id, snr_db in (("r1", 9.0), ("r2", 12.0)):
        touched = [row(clip=c, run_id=run_id, passes=3, snr_db=snr_db) for c in "abcde"]
        store.append(tmp_path, [*(row(clip=c, run_id=run_id) for c in "abcde"), *touched])
    command = ["compare", "r1", "r2", "--results", str(tmp_path)]
    assert main(command) == 0
    assert "snr_db" not in capsys.readouterr().out
    assert main([*command, "--axes", "passes=3"]) == 0
    assert "snr_db on speech: +3.000" in capsys.readouterr().out
