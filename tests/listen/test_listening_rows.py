"""From answers to rows, and from rows to a verdict: who was asked decides."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import soundfile
from msgspec.structs import replace

from codecmark.__main__ import main
from codecmark.analysis.listeners import rated
from codecmark.errors import InputError
from codecmark.listen import collect, entries, offline
from codecmark.listen import design as designs
from codecmark.listen.design import Design
from codecmark.listen.journal import Journal
from codecmark.listen.ratings import ListeningSet, Rating, read_set
from codecmark.listen.rows import rows_of
from codecmark.listen.screening import screened
from codecmark.listen.statistics import means
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.review.requirement import Requirement
from codecmark.studies.listened import load
from listening_sets import panel
from listening_tests import planned
from reviewed import MOS, codec, only

TRUTH = {"reference": 5, "lowpass@3.5k": 3, "lowpass@2k": 1, "pcm@8bit": 4, "noise@20db": 2}


def taken(design: Design, listeners: int = 3) -> ListeningSet:
    """Let listeners who always tell the truth take a test."""
    with Journal(design) as journal:
        for _ in range(listeners):
            session = journal.join().session
            for turn in journal.turns(session).values():
                values = [TRUTH[design.key.stimuli[name].system] for name in turn.items]
                journal.answer(session, turn.page, values, [turn.hear_s] * turn.heard)
    return collect.ratings(design, *entries.read(design))


def rated_rows(means: list[float], spread: float, **changes: object) -> list[ResultRow]:
    return [
        replace(row, mos=value, listeners=8, ratings=8, listener_se=spread, **changes)
        for row, value in zip(codec("opus@24k")[: len(means)], means, strict=True)
    ]


def test_what_listeners_say_comes_out_under_the_right_names(tmp_path: Path) -> None:
    listening = taken(planned(tmp_path / "t", "dcr", training=True))
    assert {name: mean.mean for name, mean in means(listening).items()} == TRUTH
    assert set(listening.clips) == {"clip0", "clip1"}  # and not that of the training
    assert screened(listening) == listening


def test_rows_hold_the_ratings_and_join_those_of_the_run(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", "dcr")
    listening = taken(design)
    bare = rows_of(design, listening, [], "r1")
    assert {(row.spec, row.dmos) for row in bare} == {
        (name, value) for name, value in TRUTH.items() if name != "reference"
    }
    assert len(bare) == 8
    assert {row.mos for row in bare} == {None}
    first = bare[0]
    assert (first.listeners, first.ratings, first.listening_method) == (3, 3, "dcr")
    assert first.listening_plan_sha256 == design.sha256
    assert first.reasons["snr_db"].startswith("heard only")
    assert ResultRow.from_json(first.to_json()) == first
    measured = replace(first, dmos=None, listeners=None, snr_db=12.0, reasons={})
    joined = rows_of(design, listening, [measured], "r2")
    (row,) = [each for each in joined if each.snr_db is not None]
    assert (row.spec, row.snr_db, row.dmos, row.run_id) == (first.spec, 12.0, first.dmos, "r2")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"system": "<b>no codec</b>"}, "no row can be of it"),
        ({"clip_s": 0.0}, "clip_s"),
        ({"stream_bytes": 0}, "stream_bytes"),
    ],
)
def test_a_key_of_no_codecs_makes_no_rows(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    """Or nothing in the folder of rows could be read by a leaderboard any more."""
    made = planned(tmp_path / "t", "acr", clips=1)
    stimuli = {
        name: replace(entry, **change) if entry.system == "pcm@8bit" else entry
        for name, entry in made.key.stimuli.items()
    }
    design = designs.write(made.folder, made.plan, replace(made.key, stimuli=stimuli))
    with Journal(design) as journal:
        session = journal.join().session
        for turn in journal.turns(session).values():
            journal.answer(session, turn.page, [3], [turn.hear_s])
    with pytest.raises(InputError, match=message):
        rows_of(design, collect.ratings(design, *entries.read(design)), [], "r")


def test_a_key_of_no_condition_makes_no_rows(tmp_path: Path) -> None:
    made = planned(tmp_path / "t", "acr", clips=1)
    design = designs.write(made.folder, made.plan, replace(made.key, condition="no-such"))
    with Journal(design) as journal:
        session = journal.join().session
        for turn in journal.turns(session).values():
            journal.answer(session, turn.page, [3], [turn.hear_s])
    with pytest.raises(InputError, match=r"no-such.*no row can be of it"):
        rows_of(design, collect.ratings(design, *entries.read(design)), [], "r")


@pytest.mark.parametrize(
    ("values", "spread", "verdict", "reason"),
    [
        ([4.5, 4.6, 4.4, 4.5], 0.05, "PASS", ""),
        ([3.0, 3.1, 2.9, 3.0], 0.05, "FAIL", ""),
        ([4.2, 4.2, 4.2, 4.2], 0.3, "UNDECIDED", r"straddles the threshold; \d+ more listeners"),
        ([4.9, 3.5, 4.9, 3.3], 0.01, "UNDECIDED", "more clips would have to be heard"),
    ],
)
def test_listeners_decide_a_requirement(
    values: list[float], spread: float, verdict: str, reason: str
) -> None:
    finding = only(rated_rows(values, spread), MOS)
    assert finding.verdict == verdict
    assert finding.evidence == "subjective"
    assert not finding.provisional
    assert finding.figure.listeners == 8
    assert re.search(reason, finding.reason)


def test_a_stand_in_decides_only_where_nobody_was_asked() -> None:
    unasked = only(codec("opus@24k"), MOS)
    assert (unasked.verdict, unasked.reason) == ("NO EVIDENCE", "no listening test in these rows")
    assert unasked.provisional
    assert only(rated_rows([3.0, 3.1, 2.9, 3.0], 0.05), MOS).effective.verdict == "FAIL"


def test_dmos_counts_where_it_is_asked_for_and_never_as_mos() -> None:
    rows = [replace(row, dmos=row.mos, mos=None) for row in rated_rows([4.5, 4.6, 4.4, 4.5], 0.05)]
    assert only(rows, Requirement("DMOS", "dmos", ">", 4.0)).verdict == "PASS"
    assert only(rows, MOS).verdict == "NO EVIDENCE"


def test_the_interval_of_rows_is_that_of_the_ratings() -> None:
    listening = panel({"a": 60.0}, listeners=12, clips=8)
    whole = means(listening)["a"]
    rows = [
        replace(
            codec("a")[0], clip=name, source=f"s{n}", listeners=12, ratings=12,
            mushra=float(listening.cube()[:, n, 0].mean()), listener_se=whole.listener_se,
        )
        for n, name in enumerate(listening.clips)
    ]  # fmt: skip
    found = rated(rows, "mushra")
    assert found is not None
    assert found.low is not None
    assert whole.low is not None
    assert (found.mean, found.low) == pytest.approx((whole.mean, whole.low), abs=0.3)


def test_a_listener_who_came_twice_is_two_only_by_another_session(tmp_path: Path) -> None:
    listening = taken(planned(tmp_path / "t", "acr", clips=1))
    twice = (*listening.ratings, listening.ratings[0])
    with pytest.raises(InputError, match="is there twice"):
        replace(listening, ratings=twice)
    assert Rating("listener 1", "clip0", "reference", 5.0) in listening.ratings


def test_the_commands_end_in_rows_and_a_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    design = planned(tmp_path / "t", "dcr")
    taken(design)
    arguments = ["listen", "results", str(design.folder), "--rows", "--out", str(tmp_path / "r")]
    assert main([*arguments, "--save", str(tmp_path / "set")]) == 0
    shown = capsys.readouterr().out
    assert "screening passed: 3 of 3 listeners" in shown
    assert {row.dmos for row in store.read(tmp_path / "r")} == {1, 2, 3, 4}
    assert read_set(tmp_path / "set").listeners == ("listener 1", "listener 2", "listener 3")
    listened = load(tmp_path / "set")  # as `codecmark predictors` reads it
    assert set(listened.systems) == {"pcm@8bit", "noise@20db"}
    for system in (None, *listened.systems):
        path, _ = listened.sound("clip0", system)
        assert soundfile.info(path).samplerate == 48_000
    assert main(["leaderboard", str(tmp_path / "r")]) == 0
    shown = capsys.readouterr().out
    assert "DMOS" in shown
    assert "4.00 ±0.00 (3 listeners)" in shown


def test_an_offline_file_hands_over_answers_that_are_checked(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", "acr", clips=1)
    with Journal(design) as journal:
        (page,) = offline.make_files(journal, tmp_path / "files", 1)
        text = page.read_text()
        assert "unsafe" not in text
        assert not [s for s in ("pcm@8bit", "clip0", *design.key.stimuli) if s in text]
        session = journal.sessions[0].session
        answers = [
            {"page": t.page, "values": [3], "heard_s": [0.5], "page_s": 4.0, "comment": ""}
            for t in journal.turns(session).values()
        ]
        good = {"format": offline.FORMAT, "plan_sha256": design.sha256, "session": session,
                "listener": "", "headphones": True, "answers": answers}  # fmt: skip
        result = tmp_path / "answers.json"
        for change, message in (
            ({"session": "other"}, "session"), ({"plan_sha256": "0"}, "another test"),
            ({"format": "x"}, "format"), ({"answers": [*answers, answers[0]]}, "twice"),
            ({"answers": [{**answers[0], "values": [6]}]}, "values"),
            ({"answers": [{**answers[0], "values": ["5"]}]}, "values"),
            ({"answers": [{**answers[0], "page": "zzz"}]}, "page"), ({"extra": 1}, "extra"),
        ):  # fmt: skip
            result.write_bytes(encoded({**good, **change}))
            with pytest.raises(InputError, match=message):
                offline.take(journal, result)
        assert journal.answers == []
        result.write_bytes(encoded({**good, "answers": answers[:2]}))  # missing pages
        assert offline.take(journal, result) == ("listener 1", 2, 0)
        result.write_bytes(encoded(good))
        assert offline.take(journal, result) == ("listener 1", 3, 2)
        assert offline.take(journal, result) == ("listener 1", 0, 5)
        result.write_bytes(encoded({**good, "answers": [{**answers[0], "values": [1]}]}))
        with pytest.raises(InputError, match="handed over before with other values"):
            offline.take(journal, result)
    joined, stored = entries.read(design)
    assert collect.unfinished(design, joined, stored) == []


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()
