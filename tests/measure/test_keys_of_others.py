"""Keys of plug-ins and command files: whatever decides what they do changes the key."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codecmark.catalog import factories
from codecmark.corpus.condition import PreparedClip
from codecmark.measure import code_digests, content_key, plugin_code
from codecmark.networks.setup import Setup
from codecmark.results.row import ResultRow
from entries import noise
from fresh_digests import forget
from small_runs import rows_of_clips

CODEC = """from dataclasses import replace

from codecmark.classic.pcm import Pcm16Codec

from .dsp import STEP
from . import sub


class Halves(Pcm16Codec):
    @classmethod
    def from_spec(cls, spec, setup):
        codec = cls()
        codec.info = replace(codec.info, spec=str(spec), family=spec.family)
        return codec
"""
FILES = {
    "__init__.py": "",
    "codec.py": CODEC,
    "dsp.py": "import halflib\n\nSTEP = 2\n",
    "sub/__init__.py": "from ..deep import x\n",
    "deep/x.py": "DEPTH = 1\n",
    "native.so": "machine code",
    "data/table.npz": "1 2 3",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A plug-in `halves` in a package of this name, and a library of its author beside it."""
    folder = tmp_path / "halfcodec"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "halflib.py").write_text("HALF = 0.5\n")
    info = tmp_path / "halfcodec-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: halfcodec\nVersion: 1.0\n")
    points = f"[{factories.ENTRY_POINT_GROUP}]\nhalves = halfcodec.codec:Halves\n"
    (info / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(tmp_path)
    forget()
    yield folder
    forget()
    for name in [name for name in sys.modules if name.partition(".")[0] == "halfcodec"]:
        del sys.modules[name]


def changed(spec: str, setup: Setup, change: Callable[[], object]) -> bool:
    """Return whether a change changes the key's part of a codec, and nothing changes it without."""
    before = content_key.codec_digest(spec, setup)
    forget()
    assert content_key.codec_digest(spec, setup) == before
    change()
    forget()
    return content_key.codec_digest(spec, setup) != before


@pytest.mark.parametrize(
    "name",
    [
        "codec.py", "dsp.py", "deep/x.py", "native.so", "data/table.npz", "data/new.bin",
        "../halflib.py",
    ],
)  # fmt: skip
def test_every_file_of_a_plugins_package_is_in_its_key(package: Path, name: str) -> None:
    assert changed("halves", Setup(), lambda: (package / name).write_text("# another\n"))


def test_the_version_of_a_plugin_is_in_its_key_and_in_its_rows(package: Path) -> None:
    def rows() -> list[ResultRow]:
        return rows_of_clips("halves", [clip], None)

    clip = PreparedClip("n.wav", "n", "ambient", noise(4_000))
    assert rows()[0].versions["halfcodec"] == "1.0"
    assert "halfcodec" not in rows_of_clips("pcm16", [clip], None)[0].versions
    metadata = package.parent / "halfcodec-1.0.dist-info" / "METADATA"
    newer = metadata.read_text().replace("1.0", "2.0")
    assert changed("halves", Setup(), lambda: metadata.write_text(newer))
    assert plugin_code.versions(["halves", "pcm16"]) == {"halfcodec": "2.0"}


def test_relative_imports_are_followed(package: Path) -> None:
    """To the libraries that only they import."""
    assert "halflib" in code_digests.libraries("halfcodec.codec")
    before = code_digests.code_digest("halfcodec.codec")
    (package / "deep" / "x.py").write_text("DEPTH = 2\n")
    forget()
    assert code_digests.code_digest("halfcodec.codec") != before


def test_what_is_compiled_or_hidden_beside_the_files_keeps_the_key(package: Path) -> None:
    def compile_and_commit() -> None:
        for name in ("__pycache__/dsp.cpython-311.pyc", ".git/HEAD", "dsp.pyc"):
            (package / name).parent.mkdir(exist_ok=True)
            (package / name).write_text("x")

    assert not changed("halves", Setup(), compile_and_commit)


def test_folders_behind_links_count_once(package: Path, tmp_path: Path) -> None:
    weights = tmp_path / "elsewhere" / "weights.bin"
    weights.parent.mkdir()
    weights.write_text("1")
    (package / "weights").symlink_to(weights.parent, target_is_directory=True)
    (package / "data" / "again").symlink_to(package, target_is_directory=True)  # without an end
    assert changed("halves", Setup(), lambda: weights.write_text("2"))


def test_a_plugin_without_init_file_and_one_that_cannot_be_parsed_have_keys(package: Path) -> None:
    (package / "__init__.py").unlink()
    forget()
    assert changed("halves", Setup(), lambda: (package / "dsp.py").write_text("STEP = 3\n"))
    assert changed("halves", Setup(), lambda: (package / "codec.py").write_text("def\n"))


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("python3 {folder}/codec.py", "codec.py"),
        ("python3 '{folder}/my codec.py'", "my codec.py"),
        ("{folder}/codec", "codec"),
        ("'{folder}/my codec' -q", "my codec"),
        ("cp --model={folder}/model.bin", "model.bin"),
        ("cp -m{folder}/model.bin", "model.bin"),
        ("env PYTHONPATH={folder}/lib python3", "lib/deep/x.py"),
    ],
)
@pytest.mark.parametrize("phase", ["encode", "decode"])
def test_every_file_that_a_command_names_is_in_its_key(
    tmp_path: Path, command: str, file: str, phase: str
) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    commands = {"encode": "cp", "decode": "cp", phase: command}
    lines = [f'{name} = "{text} {{input}} {{output}}"\n' for name, text in commands.items()]
    (tmp_path / "own.toml").write_text("".join(lines))
    setup = Setup(command_folder=tmp_path)
    assert not changed("command:own", setup, lambda: (tmp_path / "other").touch())
    assert changed("command:own", setup, lambda: path.write_text("#!/bin/sh\nexit\n"))
