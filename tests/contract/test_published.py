"""Published codecs against their published figures: `pytest -m weights`, where weights are here.

The papers' clips are not ours, so the bands are wide: they catch a codec that is not the one it
names (a wrong configuration, a lost codebook, a shift in time, a sign), not a decibel.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from codecmark import UnavailableError, catalog, corpus
from codecmark.clip import Samples
from codecmark.corpus import condition
from codecmark.metrics import alignment, perceptual, waveform
from codecmark.networks.weights import WeightLocator

KUMAR = "48k-mono", "si_sdr_db", 4.0  # arXiv 2306.06546, table 3: speech, music and ambient sound
SUPERB = "16k-mono", "pesq_wb", 0.6  # Codec-SUPERB's board: speech

PUBLISHED = [
    ("dac:44khz@8k", "descript/dac_44khz", *KUMAR, 10.75),
    ("encodec:24khz@1.5k", "facebook/encodec_24khz", *KUMAR, -0.02),
    ("encodec:24khz@6k", "facebook/encodec_24khz", *KUMAR, 5.99),
    ("encodec:24khz@24k", "facebook/encodec_24khz", *KUMAR, 9.59),
    ("encodec:24khz@1.5k", "facebook/encodec_24khz", *SUPERB, 1.52),
    ("encodec:24khz@6k", "facebook/encodec_24khz", *SUPERB, 2.63),
    ("encodec:24khz@24k", "facebook/encodec_24khz", *SUPERB, 3.66),
    ("dac:16khz@6k", "descript/dac_16khz", *SUPERB, 3.88),
    ("dac:24khz@24k", "descript/dac_24khz", *SUPERB, 4.35),
]
METRICS: dict[str, Callable[[Samples, Samples, int], float]] = {
    "si_sdr_db": waveform.si_sdr_db,
    "pesq_wb": perceptual.pesq_wb,
}


@pytest.mark.weights
@pytest.mark.parametrize(
    ("spec", "name", "under", "metric", "within", "published"),
    PUBLISHED,
    ids=[f"{spec}-{metric}" for spec, _, _, metric, _, _ in PUBLISHED],
)
def test_quality_is_near_the_published_figure(
    spec: str, name: str, under: str, metric: str, within: float, published: float
) -> None:
    try:
        WeightLocator.from_environment().locate(name)
    except UnavailableError as error:
        pytest.skip(str(error))
    codec = catalog.create(spec)
    clips, _ = condition.prepare(corpus.load(), condition.named(under))
    figures = []
    for clip in clips:
        if metric == "pesq_wb" and clip.clip_class != "speech":
            continue
        reference = clip.audio.samples
        decoded = codec.decode(codec.encode(clip.audio)).samples
        lag = alignment.find_lag(reference, decoded).lag_samples
        ours, theirs = alignment.shifted(reference, decoded, lag)
        figures.append(METRICS[metric](ours, theirs, clip.audio.sample_rate_hz))
    assert abs(float(np.mean(figures)) - published) < within
