"""Published pairs as they are, where their files are: `CODECMARK_PUBLISHED_AUDIO`."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace
from statistics import fmean

import pytest

from codecmark import catalog, corpus
from codecmark.clip import AudioClip, fit_length
from codecmark.corpus import condition
from codecmark.corpus.audio_files import read_audio
from codecmark.corpus.published import Library
from codecmark.measure.elsewhere import prepare_pair
from codecmark.measure.replayed import measurement_of
from codecmark.measure.scoring import Scorer
from codecmark.metrics import alignment, perceptual, waveform
from codecmark.networks.setup import Setup
from first_scoring import FIRST_SCORING

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


def test_by_the_first_scorings_method_every_mean_is_the_first_scorings() -> None:
    plain = replace(
        condition.named("16k-mono"), speech_dbov=None, loudness_lufs=None, high_pass_hz=None,
        clip_s=100.0,
    )  # fmt: skip
    library = Library.from_environment()
    names = ("pesq_wb", "snr_db", "si_sdr_db")
    figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for file in library.manifest.decoded.values():
        original = library.manifest.original_of(file)
        if original.clip_class != "speech" or file.set == "mushra-2024":
            continue
        reference, decoded = (read_audio(library.path(each)) for each in (original, file))
        length = round(reference.duration_s * decoded.sample_rate_hz)
        if decoded.n_samples < length:
            padded = fit_length(decoded.samples, length)
            decoded = AudioClip(padded, decoded.sample_rate_hz)
        pair = prepare_pair(reference, decoded, plain, clip_class="speech").pair
        aligned = alignment.align(pair.reference, pair.decoded)
        calls = (perceptual.pesq_wb, waveform.snr_db, waveform.si_sdr_db)
        for name, call in zip(names, calls, strict=True):
            figures[file.codec][name].append(call(aligned.reference, aligned.decoded, 16_000))
    for codec, pairs, *expected in FIRST_SCORING:
        means = [fmean(figures[codec][name]) for name in names]
        assert len(figures[codec]["pesq_wb"]) == pairs, codec
        assert means[0] == pytest.approx(expected[0], abs=0.03), codec
        assert means[1:] == pytest.approx(expected[1:], abs=0.1), codec
