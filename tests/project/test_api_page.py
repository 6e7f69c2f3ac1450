"""What `make docs` describes has docstrings that hold, and can be described."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

from places import REPOSITORY

_SECTION = re.compile(r"^(?:Parameters|Other Parameters)\n-{3,}\n(.*?)(?=^\w[\w ]*\n-{3,}$|\Z)",
                      re.MULTILINE | re.DOTALL)  # fmt: skip
_ENTRY = re.compile(r"^(\*{0,2}\w[\w, *]*?)(?: ?:.*)?$", re.MULTILINE)


def named() -> list[str]:
    """Return what the Makefile lists."""
    text = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    match = re.search(r"^API := ((?:.*\\\n)*.*)$", text, re.MULTILINE)
    assert match is not None
    return match.group(1).replace("\\\n", " ").split()


def modules() -> Iterator[ModuleType]:
    """Yield every module of the pages; of `codecmark` itself what it offers, not its rooms."""
    for name in named():
        module = importlib.import_module(name)
        yield module
        if name != "codecmark" and hasattr(module, "__path__"):
            for found in pkgutil.walk_packages(module.__path__, f"{name}."):
                yield importlib.import_module(found.name)


def documented() -> Iterator[tuple[str, object]]:
    """Yield what a reader sees: modules, their classes and functions, and those of classes."""
    for module in modules():
        yield module.__name__, module
        for name, member in vars(module).items():
            if name.startswith("_") or getattr(member, "__module__", None) != module.__name__:
                continue
            if inspect.isclass(member) or inspect.isfunction(member):
                yield f"{module.__name__}.{name}", member
            if inspect.isclass(member):
                for own, value in vars(member).items():
                    inner = value.fget if isinstance(value, property) else value
                    inner = getattr(inner, "__func__", inner)
                    if not own.startswith("_") and isinstance(inner, FunctionType):
                        yield f"{module.__name__}.{name}.{own}", inner


def test_nothing_that_is_described_lacks_a_docstring() -> None:
    members = dict(documented())
    assert len(members) > 300
    assert [name for name, member in members.items() if not getattr(member, "__doc__", None)] == []


def test_docstrings_name_only_parameters_that_there_are() -> None:
    wrong, checked = [], 0
    for name, member in documented():
        section = _SECTION.search(inspect.getdoc(member) or "")
        if section is None or isinstance(member, ModuleType):
            continue
        assert callable(member)
        known = set(inspect.signature(member).parameters)
        for entry in _ENTRY.findall(section.group(1)):
            for parameter in entry.replace("*", "").split(","):
                checked += 1
                if parameter.strip() not in known:
                    wrong.append(f"{name}: {parameter.strip()}")
    assert wrong == []
    assert checked > 50


def test_the_pages_are_made(tmp_path: Path) -> None:
    pytest.importorskip("pdoc", reason="needs pdoc: pip install -c constraints.txt -e '.[docs]'")
    done = subprocess.run(
        [sys.executable, "-m", "pdoc", "--docformat", "numpy", "-o", str(tmp_path), *named()],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    page = (tmp_path / "codecmark" / "codec.html").read_text(encoding="utf-8")
    assert "algorithmic_delay_samples" in page
