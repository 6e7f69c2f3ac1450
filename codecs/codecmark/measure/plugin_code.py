"""Code of other distributions: every file that a plug-in's figures hang on, as far as one can see.

What a plug-in's package holds beside the modules that are seen to be imported may decide its
figures as well: tables, extension modules, weights, what it imports by a name it computes. So
every file counts, byte by byte: of its package, of its distribution's list, and of the code that
it imports and whose version does not say what it is, see `loose_code`.
"""

from __future__ import annotations

import json
import secrets
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from codecmark.catalog import factories
from codecmark.catalog.families import FAMILIES
from codecmark.measure import code_digests, loose_code
from codecmark.system.digest import file_sha256, text_sha256

NOTE = "code"
NEVER_AGAIN = secrets.token_hex(16)  # in a key that no other process can have
_KNOWN: set[Path] = set()  # files of all plug-ins that this process has digests of


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
        Empty for a family of this package. Of a plug-in without any file that can be seen it is
        another one in each process, so that no stored row counts.
    """
    if family in FAMILIES:
        return ""
    code = _first(family, module_name)
    parts = [code.versions, code.libraries, code.own, code.digests]
    return text_sha256(json.dumps(parts, sort_keys=True) + ("" if code.files else NEVER_AGAIN))


def changed(family: str, module_name: str) -> list[str]:
    """Return what of a plug-in is no longer as this process first read it: names of files."""
    if family in FAMILIES:
        return []
    files = loose_code.seen_from(module_name).files | _recorded(family)
    before, now = _first(family, module_name).digests, _digests(files)
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def unseen(family: str, module_name: str, loaded_before: frozenset[str]) -> list[str]:
    """Return the files of modules that a plug-in has loaded and no key can know of.

    As of a folder that it adds to the path itself, of a name that it computes, or of a download.

    Parameters
    ----------
    family, module_name : str
    loaded_before : frozenset of str
        Names of the modules that this process had before any plug-in was loaded.
    """
    if family in FAMILIES:
        return []
    if not _first(family, module_name).files:
        return [module_name]
    loaded = {
        name: Path(file)
        for name, module in list(sys.modules.items())
        if name not in loaded_before and isinstance(file := getattr(module, "__file__", None), str)
    }
    foreign = {path.resolve() for name, path in loaded.items() if not _has_version(name, path)}
    known = {path.resolve() for path in _KNOWN}
    return sorted(str(path) for path in foreign if known.isdisjoint((path, *path.parents)))


def loaded_modules() -> frozenset[str]:
    """Return the names of the modules of this process when it was first asked."""
    return _loaded_first()


@cache
def _loaded_first() -> frozenset[str]:
    return frozenset(sys.modules)


def _has_version(module_name: str, path: Path) -> bool:
    """Return whether a module is of this package, of Python, or of a library that has a version."""
    top = module_name.partition(".")[0]
    if top == "codecmark" or top in sys.stdlib_module_names or not loose_code.is_loose(top):
        return True
    return path.is_relative_to(sysconfig.get_path("stdlib")) and "site-packages" not in path.parts


def files_digest(places: Sequence[Path]) -> str:
    """Return the digest of files, and of all files in folders, see `loose_code.files_in`."""
    files = loose_code.files_in(places)
    return text_sha256("".join(f"{name} {_sha256(path)}\n" for name, path in files))


@dataclass(frozen=True)
class _Code:
    """What is seen of a plug-in: its files, their digests, and what else they import."""

    files: Mapping[str, Path]
    digests: Mapping[str, str]
    versions: Mapping[str, str]
    libraries: Sequence[str]
    own: Sequence[str]


@cache
def _first(family: str, module_name: str) -> _Code:
    seen = loose_code.seen_from(module_name)
    files = seen.files | _recorded(family)
    _KNOWN.update(files.values())
    return _Code(
        files,
        _digests(files),
        versions([family]),
        sorted(f"{name} {code_digests.version_of(name)}" for name in seen.libraries),
        sorted({code_digests.digest_of_name(name) for name in seen.own}),
    )


@cache
def _recorded(family: str) -> dict[str, Path]:
    return loose_code.recorded_files(versions([family]))


def _digests(files: Mapping[str, Path]) -> dict[str, str]:
    return {name: _sha256(path) for name, path in files.items()}


def _sha256(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        return f"unreadable: {error.strerror}"
