"""What BeaqleJS writes: a JSON list, one file for each listener, who is called as the file.

- MUSHRA: objects with `TestID` and `rating`, the latter absent where a listener was given a subset.
- ABX: of each test in the order of the configuration whether X was told right, `true` or `false`
  (BeaqleJS d89b6b5, `AbxTest.prototype.formatResults`), and an object where it was not asked. No
  system is named.

The last object holds name and mail address, which are not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from codecmark.errors import InputError
from codecmark.listen import strict_json
from codecmark.listen.csv_tables import number
from codecmark.listen.preferences import Told, told_of
from codecmark.listen.ratings import Rating

_LARGEST_BYTES = 8 * 2**20
_PERSON = {"UserName", "UserEmail", "UserComment"}


def ratings_in(path: Path) -> list[Rating]:
    """Return the ratings of a MUSHRA test.

    Raises
    ------
    InputError
        If the file holds none, or what is no rating.
    """
    tests = _tests(path)
    if any(isinstance(test, bool) for test in tests):
        raise InputError(
            f"{path}: result of an ABX test, which says right or wrong and rates nothing; see it "
            "with `codecmark listen results FILE...`"
        )
    ratings = []
    for test in tests:
        if not isinstance(test, dict) or not isinstance(test.get("rating"), dict):
            continue
        trial = _text(test.get("TestID", ""), f"{path}: TestID")
        if not trial:
            raise InputError(f"{path}: TestID: absent beside a rating")
        for system, value in test["rating"].items():
            where = f"{path}, {trial:.40}, {system:.40}"
            ratings.append(
                Rating(path.stem.strip(), trial, system.strip(), number(_text(value, where), where))
            )
    if not ratings:
        raise InputError(
            f"{path}: rating: absent in every test; only results of BeaqleJS' MUSHRA hold ratings, "
            "and its preferences cannot be read"
        )
    return ratings


def is_abx(path: Path) -> bool:
    """Say whether a file is the result of an ABX test."""
    try:
        with path.open("rb") as file:
            return file.read(1) == b"[" and any(isinstance(test, bool) for test in _tests(path))
    except (OSError, InputError):
        return False


def told_in(paths: Sequence[Path]) -> list[Told]:
    """Return how many listeners were right on each test of an ABX, and on all of them.

    Raises
    ------
    InputError
        If a file is no result of ABX, is there twice, or has another number of tests.
    """
    if len({path.stem for path in paths}) < len(paths):
        raise InputError("files: two of one name are two results of one listener; rename one")
    answers = {path: [test for test in _tests(path) if not _is_person(test)] for path in paths}
    if len(counts := {len(tests) for tests in answers.values()}) > 1:
        raise InputError(f"files: of tests with {min(counts)} and {max(counts)} pages; keep apart")
    right: dict[str, list[bool]] = {}
    for path, tests in answers.items():
        for n, test in enumerate(tests, start=1):
            if isinstance(test, bool):
                right.setdefault(f"test {n}", []).append(test)
            elif not isinstance(test, dict) or set(test) - {"TestID"}:
                raise InputError(f"{path}: test {n} is neither true nor false; no result of ABX")
    if not right:
        raise InputError(f"{paths[0]}: nobody was asked anything")
    found = [told_of(name, each, len(each)) for name, each in sorted(right.items(), key=_number)]
    everything = [each for test in right.values() for each in test]
    return [*found, told_of("all tests", everything, len(paths))]


def _text(value: Any, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InputError(f"{where}: neither text nor a number")
    return str(value).strip()


def _number(test: tuple[str, object]) -> int:
    return int(test[0].split()[1])


def _is_person(test: object) -> bool:
    return isinstance(test, dict) and bool(_PERSON & set(test))


def _tests(path: Path) -> list[Any]:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError("too large for a result of BeaqleJS")
        tests = strict_json.read(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    if not isinstance(tests, list):
        raise InputError(f"{path}: no list of tests")
    return tests
