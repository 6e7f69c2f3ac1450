"""Figures of plug-ins are those of the work: of no cache, no print and no patched process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

import cheating
import remembering
from codecmark import corpus
from codecmark.catalog import factories
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import MetricError
from codecmark.measure import memory
from codecmark.measure.decoding_worker import _PROGRAM
from codecmark.measure.impairments.treatment import UNTREATED, Treatment
from codecmark.networks.setup import Setup
from codecmark.run import plan
from codecmark.run.engines.pool import Pool
from codecmark.run.engines.worker import Item
from entries import noise
from small_runs import CONDITION

CLIPS = [
    PreparedClip(f"{count}.wav", "n", "ambient", noise(count, seed=count))
    for count in (8_000, 8_001)
]


@pytest.fixture(autouse=True)
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    installed = (*remembering.PLUGINS, cheating.Patcher)
    cheating.install(tmp_path / "plugin", monkeypatch, installed)
    found = [str(tmp_path / "plugin"), str(Path(cheating.__file__).parent)]
    for folder in found:  # by processes that inherit the environment only
        monkeypatch.setenv("PYTHONPATH", folder, prepend=os.pathsep)
    yield
    factories.scan.cache_clear()
    _PROGRAM.close()


@pytest.mark.parametrize("spec", ["printer", "memlie"])
def test_what_is_printed_is_no_memory(spec: str) -> None:
    assert 20 < memory.peak_memory_mib(spec, noise(1_000), Setup()) < 300


@pytest.mark.parametrize("answer", [b"", b"bye.", b"nan", b"-1", b"\xff\xfe"])
def test_what_is_no_figure_is_no_memory(answer: bytes) -> None:
    with pytest.raises(MetricError, match="answered no figure"):
        memory._figure(answer)


def test_what_a_clip_passes_through_is_a_plugin_too(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    soundfile.write(folder / CLIPS[0].name, CLIPS[0].audio.samples.T, 16_000)
    clips, _ = plan.survey(corpus.load(folder), CONDITION)
    items = [
        Item("run", "pcm@8bit", tuple(clips), clips[0], CONDITION, False, Setup(), treatment)
        for treatment in (Treatment.of({"passed_through": "patcher"}), UNTREATED)
    ]
    through, alone = (outcome.rows[0] for outcome in Pool(1).run(items))
    assert through.passed_through == "patcher"
    assert through.snr_db is not None
    assert through.snr_db < 1  # a patched process says infinite
    assert alone.snr_db is not None
    assert alone.snr_db > 20
