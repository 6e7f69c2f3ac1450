from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from codecmark.__main__ import main
from codecmark.errors import InputError
from codecmark.listen.collect import Choice
from codecmark.listen.merging import merged
from codecmark.listen.precision import abx_needed, precision
from codecmark.listen.preferences import strengths, told
from codecmark.listen.ratings import read_set
from codecmark.listen.tables import read_table
from listening_sets import panel

WEBMUSHRA = """session_test_id,email,session_uuid,trial_id,rating_stimulus,rating_score,rating_time,rating_comment
t,,u1,training1,C1,5,9,
t,,u1,trial1,reference,100,9000,
t,,u1,trial1,C1,70,9000,"a, comment"
t,,u1,trial1,anchor35,20,9000,
t,,u2,trial1,reference,95,8000,
t,,u2,trial1,C1,60,8000,
t,,u2,trial1,anchor35,10,8000,
"""  # noqa: E501 - as the tool writes it


def test_webmushra(tmp_path: Path) -> None:
    path = tmp_path / "mushra.csv"
    path.write_text(WEBMUSHRA)
    listening = read_table(path)
    assert (listening.listeners, listening.clips) == (("u1", "u2"), ("trial1",))
    assert [each.role for each in listening.stimuli] == ["reference", "system", "low_anchor"]
    np.testing.assert_array_equal(listening.cube()[:, 0], [[100, 70, 20], [95, 60, 10]])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("trial1,C1,70", "trial1,C1,seventy", "line 4, rating_score"),
        ("trial1,C1,70", "trial1,C1,170", "outside 0 to 100"),
        ("u2,trial1,C1", "u1,trial1,C1", "is there twice"),
        ("rating_score", "score", "rating_score"),
        (',"a, comment"', ',"a, comment', "cannot be read as CSV"),
    ],
)
def test_webmushra_damaged(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "mushra.csv"
    path.write_text(WEBMUSHRA.replace(old, new))
    with pytest.raises(InputError) as error:
        read_table(path)
    assert message in str(error.value)


def beaqlejs(path: Path, values: dict[str, int]) -> Path:
    """As BeaqleJS saves a listener's MUSHRA test of which it gave a subset."""
    tests = [
        {"TestID": "id1", "Runtime": 5, "rating": values, "filename": {"1": "audio/x.wav"}},
        {"TestID": "id2"},
        {"UserName": "Someone", "UserEmail": "someone@example.org", "UserComment": ""},
    ]
    path.write_text(json.dumps(tests))
    return path


def test_beaqlejs_without_the_name(tmp_path: Path) -> None:
    path = beaqlejs(tmp_path / "listener7.txt", {"Reference": 100, "1": 40})
    listening = read_table(path)
    assert listening.listeners == ("listener7",)
    assert "Someone" not in str(listening)
    assert [each.value for each in listening.ratings] == [100, 40]
    for tests, message in (
        ([{"TestID": "id1"}], "rating: absent"),
        ([True, False, {"UserName": ""}], "result of an ABX test"),
        ([{"TestID": "a", "Preference": "A", "PresentationOrder": "A=x, B=y"}], "preferences"),
        ([{"rating": {"1": 4}}], "TestID: absent"),
        ([{"TestID": "a", "rating": {"1": "x"}}], "no number"),
        ([{"TestID": "a", "rating": {"1": 101}}], "outside 0 to 100"),
    ):
        path.write_text(json.dumps(tests))
        with pytest.raises(InputError, match=message):
            read_table(path)


def test_files_of_several_listeners_become_one_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [
        str(beaqlejs(tmp_path / f"l{n}.txt", {"Reference": 100, "1": 40 + n})) for n in range(3)
    ]
    folder = tmp_path / "set"
    assert main(["listen", "import", str(folder), *files[:2]]) == 0
    assert "2 listeners, 4 ratings, 4 of them new" in capsys.readouterr().out
    assert main(["listen", "import", str(folder), *files]) == 0  # two of them again
    assert "3 listeners, 6 ratings, 2 of them new" in capsys.readouterr().out
    assert [each.value for each in read_set(folder).ratings] == [100, 40, 100, 41, 100, 42]
    beaqlejs(tmp_path / "l0.txt", {"Reference": 100, "1": 90})
    assert main(["listen", "import", str(folder), files[0]]) == 2
    assert "l0 on id1 of 1: 40 and 90" in capsys.readouterr().err
    assert len(read_set(folder).ratings) == 6


def test_sets_of_different_tests_are_not_merged() -> None:
    other = panel({"a": 3.0}, method="acr", spread=0.1)
    with pytest.raises(InputError, match="mushra and acr"):
        merged([panel(), other], "both")
    roles = replace(panel(), stimuli=tuple(replace(s, role="anchor") for s in panel().stimuli))
    with pytest.raises(InputError, match="has another role"):
        merged([panel(), roles], "both")


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="not webMUSHRA's"):
        read_table(path)


def test_abx_is_exact() -> None:
    choices = [Choice(f"l{n}", "c", "reference", "a", "a" if n else "reference", "a")
               for n in range(10)]  # fmt: skip
    (found,) = told(choices)
    assert (found.system, found.right, found.trials, found.listeners) == ("a", 9, 10, 10)
    assert found.p == pytest.approx(11 / 1024)
    assert abx_needed(10) == 9
    assert abx_needed(4) is None


def test_bradley_terry_of_two_is_the_odds() -> None:
    choices = [Choice("l", "c", "a", "b", "a")] * 30 + [Choice("l", "c", "b", "a", "b")] * 10
    first, second = strengths(choices)
    assert (first.system, first.wins, first.trials) == ("a", 30, 40)
    assert first.log_strength - second.log_strength == pytest.approx(math.log(30.5 / 10.5))
    assert strengths([Choice("l", "c", "a", "b", None)])[0].log_strength == pytest.approx(0)


def test_bradley_terry_finds_known_strengths() -> None:
    rng = np.random.default_rng(5)
    truth = {"a": 1.0, "b": 0.0, "c": -1.0}
    choices = []
    for first, second in (("a", "b"), ("a", "c"), ("b", "c")):
        chance = 1 / (1 + math.exp(truth[second] - truth[first]))
        for _ in range(1_000):
            won = first if rng.random() < chance else second
            choices.append(Choice("l", "c", first, second, won))
    for one in strengths(choices):
        assert one.log_strength == pytest.approx(truth[one.system], abs=0.12)


def test_more_listeners_are_worth_what_the_formula_says() -> None:
    few, many = precision("mushra", 6, 8), precision("mushra", 24, 8)
    assert few.half_width > many.half_width
    assert precision("acr", 6, 8).half_width == pytest.approx(few.half_width / 20)
