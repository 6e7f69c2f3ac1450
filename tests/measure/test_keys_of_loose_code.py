"""Keys of plug-ins that hang on code of which no version tells: wherever it lies, it counts."""

from __future__ import annotations

import importlib
import importlib.abc
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from codecmark.catalog import factories
from codecmark.measure import content_key, loose_code, plugin_code
from codecmark.networks.setup import Setup
from fresh_digests import forget

INSTALLED = "{name}/__init__.py,,\n{name}/dsp.py,,\n"  # a list, as pip writes one
FROM_A_REPOSITORY = '{"url": "https://example.org/x", "vcs_info": {"commit_id": "aa"}}'


class Plugin:
    """A plug-in `keyed` in a folder on the path of modules, with what it imports beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, **files: str) -> None:
        """Write files by their names, with the first `__` for `/`, and without `.py`."""
        for name, text in files.items():
            self.write_file(f"{name.replace('__', '/', 1)}.py", text)

    def write_file(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def distribute(self, name: str, **files: str) -> None:
        info = f"{name.replace('-', '_')}-1.0.dist-info"
        self.write_file(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        for file, text in files.items():
            self.write_file(f"{info}/{file}", text)

    def add(self, module: str) -> None:
        points = f"[{factories.ENTRY_POINT_GROUP}]\nkeyed = {module}:Codec\n"
        self.distribute("keyed-plugin", **{"entry_points.txt": points})

    def sees(self, name: str) -> bool:
        """Whether the key changes with a file, and is the same without a change."""
        digests = []
        for text in ("", "", "\nMORE = 1\n"):
            path = self.folder / name
            path.write_text(path.read_text() + text)
            forget(distributions=False)
            digests.append(content_key.codec_digest("keyed", Setup()))
        assert digests[0] == digests[1]
        return digests[1] != digests[2]


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugin]:
    monkeypatch.syspath_prepend(tmp_path)
    forget(distributions=False)
    yield Plugin(tmp_path)
    forget()


def test_a_library_from_a_repository_counts_by_its_files(plugin: Plugin) -> None:
    plugin.add("keyed_plugin.codec")
    plugin.write(keyed_plugin____init__="", keyed_plugin__codec="from keyed_lib.dsp import STEP\n")
    for direct, is_seen in (({}, False), ({"direct_url.json": FROM_A_REPOSITORY}, True)):
        plugin.write(keyed_lib____init__="", keyed_lib__dsp="STEP = 1\n")
        plugin.distribute("keyed-lib", RECORD=INSTALLED.format(name="keyed_lib"), **direct)
        forget()
        assert plugin.sees("keyed_lib/dsp.py") == is_seen
    (plugin.folder / "keyed_lib-1.0.dist-info" / "direct_url.json").unlink()
    (plugin.folder / "keyed_lib-1.0.dist-info" / "RECORD").unlink()
    plugin.distribute("keyed-lib", **{"top_level.txt": "keyed_lib\n"})
    forget()
    assert plugin.sees("keyed_lib/dsp.py")  # nobody knows how it came there


@pytest.mark.parametrize(
    "imported",
    [
        "from keyed_deep import LEVEL",
        "def late():\n    import os, keyed_deep as deep",
        "import importlib\nDEEP = importlib.import_module('keyed_deep')",
        "try: import keyed_deep\nexcept ImportError: pass",
        "from keyed_space import (\n    other,  # first\n    deep as d,\n)",
    ],
)
def test_what_loose_code_imports_is_followed(plugin: Plugin, imported: str) -> None:
    plugin.add("keyed_plugin.codec")
    plugin.write(keyed_plugin____init__="", keyed_plugin__codec="from keyed_lib import LEVEL\n")
    plugin.write(keyed_lib=f"{imported}\n", keyed_deep="LEVEL = 1\n")
    plugin.write(keyed_space__deep="from keyed_deep import LEVEL\n")
    assert plugin.sees("keyed_deep.py")


def test_versions_and_own_modules_that_only_loose_code_imports_count(plugin: Plugin) -> None:
    plugin.add("keyed_plugin.codec")
    plugin.write(keyed_plugin____init__="", keyed_plugin__codec="import keyed_lib\n")
    plugin.write(keyed_lib="import soxr, keyed_absent\nfrom codecmark.classic import pcm\n")
    seen = loose_code.seen_from("keyed_plugin.codec")
    assert seen.libraries == {"soxr", "keyed_absent"}
    assert "codecmark.classic.pcm" in seen.own
    assert sorted(name.split()[0] for name in seen.files) == [*["keyed_lib"], *["keyed_plugin"] * 2]


def test_a_single_module_counts_with_the_files_that_are_its_own(plugin: Plugin) -> None:
    plugin.add("keyed_codec")
    plugin.write(keyed_codec="MODEL = open('tables/model.bin')\n")
    for name in ("keyed_codec_model.txt", "tables/model.bin", "notes.txt", "listed.bin"):
        plugin.write_file(name, "16")
    assert plugin.sees("keyed_codec_model.txt")
    assert plugin.sees("tables/model.bin")
    assert not plugin.sees("notes.txt")
    assert not plugin.sees("listed.bin")
    plugin.write_file("keyed_plugin-1.0.dist-info/RECORD", "keyed_codec.py,,\nlisted.bin,,\n")
    assert plugin.sees("listed.bin")


def test_rows_that_are_stored_inside_a_package_leave_its_key_alone(plugin: Plugin) -> None:
    plugin.add("keyed_plugin.codec")
    plugin.write(keyed_plugin____init__="", keyed_plugin__codec="import numpy\n")
    for name in ("rows/r.corpus.json", "rows/r.jsonl", "leaderboard.md"):
        plugin.write_file(f"keyed_plugin/results/{name}", "{}")
    assert not plugin.sees("keyed_plugin/results/rows/r.jsonl")
    assert not plugin.sees("keyed_plugin/results/leaderboard.md")
    assert plugin.sees("keyed_plugin/codec.py")


class EditableFinder(importlib.abc.MetaPathFinder):
    """As setuptools installs a package of a namespace to be edited."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name, self._folder = name, folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == self._name.partition(".")[0]:
            spec = ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = ["__editable__.finder.__path_hook__"]
            return spec
        if fullname == self._name:
            return spec_from_file_location(fullname, self._folder / "__init__.py")
        is_inside = fullname.rpartition(".")[0] == self._name
        return PathFinder.find_spec(fullname, [str(self._folder)]) if is_inside else None


def test_a_package_of_a_namespace_that_is_installed_to_be_edited_is_found(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin.add("keyed_acme.quantiser.codec")
    plugin.write(src____init__="", src__codec="from keyed_acme.quantiser import dsp\n", src__dsp="")
    plugin.write_file("src/table.bin", "1")
    finder = EditableFinder("keyed_acme.quantiser", plugin.folder / "src")
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    for name in ("src/codec.py", "src/dsp.py", "src/table.bin"):
        assert plugin.sees(name)
    assert "keyed_acme" not in sys.modules


def test_a_plugin_in_an_archive_counts_by_the_archive(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin.add("keyed_zipped.codec")
    archive = plugin.folder / "keyed.zip"
    monkeypatch.syspath_prepend(archive)
    digests = set()
    for step in (1, 2):
        with zipfile.ZipFile(archive, "w") as written:
            written.writestr("keyed_zipped/__init__.py", "")
            written.writestr("keyed_zipped/codec.py", f"STEP = {step}\n")
        forget()
        digests.add(content_key.codec_digest("keyed", Setup()))
        assert content_key.unseen("keyed", plugin_code.loaded_modules()) == []
    assert len(digests) == 2


def test_a_plugin_without_a_file_is_never_known(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin.add("keyed_nowhere.codec")
    digest = content_key.codec_digest("keyed", Setup())
    assert content_key.unseen("keyed", frozenset(sys.modules)) == ["keyed_nowhere.codec"]
    monkeypatch.setattr(plugin_code, "NEVER_AGAIN", "of another process")
    forget()
    assert content_key.codec_digest("keyed", Setup()) != digest


def test_code_that_was_loaded_and_no_key_tells_of_is_named(plugin: Plugin) -> None:
    plugin.add("keyed_plugin")
    plugin.write(keyed_plugin="import sys\n")
    plugin.write_file("elsewhere/keyed_model.py", "LEVEL = 16\n")
    before = plugin_code.loaded_modules()
    content_key.codec_digest("keyed", Setup())
    model = plugin.folder / "elsewhere" / "keyed_model.py"
    try:
        importlib.import_module("keyed_plugin")
        assert content_key.unseen("keyed", before) == []
        sys.modules["keyed_model"] = ModuleType("keyed_model")
        sys.modules["keyed_model"].__file__ = str(model)
        assert content_key.unseen("keyed", before) == [str(model)]
    finally:
        for name in ("keyed_plugin", "keyed_model"):
            sys.modules.pop(name, None)


def edits() -> dict[str, Callable[[Plugin], object]]:
    return {
        "keyed_plugin codec.py": lambda plugin: plugin.write(keyed_plugin__codec="STEP = 3\n"),
        "keyed_plugin new.bin": lambda plugin: plugin.write_file("keyed_plugin/new.bin", "1"),
        "keyed_lib dsp.py": lambda plugin: plugin.write(keyed_lib__dsp="import av\n"),
        "keyed_lib __init__.py": lambda plugin: shutil.rmtree(plugin.folder / "keyed_lib"),
    }


@pytest.mark.parametrize("name", edits())
def test_an_edit_after_the_first_reading_is_named(plugin: Plugin, name: str) -> None:
    plugin.add("keyed_plugin.codec")
    plugin.write(keyed_plugin____init__="", keyed_plugin__codec="import keyed_lib.dsp\n")
    plugin.write(keyed_lib____init__="", keyed_lib__dsp="STEP = 1\n")
    digest = content_key.codec_digest("keyed", Setup())
    assert content_key.changed("keyed", Setup()) == []
    edits()[name](plugin)
    assert name in content_key.changed("keyed", Setup())
    assert content_key.codec_digest("keyed", Setup()) == digest  # of what may be loaded
