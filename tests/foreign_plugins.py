"""Plug-ins whose modules do something as they are imported or built, each a distribution."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

from codecmark.catalog import factories, plugin_questions

_MODULE = """
import asyncio, os, sys, time
from dataclasses import replace
from pathlib import Path
from codecmark.classic.pcm import Pcm16Codec

with Path(__file__).with_name("loads_of_" + "{family}").open("a") as file:
    file.write(f"{{os.getpid()}}\\n")
{on_import}

class Codec(Pcm16Codec):
    "Sixteen bits of another distribution."
    catalog_specs = ("{family}", "{family}@2k")
    stated = {{}}

    @classmethod
    def from_spec(cls, spec, setup):
        {on_build}
        codec = cls()
        codec.info = replace(codec.info, spec=str(spec), family="{family}", **cls.stated)
        return codec
"""


def write(folder: Path, family: str, on_import: str = "", on_build: str = "pass") -> None:
    """Write a plug-in's module, and the distribution that names it."""
    folder.mkdir(parents=True, exist_ok=True)
    module = f"{family}_plugin"
    (folder / f"{module}.py").write_text(
        _MODULE.format(family=family, on_import=on_import, on_build=on_build)
    )
    write_distribution(folder, family, {family: f"{module}:Codec"})


def write_distribution(folder: Path, name: str, points: dict[str, str]) -> None:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = "".join(f"{point} = {target}\n" for point, target in points.items())
    (info / "entry_points.txt").write_text(f"[{factories.ENTRY_POINT_GROUP}]\n{lines}")


def find(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process and its children find what was written to a folder."""
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
    forget()


def forget() -> None:
    """Forget which plug-ins there are, and what they answered."""
    factories.scan.cache_clear()
    plugin_questions.forget()


def loaded_by(folder: Path, family: str) -> set[int]:
    """Return the processes that imported a plug-in's module."""
    loads = folder / f"loads_of_{family}"  # by another name: what begins with the module's counts
    return set(map(int, loads.read_text().split())) if loads.exists() else set()


def never_here(folder: Path, family: str) -> bool:
    """Return whether others imported a plug-in's module, and this process did not."""
    loads = loaded_by(folder, family)
    return bool(loads) and os.getpid() not in loads
