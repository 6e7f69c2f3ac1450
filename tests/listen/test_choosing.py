"""A test made from what a run leaves to listeners."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from codecmark.__main__ import main
from codecmark.corpus.entry import CorpusClip
from codecmark.errors import InputError
from codecmark.listen import design as designs
from codecmark.listen.choosing import clips_of, questions
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.review.judgement import judged
from codecmark.review.requirement import Requirement
from listening_tests import clip as made_clip
from reviewed import MOS, RATIO, SNR, VISQOL, asked, codec

ACROSS = (3.0, 4.9, 3.2, 4.8, 4.0)  # ViSQOL whose interval straddles 4


def rated_by_predictor(spec: str, values: tuple[float, ...]) -> list[ResultRow]:
    return [
        replace(row, visqol_mos_lqo=value)
        for row, value in zip(codec(spec), values, strict=True)
    ]  # fmt: skip


def chosen(rows: list[ResultRow], *requirements: Requirement, most: int = 6) -> list[str]:
    found = questions(judged(rows, asked(*(requirements or (SNR, MOS)))), most)
    return [each.spec for each in found.asked]


def test_what_is_recommended_then_undecided_then_passed_then_failed_by_a_predictor() -> None:
    rows = [
        *rated_by_predictor("lc3@24k", ACROSS),
        *rated_by_predictor("opus@24k", (4.5,) * 5),
        *rated_by_predictor("aac@48k", (4.4,) * 5),
        *rated_by_predictor("mp3@48k", (3.0,) * 5),
        *codec("vorbis@q1", (5, 5, 5, 5, 5)),  # measured, and out
        *rated_by_predictor("noise@20db", (4.5,) * 5),  # a sentinel
    ]
    assert chosen(rows) == ["opus@24k", "lc3@24k", "aac@48k", "mp3@48k"]
    assert chosen(rows, most=2) == ["opus@24k", "lc3@24k"]
    found = questions(judged(rows, asked(SNR, MOS)), 6)
    assert found.method == "acr"
    assert [each.why for each in found.asked] == [
        "recommended; ViSQOL alone says PASS", "ViSQOL alone says UNDECIDED",
        "ViSQOL alone says PASS", "ViSQOL alone says FAIL",
    ]  # fmt: skip


def test_every_family_before_any_a_second_time() -> None:
    rows = [
        *rated_by_predictor("opus@24k", ACROSS),
        *rated_by_predictor("opus@32k", ACROSS),
        *rated_by_predictor("lc3@24k", (3.0,) * 5),
    ]
    assert chosen(rows) == ["opus@24k", "lc3@24k", "opus@32k"]


def test_what_listeners_decided_is_not_asked_again() -> None:
    heard = {"listeners": 12, "ratings": 12, "listener_se": 0.05}
    decided = [replace(row, mos=4.5, **heard) for row in codec("opus@24k")]
    few = [
        replace(row, mos=value, **{**heard, "listener_se": 0.5})
        for row, value in zip(codec("lc3@24k"), (4.1, 4.3, 4.2, 4.2, 4.1), strict=True)
    ]
    assert chosen([*decided, *few]) == ["lc3@24k"]
    found = questions(judged([*decided, *few], asked(SNR, MOS)), 6)
    assert "more listeners than 12 are needed" in found.asked[0].why
    with pytest.raises(InputError, match="nothing is left to listeners"):
        chosen(decided)


def test_only_a_requirement_on_ratings_is_for_listeners() -> None:
    with pytest.raises(InputError, match="none of 'A codec' asks listeners"):
        chosen(codec("opus@24k"), SNR, VISQOL, RATIO)
    dmos = Requirement("DMOS", "dmos", ">", 4.0)
    assert questions(judged(codec("opus@24k"), asked(dmos)), 6).method == "dcr"


def test_what_cannot_be_heard_here_is_named() -> None:
    rows = [*codec("opus@24k"), *codec("replay:x:y@6k")]
    found = questions(judged(rows, asked(MOS)), 6)
    assert [each.spec for each in found.asked] == ["opus@24k"]
    assert [each.partition(": ")[0] for each in found.left_out] == ["replay:x:y@6k"]


def test_clips_are_those_of_every_codec_one_a_source() -> None:
    entries = [CorpusClip(f"c{n}", Path(f"c{n}.wav"), f"s{n // 2}", "speech") for n in range(8)]
    rows = [replace(row, clip=f"c{n}") for spec in ("a@1", "b@1") for n in range(6)
            for row in codec(spec, (15,))]  # fmt: skip
    rows += [replace(codec("a@1", (15,))[0], clip="c6")]
    few = clips_of(rows, ["a@1", "b@1"], entries, 3, 0)
    assert [entry.source for entry in few] == ["s0", "s1", "s2"]
    assert few == clips_of(rows, ["a@1", "b@1"], entries, 3, 0)
    drawn = {entry.name for n in range(20) for entry in clips_of(rows, ["a@1"], entries, 3, n)}
    assert len(drawn) == 7  # the seed chooses
    assert len(clips_of(rows, ["a@1", "b@1"], entries, 4, 0)) == 6
    with pytest.raises(InputError, match="none was run with all"):
        clips_of(rows, ["a@1", "c@1"], entries, 3, 0)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import soundfile

    sounds = tmp_path / "sounds"
    sounds.mkdir()
    for n in range(6):
        audio = made_clip(n, 0.5).audio
        soundfile.write(sounds / f"c{n}.wav", audio.samples.T, audio.sample_rate_hz)
    results = tmp_path / "results"
    store.prepare(results)
    rows = [
        *rated_by_predictor("pcm16", ACROSS),
        *rated_by_predictor("opus@24k", (4.5,) * 5),
    ]
    store.append(results, [replace(row, clip=f"{row.clip}.wav") for row in rows])
    require = tmp_path / "r.toml"
    require.write_text(
        'title = "T"\nquestion = "Q"\n[[requirement]]\nname = "MOS"\nmetric = "mos"\n'
        'operator = ">"\nthreshold = 4\n'
    )
    arguments = [
        "listen", "plan", str(tmp_path / "t"), "--from", str(results), "--corpus", str(sounds),
        "--require", str(require), "--limit", "3",
    ]  # fmt: skip
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "left to listeners by 'MOS':" in shown
    assert "  pcm16: nobody was asked" in shown
    design = designs.read(tmp_path / "t")
    assert design.plan.method == "acr"
    of_systems = {e.system for e in design.key.stimuli.values() if e.role == "system"}
    assert of_systems == {"pcm16", "opus@24k"}
    assert len({e.clip for e in design.key.stimuli.values()}) == 4  # one to train with
    assert main([*arguments, "--codecs", "pcm16"]) == 2
    assert "--codecs, --from: name one of them" in capsys.readouterr().err
