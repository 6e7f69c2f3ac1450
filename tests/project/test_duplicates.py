"""No two places share ten lines, to the letter or in shape: the same but for names and values.

Imports, docstrings, comments, blank lines and lone brackets do not count.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from places import REPOSITORY

FOLDERS = ("codecs", "benchmarks", "tests")
RUN = 10
# pairs that may be alike in shape, and why
MAY_BE_ALIKE = {
    ("codecs/codecmark/neural/encodec.py", "codecs/codecmark/neural/encodec_stereo.py"): "the "
    "parameters of their constructors, which the two forms of one network share",
}
_STRING = re.compile(r"""[rbfRBF]*("[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*')""")
_WORD = re.compile(r"\b(?!(?:if|for|in|return|def|class|with|not|and|or|else|is|yield)\b)[\w.]+")

Line = tuple[int, str]  # number, text


def counted_lines(source: str) -> list[Line]:
    """Return the lines of code without those that do not count, stripped of comments."""
    passed_over: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        is_docstring = (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        )
        if is_docstring or isinstance(node, ast.Import | ast.ImportFrom):
            assert isinstance(node, ast.stmt)
            passed_over.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = []
    for number, line in enumerate(source.splitlines(), 1):
        text = line.partition("  # ")[0].strip()
        if number not in passed_over and re.search(r"\w", text) and not text.startswith("#"):
            lines.append((number, text))
    return lines


def shape(text: str) -> str:
    return _WORD.sub("x", _STRING.sub("x", text))


def shared(files: Mapping[str, Sequence[Line]], length: int = RUN) -> Iterator[tuple[str, str]]:
    """Yield pairs of places, `path:line`, from which `length` lines are alike in shape.

    Runs in which most lines are of one shape, such as tables, are passed over.
    """
    places: dict[tuple[str, ...], list[tuple[str, int, int]]] = defaultdict(list)
    for path, lines in files.items():
        shapes = [shape(text) for _, text in lines]
        for start in range(len(shapes) - length + 1):
            window = tuple(shapes[start : start + length])
            if len(set(window)) > length // 2:
                places[window].append((path, start, lines[start][0]))
    for alike in places.values():
        (path, start, line), *others = alike
        for other_path, other_start, other_line in others:
            if other_path != path or other_start >= start + length:
                yield f"{path}:{line}", f"{other_path}:{other_line}"


@pytest.fixture(scope="module")
def files() -> Mapping[str, Sequence[Line]]:
    return {
        path.relative_to(REPOSITORY).as_posix(): counted_lines(path.read_text(encoding="utf-8"))
        for folder in FOLDERS
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
    }


def test_no_two_places_share_ten_lines(files: Mapping[str, Sequence[Line]]) -> None:
    found = [
        f"{first} and {second}"
        for first, second in shared(files)
        if tuple(sorted(place.partition(":")[0] for place in (first, second))) not in MAY_BE_ALIKE
    ]
    assert not found


def test_what_is_found_and_what_is_passed_over() -> None:
    lines = [f"value = {'(' * n}1{')' * n}" for n in range(10)]
    other = [line.replace("value", "other").replace("1", "'text'") for line in lines]
    broken = [*other[:9], "while True: pass"]
    sources = {"a.py": lines, "b.py": ["import os", *other], "c.py": broken}
    files = {path: counted_lines("\n".join(text)) for path, text in sources.items()}
    assert list(shared(files)) == [("a.py:1", "b.py:2")]
    table = {name: counted_lines("\n".join(["value = 1"] * 12)) for name in ("a.py", "b.py")}
    assert list(shared(table)) == []


def test_the_exceptions_are_there() -> None:
    assert all(Path(REPOSITORY, path).is_file() for pair in MAY_BE_ALIKE for path in pair)
