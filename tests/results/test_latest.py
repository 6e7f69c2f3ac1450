"""Which rows count: the rule on rows in memory, and the same rule in SQL."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from codecmark.codec import Evidence
from codecmark.results import store
from codecmark.results.row import ResultRow
from made_rows import FAILED, row, unavailable

WEIGHTS: tuple[tuple[Evidence | None, str | None], ...] = (
    ("random", None), ("published", "aa"), ("published", "bb"), (None, None),
)  # fmt: skip


def random_rows(draw: random.Random) -> list[ResultRow]:
    """Rows of few identities, so that most are replaced, of codecs whose weights come and go."""
    rows = []
    for number in range(80):
        spec = draw.choice(("opus@24k", "dac:16khz@6k"))
        evidence, sha256 = draw.choice(WEIGHTS) if spec.startswith("dac") else ("none", None)
        axes = draw.choice(({}, {"loss_percent": 5.0}, {"loss_percent": 5.0, "passes": 2}))
        outcome = FAILED if evidence is None else {"snr_db": float(number)}
        made = row(
            spec, draw.choice("ab"), condition=draw.choice(("16k-mono", "48k-stereo")),
            weights=evidence, weights_sha256=sha256, **axes, **outcome, row_s=float(number),
        )  # fmt: skip
        rows.append(unavailable(spec) if draw.random() < 0.1 else made)
    return rows


@pytest.mark.parametrize("seed", range(8))
def test_sql_keeps_what_memory_keeps(seed: int, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    draw = random.Random(seed)  # noqa: S311
    rows = random_rows(draw)
    kept = store.latest(rows)
    assert 4 < len(kept) < len(rows)
    cut = draw.randrange(len(rows))
    for part in (rows[:cut], rows[cut:]):  # the second goes on with a Parquet file
        store.append(tmp_path, part)
        store.compact(tmp_path, "r1")
    # what the first half's weights ruled out is gone, as it would be after the whole run
    assert list(store.rows_of(tmp_path, "r1")) == store.latest([*store.latest(rows[:cut]),
                                                                *rows[cut:]])  # fmt: skip
    store.append(tmp_path / "once", rows)
    store.compact(tmp_path / "once", "r1")
    assert list(store.rows_of(tmp_path / "once", "r1")) == kept
