"""Where the code of a module is; nothing is imported to find it, its parents included.

What is installed to be edited may be anywhere: setuptools answers by finders of its own, for one
package of a namespace at a time. So the finders of this process are asked, as an import would.
"""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import NamedTuple


class Found(NamedTuple):
    """Where a module is.

    Attributes
    ----------
    file : Path or None
        Its source, its extension module, or the archive that holds it; None for a namespace.
    folders : tuple of Path
        Where a package's modules are.
    """

    file: Path | None
    folders: tuple[Path, ...] = ()


class Unit(NamedTuple):
    """What is distributed together: a package with all it holds, or a single module."""

    name: str
    places: tuple[Path, ...]


@cache
def find(module_name: str) -> Found | None:
    """Return where a module is; None for what is no module, or none of a file."""
    parent, _, name = module_name.rpartition(".")
    if not parent:
        return _top(name)
    above = find(parent)
    if above is None or not above.folders:
        return None
    for folder in above.folders:
        if (file := folder / f"{name}.py").is_file():
            return Found(file)
        if (file := folder / name / "__init__.py").is_file():
            return Found(file, (folder / name,))
    if module_name.startswith("codecmark."):  # its names that are no modules are many
        return None
    if (spec := _by_finders(module_name, above.folders)) is not None:
        return _found(spec)
    namespace = tuple(folder / name for folder in above.folders if (folder / name).is_dir())
    return Found(None, namespace) if namespace else None


def source(module_name: str) -> Path | None:
    """Return the source of a module, if it has one."""
    found = find(module_name)
    file = None if found is None else found.file
    return file if file is not None and file.suffix == ".py" else None


def unit_of(module_name: str) -> Unit | None:
    """Return what is distributed together with a module, or with the module that has a name.

    The package at the top, or the one below the namespace in which it is; of a module that lies in
    a namespace itself all that is in its folder. A namespace alone is no code.
    """
    parts = module_name.split(".")
    for depth in range(1, len(parts) + 1):
        name = ".".join(parts[:depth])
        found = find(name)
        if found is None:
            return None
        if found.file is not None:
            if found.folders:
                is_archived = not any(folder.is_dir() for folder in found.folders)
                return Unit(name, (found.file,) if is_archived else found.folders)
            is_alone = depth == 1
            return Unit(name, (found.file,)) if is_alone else _in_namespace(name, found.file)
    return None


def _in_namespace(module_name: str, file: Path) -> Unit:
    return Unit(module_name.rpartition(".")[0], (file.parent,))


def _top(name: str) -> Found | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return None if spec is None else _found(spec)


def _by_finders(module_name: str, folders: tuple[Path, ...]) -> ModuleSpec | None:
    for finder in sys.meta_path:
        try:
            spec = finder.find_spec(module_name, [str(folder) for folder in folders])
        except (ImportError, AttributeError, KeyError, ValueError):  # a parent is not imported
            continue
        if spec is not None:
            return spec
    return None


def _found(spec: ModuleSpec) -> Found | None:
    folders = tuple(map(Path, spec.submodule_search_locations or ()))
    file = None
    if spec.has_location and spec.origin:
        origin = Path(spec.origin)  # in an archive there is no such file, but the archive is one
        file = next((path for path in (origin, *origin.parents) if path.is_file()), None)
    return Found(file, folders) if file is not None or folders else None
