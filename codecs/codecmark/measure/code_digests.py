"""Digests of code: of a module, of what it imports from its own package, and of their libraries.

Modules count as syntax trees without docstrings, so that comments cost nothing, nor does a move of
a module, see `syntax`; libraries count by the versions of their distributions. No code is imported
for it: sources are read, and torch stays unloaded.

Digests are of the code as this process first read it, which is before it loads a codec: `changed`
says what is other code since, which may be in the process or not.
"""

from __future__ import annotations

import ast
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from codecmark.measure import module_files, syntax
from codecmark.system import extras
from codecmark.system.digest import text_sha256

_IGNORED = frozenset(
    {
        # lists of what there is: a new entry changes no figure of the others
        "codecmark", "codecmark.catalog", "codecmark.catalog.families", "codecmark.catalog.family",
        "codecmark.networks.published_sets",
        "codecmark.corpus.entry",  # reads clips, and what it read has a digest of its own
        "codecmark.measure.memory",  # asks the system
        "codecmark.metrics.table",  # labels and wording; what decides figures is in `scored_by`
        "codecmark.metrics.predictor_weights",  # finds files whose digests count
        "codecmark.networks.backends",  # counts where a spec asks for it
        "codecmark.system.extras",  # wording of what is missing
    }
)  # fmt: skip
_START_S = time.time()
_REACHED = re.compile(r"<reached ([\w.]+)>")


@cache
def code_digest(module_name: str) -> str:
    """Return the digest of a module, what it imports of its own package, and their libraries."""
    _folders_of_libraries()
    reached = _reached(module_name)
    lines = sorted(source.digest for source in reached.values())  # wherever they live
    lines += [f"{name} {version_of(name)}" for name in libraries(module_name)]
    return text_sha256("\n".join(lines))


def digest_of_name(imported: str) -> str:
    """Return the digest of the module that an imported name reaches; empty if it reaches none."""
    module = _module_of(imported)
    return "" if module is None or module in _IGNORED else code_digest(module)


def changed(module_names: Iterable[str]) -> list[str]:
    """Return which modules, of these and all they reach, are other code than as first read.

    Those of this package also where they were edited between being loaded and first read, by the
    clock; comments change nothing. Libraries count by their versions.
    """
    names = list(module_names)
    reached = {name for module_name in names for name in _reached(module_name)}
    others = [name for name in reached if _is_other_code(name)]
    if _folders_of_libraries.__wrapped__() != _folders_of_libraries():
        used = {library for module_name in names for library in libraries(module_name)}
        others += [name for name in used if version_of.__wrapped__(name) != version_of(name)]
    return sorted(others)


@cache
def _folders_of_libraries() -> list[tuple[str, int]]:
    """Return where distributions are installed, and when one of them last came or went."""
    folders = [Path(entry) for entry in sys.path if entry.endswith("-packages")]
    return [(str(folder), folder.stat().st_mtime_ns) for folder in folders if folder.is_dir()]


def _is_other_code(module_name: str) -> bool:
    first = _parsed(module_name)
    if first is None:  # what is no source counts by its version
        return False
    try:
        if _stamp(first.path) == first.stamp:
            return first.was_edited
    except OSError:
        return True
    now = _parse(module_name, first.path)
    return first.was_edited or now is None or now.text != first.text


@cache
def libraries(module_name: str) -> tuple[str, ...]:
    """Return the packages, but the standard library's, that a module and what it reaches import."""
    own = {"codecmark", module_name.partition(".")[0]}
    imports = (name for source in _reached(module_name).values() for name in source.imports)
    return tuple(
        sorted({name.partition(".")[0] for name in imports} - own - sys.stdlib_module_names)
    )


@cache
def _reached(module_name: str) -> dict[str, _Source]:
    """Return a module and all that it imports of its own package and of this one, by name."""
    reached: dict[str, _Source] = {}
    top, *rest = module_name.split(".")
    waiting = [module_name]
    if top != "codecmark":  # packages of others may say more than a docstring
        waiting += [".".join([top, *rest[:depth]]) for depth in range(len(rest))]
    own = {"codecmark", top}
    while waiting:
        name = waiting.pop()
        if name in reached or (name in _IGNORED and name != module_name):
            continue
        reached[name] = source = _source(name)
        for imported in source.imports:
            if imported.partition(".")[0] in own and (module := _module_of(imported)) is not None:
                waiting.append(module)
    return reached


@dataclass(frozen=True)
class _Source:
    digest: str
    imports: tuple[str, ...]


@cache
def _source(module_name: str) -> _Source:
    parsed = _parsed(module_name)
    if parsed is None:  # an extension module, or not here: its distribution's version must do
        return _Source(version_of(module_name.partition(".")[0]), ())
    return _Source(parsed.digest(_digest_alone), parsed.imports)


@cache
def _digest_alone(module_name: str) -> str:
    """Return the digest of a module, whatever its imports reach."""
    parsed = None if module_name in _IGNORED else _parsed(module_name)
    return "" if parsed is None else parsed.digest(lambda _: "")


@dataclass(frozen=True)
class _Parsed:
    """A module as text in which `_REACHED` stands for the digests of what it imports."""

    text: str
    imports: tuple[str, ...]
    path: Path
    stamp: tuple[int, int]
    was_edited: bool

    def digest(self, of_reached: Callable[[str], str]) -> str:
        return text_sha256(_REACHED.sub(lambda match: of_reached(match[1]), self.text))


@cache
def _parsed(module_name: str) -> _Parsed | None:
    path = module_files.source(module_name)
    return None if path is None else _parse(module_name, path)


def _parse(module_name: str, path: Path) -> _Parsed | None:
    try:
        stamp = _stamp(path)  # before the text: who edits it now is seen next time
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):  # of a plug-in, and its row says so
        return None
    is_package = path.name == "__init__.py"
    imports = tuple(_imports(tree, module_name if is_package else module_name.rpartition(".")[0]))
    own = {"codecmark", module_name.partition(".")[0]}

    def reached(imported: str) -> syntax.Reached | None:
        module = _module_of(imported) if imported.partition(".")[0] in own else None
        if module is None:
            return None
        return syntax.Reached(f"<reached {module}>", module == imported)

    is_own_and_loaded = own == {"codecmark"} and module_name in sys.modules
    was_edited = is_own_and_loaded and _START_S < stamp[1] / 1e9 <= time.time()
    return _Parsed(syntax.text(tree, reached), imports, path, stamp, was_edited)


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Yield the full names that a module of `package` imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")
            above = above[: len(above) - node.level + 1] if node.level else []
            parent = ".".join(filter(None, [*above, node.module]))
            yield from (f"{parent}.{alias.name}" for alias in node.names if parent)


def _module_of(imported: str) -> str | None:
    """Return the module that an import of a module, or of a name in one, reaches."""
    parent = imported.rpartition(".")[0]
    return next((n for n in (imported, parent) if n and module_files.source(n)), None)


@cache
def version_of(module_name: str) -> str:
    """Return the version of the distribution of a package, with its name if that is another."""
    try:
        return version(extras.DISTRIBUTIONS.get(module_name, module_name))
    except PackageNotFoundError:
        pass
    names = packages_distributions().get(module_name, ())  # reads every distribution: slow
    return " ".join(sorted(f"{name} {version(name)}" for name in set(names))) or "absent"
