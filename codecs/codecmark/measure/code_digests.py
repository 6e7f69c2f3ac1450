"""Digests of code: of a module, of what it imports from its own package, and of their libraries.

Modules count as syntax trees without docstrings, so that comments cost nothing, nor does a move of
a module, see `syntax`; libraries count by the versions of their distributions. No code is imported
for it: sources are read, and torch stays unloaded.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from codecmark.measure import syntax
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
_REACHED = re.compile(r"<reached ([\w.]+)>")


@cache
def code_digest(module_name: str) -> str:
    """Return the digest of a module, what it imports of its own package, and their libraries."""
    reached = _reached(module_name)
    lines = sorted(source.digest for source in reached.values())  # wherever they live
    lines += [f"{name} {_version(name)}" for name in libraries(module_name)]
    return text_sha256("\n".join(lines))


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
        return _Source(_version(module_name.partition(".")[0]), ())
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

    def digest(self, of_reached: Callable[[str], str]) -> str:
        return text_sha256(_REACHED.sub(lambda match: of_reached(match[1]), self.text))


@cache
def _parsed(module_name: str) -> _Parsed | None:
    path = _path(module_name)
    if path is None:
        return None
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # of a plug-in, and its row says so
        return None
    is_package = path.name == "__init__.py"
    imports = tuple(_imports(tree, module_name if is_package else module_name.rpartition(".")[0]))
    own = {"codecmark", module_name.partition(".")[0]}

    def reached(imported: str) -> syntax.Reached | None:
        module = _module_of(imported) if imported.partition(".")[0] in own else None
        if module is None:
            return None
        return syntax.Reached(f"<reached {module}>", module == imported)

    return _Parsed(syntax.text(tree, reached), imports)


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
    return next((name for name in (imported, parent) if name and _path(name)), None)


@cache
def _path(module_name: str) -> Path | None:
    top, *rest = module_name.split(".")
    try:
        package = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if package is None:
        return None
    if rest:  # in the folder of the package, or in one of those of a namespace
        bases = [Path(folder, *rest) for folder in package.submodule_search_locations or ()]
        candidates = [
            file
            for base in bases
            for file in (base.with_name(f"{base.name}.py"), base / "__init__.py")
        ]
    else:
        candidates = [Path(package.origin)] if package.origin else []
    return next((path for path in candidates if path.suffix == ".py" and path.is_file()), None)


@cache
def _version(module_name: str) -> str:
    try:
        return version(extras.DISTRIBUTIONS.get(module_name, module_name))
    except PackageNotFoundError:
        pass
    names = packages_distributions().get(module_name, ())  # reads every distribution: slow
    return " ".join(sorted(f"{name} {version(name)}" for name in set(names))) or "absent"
