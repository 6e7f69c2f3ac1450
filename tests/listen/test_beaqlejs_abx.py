"""Results of BeaqleJS' ABX: right or wrong, test after test, and nobody's name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codecmark.__main__ import main
from codecmark.errors import InputError
from codecmark.listen import beaqlejs

PERSON = {"UserName": "Someone", "UserEmail": "someone@example.org", "UserComment": ""}


def result(path: Path, *tests: Any) -> Path:
    path.write_text(json.dumps([*tests, PERSON]))
    return path


def test_right_answers_are_counted_by_test(tmp_path: Path) -> None:
    paths = [
        result(tmp_path / f"l{n}.txt", True, n > 2, {"TestID": "third"} if n else True)
        for n in range(10)
    ]
    first, second, third, everything = beaqlejs.told_in(paths)
    assert (first.system, first.right, first.trials, first.listeners) == ("test 1", 10, 10, 10)
    assert first.p == pytest.approx(2**-10)
    assert (second.right, second.trials) == (7, 10)
    assert second.p == pytest.approx(176 / 1024)  # C(10,7) + C(10,8) + C(10,9) + C(10,10)
    assert (third.right, third.trials, third.listeners) == (1, 1, 1)
    assert (everything.right, everything.trials, everything.listeners) == (18, 21, 10)


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(result(tmp_path / f"l{n}.txt", True, False)) for n in range(6)]
    assert main(["listen", "results", *paths]) == 0
    out = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "test 1 6 6 6 0.016" in lines
    assert "test 2 0 6 6 1" in lines
    assert "all tests 6 12 6 0.61" in lines
    assert "Someone" not in out
    assert main(["listen", "results", paths[0]]) == 0
    assert main(["listen", "import", str(tmp_path / "set"), paths[0]]) == 2
    assert "codecmark listen results" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("tests", "message"),
    [
        ([True], "1 and 2 pages"),
        ([True, {"TestID": "a", "rating": {"x": 1}}], "test 2 is neither"),
        ([True, 1], "test 2 is neither"),
        (["true", True], "test 1 is neither"),
        ([{"TestID": "a"}, {}], "nobody was asked"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, tests: list[Any], message: str) -> None:
    paths = [result(tmp_path / "a.txt", *tests)]
    if len(tests) == 1:
        paths.append(result(tmp_path / "b.txt", True, False))
    with pytest.raises(InputError, match=message):
        beaqlejs.told_in(paths)


def test_one_listener_twice_is_refused(tmp_path: Path) -> None:
    path = result(tmp_path / "a.txt", True)
    with pytest.raises(InputError, match="two results of one listener"):
        beaqlejs.told_in([path, path])
