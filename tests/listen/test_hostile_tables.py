"""Tables and results of strangers: what they hold computes nothing, and fits into memory."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from codecmark.errors import InputError
from codecmark.listen import csv_tables, ratings, strict_json, tables
from codecmark.listen.ratings import ListeningSet, Rating, Stimulus, read_set, write_set

FORMULAS = ("=HYPERLINK(1)", "+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\uff1d1", "'=1", "''+1")


@pytest.mark.parametrize("name", FORMULAS)
def test_no_cell_begins_as_a_formula_and_names_come_back(tmp_path: Path, name: str) -> None:
    given = ListeningSet("mushra", (Stimulus(name, name),), (Rating(name, name, name, 5.0),))
    write_set(tmp_path, given)
    with (tmp_path / ratings.RATINGS).open(newline="", encoding="utf-8") as file:
        _, cells = csv.reader(file)
    for cell in cells[:3]:
        assert cell.startswith("'")
    again = read_set(tmp_path)
    assert again.ratings == given.ratings
    write_set(tmp_path, again)
    assert read_set(tmp_path).ratings == given.ratings


@pytest.mark.parametrize("name", ["'quoted'", "it's", "'", "opus@24k", "a=b"])
def test_other_names_stay_as_they_are(tmp_path: Path, name: str) -> None:
    given = ListeningSet("mushra", (Stimulus("c", name),), (Rating("l", "c", name, 5.0),))
    write_set(tmp_path, given)
    assert f",{name}," in (tmp_path / ratings.RATINGS).read_text(encoding="utf-8")
    assert read_set(tmp_path).ratings == given.ratings


def test_a_table_whose_cube_fits_nowhere_is_refused() -> None:
    stimuli = tuple(Stimulus(f"c{n}", f"s{n}") for n in range(3_000))
    given = tuple(Rating(f"l{n}", f"c{n}", f"s{n}", 5.0) for n in range(3_000))
    with pytest.raises(InputError, match="27000000000 cells"):
        ListeningSet("mushra", stimuli, given)


def test_too_many_lines_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_tables, "_MOST_LINES", 3)
    path = tmp_path / "x.csv"
    path.write_text("a\n" + "1\n" * 3)
    assert len(csv_tables.read_csv(path, ("a",))) == 3
    path.write_text("a\n" + "1\n" * 4)
    with pytest.raises(InputError, match="more than 3 lines"):
        csv_tables.read_csv(path, ("a",))


def test_a_column_that_counts_is_there_once(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b,b\n1,2,3\n")
    assert csv_tables.read_csv(path, ("a",))
    with pytest.raises(InputError, match="column 'b' is there twice"):
        csv_tables.read_csv(path, ("a", "b"))


@pytest.mark.parametrize("text", ["1_0", "\u0661\u0662", "0x10", "nan", "inf", "1e999", "", "1 0"])
def test_what_only_python_takes_for_a_number_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no number"):
        csv_tables.number(text, "here")


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1), ("-2.5", -2.5), ("1e2", 100), (".5", 0.5), ("3.", 3)]
)
def test_numbers(text: str, value: float) -> None:
    assert csv_tables.number(text, "here") == value


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a": 1, "a": 2}', "'a' is there twice"),
        (b'[{"b": {"a": 1, "a": 1}}]', "'a' is there twice"),
        (b"[NaN]", "NaN is no number"),
        (b"[-Infinity]", "-Infinity is no number"),
        (b"[9223372036854775808]", "beyond 64 bits"),
        (b"[" + b"9" * 5_000 + b"]", "beyond 64 bits"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b"\xff", "utf-8"),
        ('"a"'.encode("utf-16"), "utf-8"),
        (b"", "Expecting value"),
        (b"1 2", "Extra data"),
    ],
)
def test_json_that_parsers_read_in_different_ways_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        strict_json.read(data)


def test_whole_numbers_of_64_bits() -> None:
    assert strict_json.read(b"[9223372036854775807, -9223372036854775808]") == [2**63 - 1, -(2**63)]


def test_a_rating_given_twice_in_one_object_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.txt"
    path.write_text('[{"TestID": "a", "rating": {"x": 1, "x": 99}}]')
    with pytest.raises(InputError, match="'x' is there twice"):
        tables.read_table(path)


def test_figures_behind_names_are_no_formulas(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(csv_tables.written(("clip", "snr_db"), [(("=1+1",), ("-3.5",))]))
    assert path.read_text() == "clip,snr_db\n'=1+1,-3.5\n"
    path.write_text(csv_tables.written(("clip", "snr_db"), [(("a;=1+1;b",), ("-3.5",))]))
    assert path.read_text() == '"clip","snr_db"\n"a;=1+1;b","-3.5"\n'
    assert csv_tables.read_csv(path, ("clip",)) == [{"clip": "a;=1+1;b"}]
