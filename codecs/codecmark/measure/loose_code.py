"""Code whose version does not say what it is, and all that such code imports.

Loose is what belongs to no distribution, what was installed to be edited or from a folder or
repository, and what has no list of installed files (outside the folder of the system's own
packages): the same version may be other code tomorrow. So its files count, byte by byte, and what
they import is followed: to other loose code, whose files count as well, to libraries with a
version, which counts, and to modules of codecmark. Imports are found by their words in the text,
wherever they stand: a name too many costs a measurement, one too few a wrong figure.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.metadata import packages_distributions as read_packages_distributions
from pathlib import Path

from codecmark.measure import module_files
from codecmark.measure.module_files import Unit

_COMPILED = (".pyc", ".pyo")
_SYSTEMS_OWN = "dist-packages"  # Debian's, whose package manager keeps versions apart
_IMPORT = re.compile(
    rb"""(?:^|[;:])[ \t]*(?:
        from[ \t]+(?P<parent>[\w.]+)[ \t]+import[ \t]*(?P<names>\([^)]*\)|[^\n;\#]*)
        | import[ \t]+(?P<modules>[\w., \t]+) )
    | (?:import_module|__import__)\(\s*["'](?P<literal>[\w.]+)["']""",
    re.MULTILINE | re.VERBOSE,
)
_LITERAL = re.compile(rb"""["']([^"'\n{}]{1,120})["']""")


@dataclass
class Seen:
    """What was found by following imports.

    Attributes
    ----------
    files : dict
        By the name of the package or module that each is of, and its path therein.
    libraries : set of str
        Packages whose version counts, and those that are not here.
    own : set of str
        Names of codecmark, and what is in its modules.
    """

    files: dict[str, Path] = field(default_factory=dict)
    libraries: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)


def seen_from(module_name: str) -> Seen:
    """Follow imports from all code that is distributed together with a module."""
    seen = Seen()
    waiting = [module_files.unit_of(module_name)]
    units: set[str] = set()
    while waiting:
        unit = waiting.pop()
        if unit is None or unit.name in units:
            continue
        units.add(unit.name)
        files = dict(files_of(unit))
        seen.files |= {f"{unit.name} {name}": path for name, path in files.items()}
        sources = [path for path in files.values() if path.suffix == ".py"]
        for name in {name for path in sources for name in _imports(path)}:
            top = name.partition(".")[0]
            if top == "codecmark":
                seen.own.add(name)
            elif module_files.find(top) is None or not is_loose(top):
                seen.libraries.add(top)
            else:
                waiting.append(module_files.unit_of(name))
    return seen


def files_of(unit: Unit) -> Iterator[tuple[str, Path]]:
    """Yield the files of a package or module; of a single module those beside it that are its own.

    Its own are files whose names begin with the module's, and files and folders beside it that a
    text in its source names.
    """
    yield from files_in(unit.places)
    for place in unit.places:
        if place.suffix == ".py" and place.is_file():
            yield from files_in(list(_beside(place)))


def _beside(module: Path) -> Iterator[Path]:
    own = re.compile(rf"{re.escape(module.stem)}[^A-Za-z0-9].*")
    texts = {text.decode(errors="replace") for text in _LITERAL.findall(_content(module))}
    try:
        neighbours = sorted(module.parent.iterdir())
    except OSError:
        return
    firsts = {text.partition("/")[0] for text in texts}
    for path in neighbours:
        is_own = path.is_file() and own.fullmatch(path.name)
        if path != module and path.name != "__pycache__" and (is_own or path.name in firsts):
            yield path


def files_in(places: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Yield the name of each file in its folder, and its path.

    Hidden files count; hidden folders, what is compiled, and folders of stored rows do not.
    """
    for place in places:
        if place.is_file():
            yield place.name, place
        seen: set[Path] = set()
        for name, folders, files in os.walk(place, followlinks=True):
            folder = Path(name)
            is_of_results = "rows" in folders and any(folder.glob("rows/*.corpus.json"))
            if folder.resolve() in seen or is_of_results:  # a link to a folder above it; a run's
                folders.clear()
                continue
            seen.add(folder.resolve())
            folders[:] = sorted(f for f in folders if f != "__pycache__" and not f.startswith("."))
            for file in sorted(files):
                if not file.endswith(_COMPILED):
                    yield (folder / file).relative_to(place).as_posix(), folder / file


def _imports(path: Path) -> frozenset[str]:
    try:
        found = path.stat()
    except OSError:
        return frozenset()
    return _imports_of(path, found.st_size, found.st_mtime_ns)


@cache
def _imports_of(path: Path, _size: int, _mtime_ns: int) -> frozenset[str]:
    """Return the full names that a source imports, the standard library's left out."""
    names = set(_written(_content(path)))
    return frozenset(n for n in names if n.partition(".")[0] not in {"", *sys.stdlib_module_names})


def _written(content: bytes) -> Iterator[str]:
    for match in _IMPORT.finditer(content):
        parent, named, modules, literal = (
            (match[group] or b"").decode(errors="replace")
            for group in ("parent", "names", "modules", "literal")
        )
        if parent and not parent.startswith("."):  # a relative one stays inside
            yield parent
            yield from (f"{parent}.{name}" for name in re.findall(r"[^\W\d]\w*", named))
        for module in modules.split(","):
            yield module.split()[0] if module.split() else ""
        yield literal


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@cache
def is_loose(top: str) -> bool:
    """Return whether a package's code can change while its version stays."""
    names = _distributions_of_packages().get(top, ())
    return not names or any(map(_is_loose, names))


@cache
def _distributions_of_packages() -> Mapping[str, Sequence[str]]:
    return read_packages_distributions()  # reads every distribution: slow


def _is_loose(name: str) -> bool:
    try:
        its = distribution(name)
        if its.read_text("direct_url.json") is not None:
            return True
        is_listed = its.read_text("RECORD") is not None
    except (PackageNotFoundError, OSError, ValueError):
        return True
    return not is_listed and Path(str(its.locate_file(""))).name != _SYSTEMS_OWN


def recorded_files(names: Iterable[str]) -> dict[str, Path]:
    """Return what distributions installed, by their lists; nothing of one without a list."""
    listed: dict[str, Path] = {}
    for name in names:
        try:
            its = distribution(name)
        except PackageNotFoundError:  # its folder has another name
            continue
        for file in its.files or ():
            path = Path(str(its.locate_file(file)))
            is_about = any(part.endswith((".dist-info", ".egg-info")) for part in file.parts)
            if not is_about and file.suffix not in _COMPILED and path.is_file():
                listed[f"{name} {file.as_posix()}"] = path
    return listed
