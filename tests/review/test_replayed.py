"""Published sound as evidence: judged in each class, compared on its own clips, never more."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from codecmark import review
from codecmark.errors import InputError
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.review import files, in_force, stored
from codecmark.review.elsewhere import PublishedSound, StatedFigure
from codecmark.review.options import Option
from codecmark.review.record import markdown
from codecmark.review.replayed import rows_of
from codecmark.review.requirements import Requirements
from reviewed import MOS, RATIO, SNR, asked, changed, codec

NORMALISED = {"snr_db": "the authors normalised the level of each file by itself"}
SOUND = PublishedSound("published", beside=("opus@12k",), caution="Chosen by their authors.")
STATED = StatedFigure("dac:16khz@6k", "SNR", "si_sdr_db", 9.0, "a paper: speech")


def heard(snr_db: Any = (13.0, 13.2, 12.8, 13.1, 12.9), **changes: object) -> list[ResultRow]:
    kept = {"weights": "replayed", "stream_bytes": None, "pcm16_bytes": None, **changes}
    return codec("replay:dac:16khz@6k", snr_db, nominal_bitrate_kbps=6.0, **kept)


def measured() -> list[ResultRow]:
    """Opus, and the network at full size with seeded weights: no quality."""
    untrained = {"weights": "random", "visqol_mos_lqo": None, "pesq_wb": None}
    network = codec("dac:16khz@6k", (None,), peak_memory_mib=883.0, **untrained)
    music = codec("opus@16k", clip_class="music")
    return [*codec("opus@16k"), *(changed(r, clip=f"m{r.clip}") for r in music), *network]


def wanted(*requirements: Any, **changes: Any) -> Requirements:
    own = {"specs": ("dac:*",), "replayed": ("replay:dac:*",), **changes}
    options = (Option("Opus", specs=("opus@*",)), Option("DAC", **own))
    return asked(*(requirements or (SNR, RATIO)), options=options, replayed=SOUND)


def found(rows: list[ResultRow], requirements: Requirements | None = None) -> review.Candidate:
    decision = review.decide(measured(), requirements or wanted(), rows)
    return decision.candidates["dac:16khz@6k"]


def music(**changes: object) -> list[ResultRow]:
    """Five recordings whose level was normalised: no SNR."""
    rows = heard((None,) * 5, clip_class="music", reasons=NORMALISED, pesq_wb=None, **changes)
    return [changed(row, clip=f"m{row.clip}") for row in rows]


def test_published_sound_stands_in_for_quality_and_for_nothing_else() -> None:
    both = [*heard(), *(changed(r, clip=f"m{r.clip}", clip_class="music") for r in heard())]
    snr, ratio = found(both).findings
    assert (snr.verdict, snr.figure.origin, snr.figure.results) == (
        "PASS", "replayed", "published",
    )  # fmt: skip
    assert snr.classes == {"speech": "PASS", "music": "PASS"}
    assert (ratio.verdict, ratio.figure.origin) == ("PASS", "measured")
    assert ratio.figure.value == 16.0


def test_a_class_that_nobody_published_has_no_evidence() -> None:
    snr = found(heard()).finding("SNR")
    assert snr.verdict == "NO EVIDENCE"
    assert snr.classes == {"speech": "PASS", "music": "NO EVIDENCE"}
    assert snr.reason == "nothing published of music"


def test_a_single_source_leaves_it_undecided() -> None:
    rows = [*heard(), changed(heard()[0], clip="m", clip_class="music")]
    snr = found(rows).finding("SNR")
    assert (snr.verdict, snr.figure.clip_class, snr.figure.n) == ("UNDECIDED", "music", 1)
    assert "1 of the 5 sources that a pass takes" in snr.reason


@pytest.mark.parametrize(
    ("si_sdr_db", "verdict"), [(2.0, "FAIL"), (9.6, "UNDECIDED"), (40.0, "UNDECIDED")]
)
def test_a_level_that_was_changed_gives_snr_a_limit_and_never_a_pass(
    si_sdr_db: float, verdict: str
) -> None:
    rows = [changed(row, si_sdr_db=si_sdr_db) for row in music()]
    snr = found([*heard(), *rows]).finding("SNR")
    assert (snr.verdict, snr.figure.clip_class, snr.figure.at_most) == (verdict, "music", True)
    assert snr.figure.value == pytest.approx(10 * math.log10(1 + 10 ** (si_sdr_db / 10)))
    assert snr.classes["speech"] == "PASS"
    assert snr.reason.startswith("SNR refused")


def test_what_was_measured_comes_before_what_was_published() -> None:
    rows = [*measured()[:-1], *codec("dac:16khz@6k", (2.0, 2.1, 1.9, 2.2, 2.0))]
    kept = changed(wanted(), requirements=(changed(SNR, clip_class="speech"), RATIO))
    snr = review.decide(rows, kept, heard()).candidates["dac:16khz@6k"].finding("SNR")
    assert (snr.verdict, snr.figure.origin) == ("FAIL", "measured")


def test_only_the_sound_that_an_option_names_counts() -> None:
    for requirements in (wanted(replayed=()), wanted(replayed=("replay:encodec:*",))):
        assert found(heard(), requirements).finding("SNR").figure.origin == "measured"


def test_a_stated_mean_passes_nothing() -> None:
    snr = found([], wanted(published=(STATED,))).finding("SNR")
    assert (snr.verdict, snr.stated) == ("PUBLISHED ELSEWHERE", STATED)
    assert found([], wanted(published=(STATED,))).status == "open"
    both = [*heard(), *(changed(r, clip=f"m{r.clip}", clip_class="music") for r in heard())]
    assert found(both, wanted(published=(STATED,))).finding("SNR").verdict == "PASS"


def test_each_class_says_who_is_best_there_and_what_others_have_on_the_same_clips() -> None:
    beside = codec("opus@12k", (12.0, 12.3, 11.8, 12.0, 11.9), stream_bytes=7500)
    decision = review.decide(measured(), wanted(), [*heard(), *beside])
    assert list(decision.by_class) == ["speech", "music"]
    speech = decision.by_class["speech"]
    (setting,) = speech.replayed
    assert (setting.spec, setting.pairs, setting.sources) == ("dac:16khz@6k", 5, 5)
    assert [finding.verdict for finding in setting.findings] == ["PASS", "PASS"]
    assert setting.status == "feasible"
    assert (setting.nominal_kbps, setting.rate.value) == (6.0, 16.0)
    assert setting.peak_memory_mib == 883.0
    snr = next(one for one in setting.differences if one.metric == "snr_db")
    assert snr.value == pytest.approx(1.0)
    assert snr.theirs == pytest.approx(12.0)
    assert snr.kbps == pytest.approx(12.0)
    assert (snr.n, snr.n_sources) == (5, 5)
    assert snr.low is not None
    assert snr.low < 1 < (snr.high or 0)
    assert decision.by_class["music"].replayed == ()


def test_the_record_says_what_is_behind_each_cell(tmp_path: Path) -> None:
    rows = [*heard(), *(changed(row, si_sdr_db=9.6) for row in music())]
    decision = review.decide(measured(), wanted(SNR, MOS, RATIO), rows)
    assert stored.decoded(stored.encoded(decision)) == decision
    text = markdown(decision, "requirements.toml")
    assert markdown(stored.decoded(stored.encoded(decision)), "requirements.toml") == text
    head, _, below = text.partition("## Context and Problem Statement")
    assert (
        "music `dac:16khz@6k` open; timed here with seeded weights of the full size: "
        "`dac:16khz@6k` ([class by class](#published-sound-class-by-class))"
    ) in head
    assert "Chosen by their authors." in below
    assert "nominal 6, own bits [16.0]" in below
    assert "883 MiB, seeded weights, full size" in below
    line = next(one for one in text.splitlines() if one.startswith("| DAC | `dac:16khz@6k` |"))
    assert "UNDECIDED (speech PASS, music UNDECIDED): at most [10.1 dB]" in line
    assert "(music), replayed" in line
    cells = [cell for cell in line.split(" | ") if "][" in cell]
    assert all(cell.endswith(("measured", "replayed")) for cell in cells)
    assert "<../published/rows/" in text


def test_rows_are_read_from_within_the_results(tmp_path: Path) -> None:
    requirements = wanted()
    assert rows_of(requirements, tmp_path) == []
    with store.writing(tmp_path / "published", "20260102T030405Z-1") as writer:
        writer.add(heard())
    with store.writing(tmp_path, "20260102T030405Z-1") as writer:
        writer.add(measured())
    assert [row.spec for row in rows_of(requirements, tmp_path)] == ["replay:dac:16khz@6k"] * 5
    decision = review.decide(measured(), requirements, rows_of(requirements, tmp_path))
    path = files.write(decision, "requirements.toml", tmp_path)
    held = in_force.decision_for(tmp_path, measured(), "16k-mono")
    assert held.is_current
    assert held.record == path
    (tmp_path / "published" / "rows" / "20260102T030405Z-1.jsonl").unlink()
    assert not in_force.decision_for(tmp_path, measured(), "16k-mono").is_current


@pytest.mark.parametrize(
    ("extra", "complaint"),
    [
        ('replayed = ["replay:dac:*"]', r"option\[1\].replayed: add a table \[replayed\]"),
        (
            'published = [{spec="a", requirement="x", metric="snr_db", value=1, where="x"}]',
            r"option\[1\].published\[1\].requirement",
        ),
        (
            'published = [{spec = "a", requirement = "SNR", metric = "x", value = 1, where = "x"}]',
            "metric",
        ),
        ('[replayed]\nresults = "../elsewhere"', "results: must be a folder within the results"),
    ],
)
def test_a_file_that_names_what_is_not_there_is_refused(
    tmp_path: Path, extra: str, complaint: str
) -> None:
    path = tmp_path / "requirements.toml"
    path.write_text(
        'title = "A"\nquestion = "?"\n[[requirement]]\nname = "SNR"\nmetric = "snr_db"\n'
        f'operator = ">"\nthreshold = 10\n[[option]]\nname = "DAC"\nspecs = ["dac:*"]\n{extra}\n'
    )
    with pytest.raises(InputError, match=complaint):
        review.load(path)
