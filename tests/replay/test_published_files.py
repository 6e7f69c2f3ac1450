"""One published pair as it is, where its file is: `CODECMARK_PUBLISHED_AUDIO`."""

from __future__ import annotations

import os

import pytest

from codecmark import catalog, corpus
from codecmark.corpus import condition
from codecmark.measure.replayed import measurement_of
from codecmark.measure.scoring import Scorer
from codecmark.networks.setup import Setup

pytestmark = pytest.mark.skipif(
    "CODECMARK_PUBLISHED_AUDIO" not in os.environ, reason="published audio is not here"
)


def test_dac_on_a_sentence_of_vctk() -> None:
    rules = condition.named("16k-mono")
    entries = [clip for clip in corpus.load("published:codecfake") if clip.source == "vctk-p318"]
    clips, _ = condition.prepare(entries, rules)
    measurement = measurement_of(catalog.create("replay:dac:16khz@6k"), clips, rules, Setup())
    measurement.decode()
    with Scorer(1) as scorer:
        (row,) = measurement.rows("run", scorer)
    assert row.pesq_wb == pytest.approx(4.27, abs=0.03)
    assert row.snr_db == pytest.approx(12.04, abs=0.1)
    assert row.lag_samples == -8
