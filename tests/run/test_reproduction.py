"""Rows tried again: what was measured is reproduced, what was edited is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import soundfile
from msgspec.structs import replace

from codecmark import InputError, corpus
from codecmark.__main__ import main
from codecmark.metrics import predictor_weights
from codecmark.networks.setup import Setup
from codecmark.results import row as results_row
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.run import corpora, reproduction
from entries import noise, tone


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three families on two clips, in a folder with the clips beside it."""
    folder = tmp_path_factory.mktemp("machine")
    (folder / "clips").mkdir()
    for seed, name in enumerate("ab"):
        samples = noise(16_000, seed=seed).samples
        soundfile.write(folder / "clips" / f"{name}.wav", samples.T / 4, 16_000)
    codecs = "opus@24k,lc3@32k,pcm16"
    arguments = ("--codecs", codecs, "--no-timing", "--corpus", str(folder / "clips"),
                 "--engine", "in-process", "--workers", "1")  # fmt: skip
    assert main(["run", *arguments, "--out", str(folder / "results")]) == 0
    return folder


@pytest.fixture(scope="module")
def rows(run: Path) -> list[ResultRow]:
    return store.read(run / "results")


def tried(row: ResultRow, run: Path) -> reproduction.Reproduction:
    return reproduction.reproduce(row, corpus.load(run / "clips"), Setup.from_environment())


def test_every_row_of_an_honest_run_is_reproduced(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", str(run / "results"), "--rows", "6", "--seed", "mine"]) == 0
    assert "6 of 6 rows reproduced, 0 differ, 0 untried; --seed mine" in capsys.readouterr().out


def test_other_sounds_under_the_names_of_bundled_clips_are_not_taken_for_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever gives a results folder gives the sounds in it too."""
    bundled, sounds = corpus.load()[0], tmp_path / "results" / "clips"
    sounds.mkdir(parents=True)
    soundfile.write(sounds / bundled.name, tone(1.0).samples.T / 4, 16_000)
    soundfile.write(sounds / "own.wav", noise(16_000).samples.T / 4, 16_000)
    given = ("--codecs", "pcm16", "--no-timing", "--corpus", str(sounds), "--engine", "in-process")
    results = str(tmp_path / "results")
    assert main(["run", *given, "--workers", "1", "--out", results]) == 0
    assert main(["reproduce", results, "--seed", "mine"]) == 0
    said = capsys.readouterr().out
    assert f"clips from {sounds}, as the run says" in said
    assert f"pcm16 on {bundled.name}, 16k-mono: untried: codecmark's own clip" in said
    assert "1 of 2 rows reproduced, 0 differ, 1 untried" in said
    assert main(["reproduce", results, "--corpus", str(sounds)]) == 0
    assert "2 of 2 rows reproduced" in capsys.readouterr().out


def test_where_clips_are_is_said_of_folders_alone(tmp_path: Path) -> None:
    for given, said in ((None, None), ("test", None), ("published:dac", None), ("x", Path("x"))):
        corpora.remember(tmp_path, "run", None if given is None else Path(given), "audio")
        assert corpora.folder_of(tmp_path, "run") == said
    (tmp_path / "test").mkdir()  # a folder of that name is no half
    corpora.remember(tmp_path, "run", Path("test"), "audio")
    assert corpora.folder_of(tmp_path, "run") == tmp_path / "test"
    assert corpora.impostors(corpus.load()) == frozenset()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"snr_db": 40.0}, "snr_db: "),
        ({"zimtohrli": 4.99}, "zimtohrli: "),
        ({"stream_bytes": 100}, "here, 100 there"),
        ({"bitrate_kbps": 2.4}, "bitrate_kbps: "),
        ({"compression_ratio": 99.0}, "compression_ratio: "),
        ({"payload_bytes": 7}, "payload_bytes: "),
        ({"nominal_bitrate_kbps": None}, "nominal_bitrate_kbps: 24 here, None there"),
        ({"algorithmic_delay_ms": 0.5}, "algorithmic_delay_ms: "),
        ({"parameters": 7}, "parameters: 0 here, 7 there"),
        ({"weights": "published"}, "weights: none here, published there"),
        ({"weights_sha256": "0" * 64}, "weights_sha256: None here"),
        ({"clip_class": "music"}, "clip_class: "),
        ({"clip_s": 10.0}, "clip_s: 1 here, 10 there"),
        ({"encode_s": 1.0, "encode_rtf": 0.1}, "encode_rtf: 0.1, but 1 follows"),
        ({"visqol_mos_lqo": None}, "visqol_mos_lqo: "),
        ({"pesq_wb": 4.5}, "there"),
        ({"stream_sha256": "0" * 64}, "the stream: "),
        ({"decoded_sha256": "0" * 64}, "the output"),
        ({"agreement_db": 120.0}, "agreement_db: None here, 120 there"),
        ({"token_agreement": 1.0}, "token_agreement: "),
        ({"recovery_s": 0.0}, "recovery_s: "),
        ({"level_difference_db": 0.0}, "level_difference_db: "),
        ({"visqol_mode": "speech"}, "visqol_mode: "),
        ({"notes": {"level": "all well"}}, "notes: {} here, {'level': 'all well'} there"),
    ],
)
def test_a_field_that_was_edited_is_named(
    rows: list[ResultRow], change: dict[str, Any], what: str
) -> None:
    """Against the row of before, which is what this machine makes again."""
    row = next(row for row in rows if row.spec == "opus@24k")
    differences = reproduction._differences(replace(row, **change), row, Setup.from_environment())
    assert what in "; ".join(differences)


def test_a_row_that_was_edited_is_found(run: Path, rows: list[ResultRow]) -> None:
    found = tried(replace(rows[0], snr_db=40.0, token_agreement=1.0), run)
    assert found.verdict == "differs"
    assert found.what.startswith("snr_db: ")
    assert "token_agreement: None here, 1 there" in found.what


def test_an_infinite_figure_must_be_infinite_here(run: Path, rows: list[ResultRow]) -> None:
    """Else a lossy codec can call itself lossless, or a lossless one hide that it is."""
    lossy, exact = (next(r for r in rows if r.spec == s) for s in ("opus@24k", "pcm16"))
    assert tried(exact, run).verdict == "reproduced"
    infinite = {"snr_db": "infinite: output equals input"}
    forged = replace(lossy, snr_db=None, reasons={**lossy.reasons, **infinite})
    assert "none (infinite: output equals input) there" in tried(forged, run).what
    beside = replace(lossy, reasons={**lossy.reasons, **infinite})
    assert tried(beside, run).verdict == "differs"
    hidden = replace(exact, reasons={**exact.reasons, "snr_db": "the metric failed"})
    assert "none (the metric failed) there" in tried(hidden, run).what


def test_figures_whose_weights_are_not_here_are_named(
    run: Path, rows: list[ResultRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = replace(rows[0], plcmos=4.0)
    ours = replace(rows[0], plcmos=None, reasons={"plcmos": "its weights are nowhere"})
    setup = Setup.from_environment()
    monkeypatch.setattr(predictor_weights, "digest_of", lambda *_: "absent")
    assert reproduction._untried(stated, ours, setup) == ["plcmos"]
    assert not list(reproduction._differences(stated, ours, setup))
    monkeypatch.setattr(predictor_weights, "digest_of", lambda *_: "0" * 64)
    assert reproduction._untried(stated, ours, setup) == []
    assert "plcmos: none" in next(reproduction._differences(stated, ours, setup))
    # of the clips of the run no weights give a figure
    assert "plcmos: none (not defined for " in tried(stated, run).what


def test_listeners_answers_are_named_as_not_reproduced(run: Path, rows: list[ResultRow]) -> None:
    found = tried(replace(rows[0], mos=4.9, listeners=100), run)
    assert found.verdict == "reproduced"
    assert found.what == "without mos, listeners, which listeners gave"
    assert tried(rows[0], run).what == ""


def test_every_field_of_a_row_is_compared_or_said_to_be_beyond_comparing() -> None:
    named = (
        *reproduction._DERIVED, *reproduction._DIGESTS, *reproduction._OF_THE_OUTPUT,
        *reproduction._OF_BACKENDS, *reproduction._OF_LISTENERS, *reproduction._OF_THE_MACHINE,
        "notes",
    )  # fmt: skip
    assert sorted(named) == sorted(ResultRow.__struct_fields__)
    assert set(reproduction._OF_LISTENERS) == results_row._RATINGS


def test_what_is_not_here_is_untried(run: Path, rows: list[ResultRow]) -> None:
    for change, what in (
        ({"clip": "c.wav"}, "clip: c.wav is not here"),
        ({"clip_sha256": "0" * 64}, "is another one here"),
        ({"spec": "nothing@1k"}, "no codec named"),
    ):
        found = tried(replace(rows[0], **change), run)
        assert (found.verdict, what in found.what) == ("untried", True)


def test_rows_are_drawn_from_every_family_and_by_the_seed(rows: list[ResultRow]) -> None:
    assert {row.family for row in reproduction.choose(rows, 3, "a")} == {"opus", "lc3", "pcm16"}
    draws = {tuple(row.clip for row in reproduction.choose(rows, 3, str(s))) for s in range(9)}
    assert len(draws) > 1
    assert reproduction.choose(rows, 3, "a") == reproduction.choose(rows[::-1], 3, "a")


def test_rows_without_digests_cannot_be_tried(rows: list[ResultRow]) -> None:
    replayed = [replace(row, weights="replayed") for row in rows]
    with pytest.raises(InputError, match="none has digests"):
        reproduction.choose(replayed, 3, "a")
    with pytest.raises(InputError, match="rows: must be at least 1, got 0"):
        reproduction.choose(rows, 0, "a")


def test_rows_that_cannot_be_tried_are_counted(
    run: Path, rows: list[ResultRow], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    by_family = {family: [r for r in rows if r.family == family] for family in ("opus", "pcm16")}
    (first, second), (third, fourth) = by_family.values()
    elsewhere = [replace(row, weights="elsewhere") for row in rows if row.family == "lc3"]
    stored = [
        replace(first, stream_sha256=None), replace(second, loss_percent=10.0),
        replace(third, status="failed"), fourth, *elsewhere,
    ]  # fmt: skip
    store.append(tmp_path, stored)
    arguments = ("--rows", "9", "--corpus", str(run / "clips"))
    assert main(["reproduce", str(tmp_path), *arguments]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "5 rows of 6 cannot be tried: 2 elsewhere, without bytes; 1 failed; 1 of clips" in said
    assert "1 without digests of stream and output" in said
    assert "1 of 1 row reproduced" in said


def test_a_run_that_differs_ends_with_status_one(
    run: Path, rows: list[ResultRow], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.append(tmp_path, [replace(row, snr_db=99.0) for row in rows if row.family != "pcm16"])
    arguments = ("--rows", "1", "--corpus", str(run / "clips"))
    assert main(["reproduce", str(tmp_path), *arguments]) == 1
    assert "0 of 1 row reproduced, 1 differ" in capsys.readouterr().out
