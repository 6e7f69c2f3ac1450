"""Code of other distributions: all files of a plug-in's package, and the versions it came in.

What a plug-in's package holds beside the modules that are seen to be imported may decide its
figures as well: tables, extension modules, weights, what it imports by a name it computes. So
every file counts, byte by byte, and so do libraries whose version does not say what their code is:
those of no distribution, and those installed to be edited.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, entry_points
from importlib.metadata import packages_distributions as read_packages_distributions
from pathlib import Path

from codecmark.catalog import factories
from codecmark.catalog.families import FAMILIES
from codecmark.measure.code_digests import libraries
from codecmark.system.digest import file_sha256, text_sha256

_COMPILED = (".pyc", ".pyo")


def versions(families: Iterable[str]) -> dict[str, str]:
    """Return the versions of the distributions that add these families; none for our own."""
    asked = set(families) - FAMILIES.keys()
    points = entry_points(group=factories.ENTRY_POINT_GROUP) if asked else ()
    return {
        point.dist.name: point.dist.version
        for point in points
        if point.name in asked and point.dist is not None
    }


def digest(family: str, module_name: str) -> str:
    """Return the digest of what adds a family, beside the code that its module imports.

    Parameters
    ----------
    family : str
    module_name : str
        The module that has its class.

    Returns
    -------
    str
        Empty for a family of this package.
    """
    if family in FAMILIES:
        return ""
    top = module_name.partition(".")[0]
    edited = sorted(name for name in libraries(module_name) if _may_be_edited(name))
    files = [f"{name} {files_digest(_places(name))}" for name in (top, *edited)]
    return text_sha256(json.dumps([versions([family]), files], sort_keys=True))


def files_digest(places: Sequence[Path]) -> str:
    """Return the digest of files, and of all files in folders but compiled and hidden ones.

    Hidden files count, hidden folders do not.
    """
    return text_sha256("".join(f"{name} {_sha256(path)}\n" for name, path in _files(places)))


def _places(top: str) -> list[Path]:
    """Return the file of a module, or the folders of a package; nothing is imported."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return [Path(folder) for folder in spec.submodule_search_locations]
    return [Path(spec.origin)] if spec.origin else []


def _files(places: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Yield the name of each file in its folder, and its path."""
    for place in places:
        if place.is_file():
            yield place.name, place
        seen: set[Path] = set()
        for name, folders, files in os.walk(place, followlinks=True):
            folder = Path(name)
            if folder.resolve() in seen:  # a link to a folder above it
                folders.clear()
                continue
            seen.add(folder.resolve())
            folders[:] = sorted(f for f in folders if f != "__pycache__" and not f.startswith("."))
            for file in sorted(files):
                if not file.endswith(_COMPILED):
                    yield (folder / file).relative_to(place).as_posix(), folder / file


def _sha256(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        return f"unreadable: {error.strerror}"


def _may_be_edited(top: str) -> bool:
    """Return whether a library's code can change while its version stays."""
    names = _distributions_of_packages().get(top, ())
    return not names or any(map(_is_editable, names))


@cache
def _distributions_of_packages() -> Mapping[str, Sequence[str]]:
    return read_packages_distributions()  # reads every distribution: slow


def _is_editable(name: str) -> bool:
    try:
        url = json.loads(distribution(name).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return False
    return isinstance(url, dict) and bool((url.get("dir_info") or {}).get("editable"))
