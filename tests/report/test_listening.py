"""What can be heard on the page: which codecs and clips, and that it is what was measured."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from msgspec import structs

from codecmark import corpus
from codecmark.analysis.summary import summarise
from codecmark.errors import InputError
from codecmark.networks.setup import Setup
from codecmark.report import listening
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.review.in_force import judged_by_condition
from reported import make_results, prepared
from reviewed import codec

Made = tuple[Path, list[ResultRow]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    results, where = make_results(tmp_path_factory.mktemp("page"))
    return where, store.read(results)


def test_what_is_heard_is_what_the_row_measured(made: Made) -> None:
    where, rows = made
    clips = prepared(where)
    found = dict(listening.listen(["opus@12k"], clips, rows, Setup()))["opus@12k"]
    assert isinstance(found, dict)
    assert [one.note for one in found.values()] == ["", ""]
    one = found[clips[0].name]
    assert one.row is not None
    row = one.row
    samples, rate = soundfile.read(io.BytesIO(one.flac), dtype="int16")
    assert (len(samples), rate) == (clips[0].audio.n_samples, 16_000)
    changed = structs.replace(row, stream_bytes=(row.stream_bytes or 0) + 1)
    text = listening.difference(changed, clips[0], row.stream_bytes or 0)
    assert text.startswith("not the stream that the run measured: ")
    assert "samples differ" in listening.difference(
        structs.replace(row, clip_sha256="0"), clips[0], 1
    )
    assert "heard only" in listening.difference(None, clips[0], 1)


def test_the_reference_is_kept_to_the_bit(made: Made) -> None:
    clip = prepared(made[0])[0]
    samples, _ = soundfile.read(io.BytesIO(listening.flac(clip.audio)), dtype="int16")
    assert np.array_equal(samples, clip.audio.pcm16()[0])


def test_what_cannot_run_here_is_a_reason_not_a_sound(made: Made) -> None:
    clips = prepared(made[0])
    specs = ["opus@6k", "lyra:none", "dac:44khz@nonsense"]
    outcome = dict(listening.listen(specs, clips, made[1], Setup()))
    assert isinstance(outcome["opus@6k"], dict)
    assert isinstance(outcome["lyra:none"], str)
    assert isinstance(outcome["dac:44khz@nonsense"], str)


def test_clips_to_hear_are_of_each_class_and_of_several_sources(made: Made) -> None:
    music, speech = corpus.load(made[0])
    same = replace(speech, name="same speaker")
    other = replace(speech, name="other speaker", source="x")
    rows = [structs.replace(made[1][0], clip=c.name) for c in (speech, same, other, music)]
    chosen = listening.default_clips([speech, same, other, music], rows, 2)
    assert [clip.name for clip in chosen] == [speech.name, "other speaker", music.name]
    with pytest.raises(InputError, match="none of its clips is in these rows"):
        listening.default_clips([speech], [], 2)


def test_what_passes_can_be_heard_first(made: Made) -> None:
    rows = made[1]
    judged = judged_by_condition(None, rows)["16k-mono"]
    assert listening.default_specs(summarise(rows), None) == ["opus@6k", "opus@12k"]
    # two clips of two sources pass nothing
    assert listening.default_specs(summarise(rows), judged) == ["opus@6k", "opus@12k"]
    rows = [*codec("lc3@24k"), *codec("opus@16k"), *codec("opus@6k", (2, 2, 2, 2, 2))]
    rows += codec("lowpass@3.5k", stream_bytes=160_000)
    judged = judged_by_condition(None, rows)["16k-mono"]
    assert judged.recommended in {"lc3@24k", "opus@16k"}
    chosen = listening.default_specs(summarise(rows), judged)
    assert set(chosen[:2]) == {"lc3@24k", "opus@16k"}
    assert chosen[0] == judged.recommended
    assert chosen[2:] == ["opus@6k", "lowpass@3.5k"]
    rows += codec("plugged@16k")  # passes as well, and its code is not run unasked
    judged = judged_by_condition(None, rows)["16k-mono"]
    assert judged.candidates["plugged@16k"].can_be_chosen
    assert listening.default_specs(summarise(rows), judged) == chosen
