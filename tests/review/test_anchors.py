"""The default panel on settings whose quality nobody doubts: committed rows, so it cannot drift."""

from __future__ import annotations

import pytest

import anchors
from codecmark import review
from codecmark.results.row import ResultRow


@pytest.fixture(scope="module")
def rows() -> list[ResultRow]:
    return anchors.rows()


def test_the_anchors_get_the_verdicts_that_are_known(rows: list[ResultRow]) -> None:
    candidates = review.judged(rows, review.default()).candidates
    found = {spec: one.finding("predicted quality").verdict for spec, one in candidates.items()}
    assert found == anchors.EXPECTED


def test_what_does_not_keep_the_waveform_is_told_by_its_samples(rows: list[ResultRow]) -> None:
    candidates = review.judged(rows, review.default()).candidates
    shown_only = {
        spec
        for spec, one in candidates.items()
        if any(v.silent.startswith("shown only") for v in one.finding("predicted quality").voices)
    }
    assert shown_only == {"codec2@3.2k", "mel:16k-64/griffinlim-64"}


def test_every_voice_has_figures(rows: list[ResultRow]) -> None:
    assert len({row.source for row in rows}) >= 30
    assert len(rows) == len({row.source for row in rows}) * len(anchors.EXPECTED)
    for row in rows:
        assert row.clip_class == "speech"
        for field in ("distillmos", "distillmos_reference", "zimtohrli", "pesq_wb"):
            assert getattr(row, field) is not None
