"""One rule adds up the figures, whether rows are in memory or in Parquet."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codecmark.analysis import columns_sql, summary_sql
from codecmark.analysis.aggregation import ALL, Columns, Quality, attempted, qualities
from codecmark.analysis.summary import Summary, summarise
from codecmark.codec import Evidence
from codecmark.corpus.entry import ClipClass
from codecmark.metrics.table import QUALITY_FIELDS, TABLE
from codecmark.results import store
from codecmark.results.row import INFINITE, ResultRow

CLASSES: tuple[ClipClass | None, ...] = ("speech", "music", None)


def random_rows(seed: int) -> list[ResultRow]:
    """Rows of a few codecs with gaps, exact copies, failures, ties, and clips without a class."""
    draw = random.Random(seed)  # noqa: S311
    clips = [
        (f"clip{number}", draw.choice((f"s{number % 7}", None)), draw.choice(CLASSES))
        for number in range(40)
    ]
    rows = []
    for spec in ("opus@6k", "dac:16khz@6k", "flac", "mimi@1.1k"):
        weights: Evidence = "random" if spec.startswith("mimi") else "none"
        for clip, source, clip_class in clips if weights == "none" else clips[:1]:
            if draw.random() < 0.05:  # not run
                continue
            values: dict[str, Any] = {}
            reasons: dict[str, str] = {}
            for name in QUALITY_FIELDS:
                chance = draw.random()
                if weights == "random" or chance < 0.1:
                    reasons[name] = "the metric gave up"
                elif chance < (0.9 if spec == "flac" else 0.15):
                    reasons[name] = f"{INFINITE}: output equals input"
                else:
                    low, high = TABLE[name].range
                    value = draw.choice((1.5, 4.0, draw.gauss(10, 3)))
                    values[name] = float(min(max(value, low), high))
            failed = draw.random() < 0.05
            rows.append(
                ResultRow(
                    run_id="r1",
                    spec=spec,
                    family=spec.partition("@")[0],
                    clip=clip,
                    source=source,
                    clip_class=clip_class,
                    condition="16k-mono",
                    weights=weights,
                    status="failed" if failed else "ok",
                    reason="it broke" if failed else None,
                    **({} if failed else values),
                    reasons={} if failed else reasons,
                )
            )
    rows.append(
        ResultRow(
            run_id="r1", spec="gone@6k", family="gone", condition="16k-mono",
            status="unavailable", reason="not here",
        )
    )  # fmt: skip
    draw.shuffle(rows)
    return rows


@pytest.mark.parametrize("seed", range(5))
def test_parquet_and_rows_give_the_same_figures(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("duckdb")
    monkeypatch.setattr(columns_sql, "ROWS_AT_ONCE", 50)  # so that codecs come in several batches
    store.append(tmp_path, random_rows(seed))
    by_rows = summarise(store.read(tmp_path))
    store.compact(tmp_path, "r1")
    by_columns = summary_sql.read(tmp_path / store.ROWS / "r1.parquet").summaries
    assert list(map(told, by_columns)) == list(map(told, by_rows))


def told(summary: Summary) -> tuple[object, ...]:
    return summary.spec, summary.attempted, summary.scored, summary.quality


def columns(values: list[float], sources: list[int], classes: list[int]) -> Columns:
    """Clips `c0`, `c1`, ... of the classes music and speech, with one and the same figure."""
    return Columns(
        np.arange(len(values)), np.array(sources), np.array(classes),
        dict.fromkeys(QUALITY_FIELDS, np.array(values)),
        [f"c{number}" for number in range(len(values))], ("music", "speech"),
    )  # fmt: skip


def test_sources_count_alike_and_the_worst_is_by_direction() -> None:
    found = qualities(columns([1.0, 3.0, 8.0, np.nan], [5, 5, 2, 9], [1, 1, 1, 1]), {"speech": 4})[
        "speech"
    ]
    snr, lsd = found["snr_db"], found["lsd_db"]
    assert snr.estimate is not None
    assert snr.worst is not None
    assert lsd.worst is not None
    assert (snr.estimate.mean, snr.estimate.n, snr.estimate.n_sources) == (5.0, 3, 2)
    assert (snr.worst.clip, snr.worst.value, snr.worst.median) == ("c0", 1.0, 3.0)
    assert (lsd.worst.clip, lsd.worst.value) == ("c2", 8.0)
    assert (snr.scored, snr.attempted) == (3, 4)


def test_two_scales_have_no_figure_over_all_classes() -> None:
    found = qualities(columns([4.0, 2.0], [0, 1], [0, 1]), {"music": 1, "speech": 1})
    assert "visqol_mos_lqo" not in found[ALL]
    assert {name: found[name]["visqol_mos_lqo"].scored for name in ("music", "speech")} == {
        "music": 1, "speech": 1,
    }  # fmt: skip
    assert found[ALL]["snr_db"].scored == 2


def test_nothing_measured_is_no_figure() -> None:
    found = qualities(columns([np.nan], [0], [1]), {"speech": 3})["speech"]["snr_db"]
    assert found == Quality(attempted=3)


def test_a_codec_answers_for_every_clip_but_an_untrained_one() -> None:
    own, everyone = {"speech": 1}, {"speech": 9, "music": 4}
    assert attempted("none", own, everyone) == everyone
    assert attempted("random", own, everyone) == own
    assert attempted(None, {}, everyone) == {}
