"""The order of the rooms: each imports only from those before it, and no module imports itself.

A room is a file or a folder at the top of the package. Rooms on one line of `ORDER` may import one
another, as long as no circle comes of it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import codecmark

PACKAGE = Path(codecmark.__file__).parent
REPOSITORY = PACKAGE.parents[1]
ORDER = (
    ("errors", "system"),
    ("bitstream", "clip", "spec", "codec"),
    ("networks", "corpus", "metrics"),
    ("classic", "neural", "mel", "layered", "replay"),
    ("catalog",),
    ("results", "measure"),
    ("__init__",),  # what plug-ins and users import
    ("analysis", "run"),
    ("review",),
    ("leaderboard", "report", "listen", "studies", "training"),
    ("commands",),
    ("__main__",),
)
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
MOST_AT_THE_TOP = 30
MOST_LINES = 300
HEAVY = ("torch", "scipy", "librosa", "transformers", "diffusers")


class Import(NamedTuple):
    """One module imports another."""

    importer: str
    imported: str
    line: int
    for_types: bool  # under TYPE_CHECKING: no circle at run time, but a direction all the same


@cache
def modules() -> Mapping[str, Path]:
    """Return every module of the package by its dotted name, the package left out."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in paths}


@cache
def imports() -> tuple[Import, ...]:
    """Return every import of one module of the package by another."""
    return tuple(found for name in modules() for found in _imports(name))


def _imports(importer: str) -> Iterator[Import]:
    tree = ast.parse(modules()[importer].read_text(encoding="utf-8"))
    for_types = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test).endswith("TYPE_CHECKING")
        for statement in branch.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for imported in filter(None, map(_module_of, names)):
            if imported != importer:
                yield Import(importer, imported, node.lineno, id(node) in for_types)


def _module_of(imported: str) -> str | None:
    """Return the module that an import of a module, or of a name in one, reaches."""
    package, _, rest = imported.partition(".")
    if package != "codecmark":
        return None
    for name in (rest, rest.rpartition(".")[0]):
        for candidate in (name, f"{name}.__init__".lstrip(".")):
            if candidate in modules():
                return candidate
    raise AssertionError(f"{imported} is nowhere")


def room(module: str) -> str:
    return module.partition(".")[0]


def test_each_room_has_its_place() -> None:
    assert {room(module) for module in modules()} <= RANK.keys()


def test_no_room_imports_from_one_above_it() -> None:
    upward = {
        (room(found.importer), room(found.imported)): f"{found.importer}:{found.line}"
        for found in imports()
        if RANK[room(found.importer)] < RANK[room(found.imported)]
    }
    assert not upward


@pytest.mark.parametrize("unit", ["module", "room"])
def test_no_circles(unit: str) -> None:
    graph: dict[str, set[str]] = {}
    for found in imports():
        pair = found.importer, found.imported
        if unit == "room":
            pair = room(pair[0]), room(pair[1])
            if pair[0] == pair[1]:
                continue
        if unit == "room" or not found.for_types:
            graph.setdefault(pair[0], set()).add(pair[1])
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_the_top_of_the_package_can_be_taken_in() -> None:
    entries = [path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"]
    assert len(entries) <= MOST_AT_THE_TOP, sorted(entries)


def test_files_are_short_or_say_why_not() -> None:
    folders = ("codecs", "tests", "benchmarks")
    long = {
        path.relative_to(REPOSITORY).as_posix()
        for folder in folders
        for path in (REPOSITORY / folder).rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES
    }
    assert not long


@pytest.mark.parametrize(
    "arguments",
    [
        ("-c", "import codecmark"),
        ("-m", "codecmark", "--help"),
        ("-m", "codecmark", "list"),
        ("-m", "codecmark", "weights", "list"),
    ],
    ids=" ".join,
)
def test_it_loads_no_heavy_library(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        capture_output=True, text=True, check=False, cwd=REPOSITORY / "tests",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    loaded = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()
    }
    assert "codecmark" in loaded
    assert not loaded & set(HEAVY)
