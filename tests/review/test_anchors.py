"""The default panel on settings whose quality nobody doubts: committed rows, so it cannot drift."""

from __future__ import annotations

import pytest

import anchors
from codecmark import review
from codecmark.results.row import ResultRow


@pytest.fixture(scope="module")
def rows() -> list[ResultRow]:
    return anchors.rows()


def of_class(rows: list[ResultRow], clip_class: str) -> dict[str, review.Candidate]:
    kept = [row for row in rows if row.clip_class == clip_class]
    return dict(review.judged(kept, review.default()).candidates)


@pytest.mark.parametrize("clip_class", anchors.EXPECTED)
def test_the_anchors_get_the_verdicts_that_are_known(
    rows: list[ResultRow], clip_class: str
) -> None:
    candidates = of_class(rows, clip_class)
    found = {spec: one.finding("predicted quality").verdict for spec, one in candidates.items()}
    assert found == anchors.EXPECTED[clip_class]


@pytest.mark.parametrize(("clip_class", "spec"), sorted(anchors.WRONG))
def test_what_should_fail_and_does_not_is_left_open_by_visqol(
    rows: list[ResultRow], clip_class: str, spec: str
) -> None:
    (voice,) = of_class(rows, clip_class)[spec].finding("predicted quality").voices
    says = {said.requirement.partition(" on ")[0]: said.verdict for said in voice.says}
    assert says == {"Zimtohrli": "FAIL", "ViSQOL": "PASS"}
    assert voice.house == "Google"


def test_what_does_not_keep_the_waveform_is_told_by_its_samples(rows: list[ResultRow]) -> None:
    shown_only = {
        spec
        for spec, one in of_class(rows, "speech").items()
        if any(v.silent.startswith("shown only") for v in one.finding("predicted quality").voices)
    }
    assert shown_only == {"codec2@3.2k", "mel:16k-64/griffinlim-64"}


def test_every_voice_has_figures(rows: list[ResultRow]) -> None:
    fields = {
        "speech": ("distillmos", "distillmos_reference", "zimtohrli", "pesq_wb"),
        "music": ("zimtohrli", "visqol_mos_lqo"),
        "ambient": ("zimtohrli", "visqol_mos_lqo"),
    }
    for clip_class, expected in anchors.EXPECTED.items():
        ours = [row for row in rows if row.clip_class == clip_class]
        sources = {row.source for row in ours}
        assert len(sources) >= {"speech": 30, "music": 20, "ambient": 10}[clip_class]
        assert len(ours) == len(sources) * len(expected)
        for row in ours:
            assert None not in [getattr(row, field) for field in fields[clip_class]]
