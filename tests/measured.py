"""One row of a codec, of half a second of noise."""

from __future__ import annotations

from codecmark.codec import Codec
from codecmark.corpus import condition
from codecmark.corpus.condition import PreparedClip
from codecmark.measure.measurement import Measurement
from codecmark.measure.scoring import Scorer
from codecmark.networks.setup import Setup
from codecmark.results.row import ResultRow
from entries import noise

CONDITION = condition.named("16k-mono")


def measured(codec: Codec) -> ResultRow:
    clips = [PreparedClip("n", "n", "music", noise(8_000))]
    measurement = Measurement(codec, clips, CONDITION, Setup())
    measurement.decode()
    (row,) = measurement.rows("r", Scorer(workers=1), memory=False)
    return row
