"""Two small halves in a folder of their own: made-up packages, a made-up manifest."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from codecmark.clip import AudioClip
from codecmark.corpus import published
from codecmark.corpus.audio_files import write_wav
from codecmark.corpus.halves import Clip, Library, Manifest, Package
from codecmark.corpus.halves.manifest import Half
from codecmark.system.digest import file_sha256

PACKAGE = "made-sounds"
VERSION = "1.0"
RATE = 16_000


def phrases(seed: int, seconds: float = 3.0) -> AudioClip:
    """Noise whose bands and level change ten times a second, as those of speech or music do."""
    rng = np.random.default_rng(seed)
    samples = np.empty(0, np.float32)
    for _ in range(round(seconds * 10)):
        spectrum = np.fft.rfft(rng.standard_normal(RATE // 10))
        spectrum *= np.repeat(10 ** rng.uniform(-2, 0, 9), 89)[: len(spectrum)]
        samples = np.append(samples, np.fft.irfft(spectrum, RATE // 10) * rng.uniform(0.2, 1))
    peak = float(np.abs(samples).max())
    return AudioClip((0.5 * samples / peak)[None].astype(np.float32), RATE)


def made_clip(name: str, half: Half, path: Path, root: Path, **fields: object) -> Clip:
    """Describe a file below `root` as a clip."""
    described: dict[str, object] = {
        "name": name, "half": half, "clip_class": "music", "kind": "noise", "source": name,
        "author": "nobody", "licence": "CC0-1.0", "language": "", "origin": PACKAGE,
        "path": path.relative_to(root).as_posix(), "sha256": file_sha256(path), "start_s": 0.0,
        "duration_s": 2.0, "sample_rate_hz": RATE, "channels": 1, "lossless": "yes",
        "coding": "none", "rms_dbfs": -12.0, "peak_dbfs": -6.0, "low_hz": 20.0, "high_hz": 7_900.0,
    }  # fmt: skip
    return Clip(**{**described, **fields})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Shop:
    """A folder that a stand-in for apt-get hands archives out of, and what it wrote down."""

    archives: Path
    log: Path

    def put(self, root: Path, version: str = VERSION) -> Path:
        """Pack a folder as the one version of the package that is offered."""
        for old in self.archives.glob("*.deb"):
            old.unlink()
        control = root / "DEBIAN" / "control"
        control.parent.mkdir(exist_ok=True)
        control.write_text(
            f"Package: {PACKAGE}\nVersion: {version}\nArchitecture: all\n"
            "Maintainer: Nobody <nobody@example.org>\nDescription: made up\n"
        )
        archive = self.archives / f"{PACKAGE}_{version}_all.deb"
        subprocess.run(["dpkg-deb", "-b", root, archive], check=True, capture_output=True)  # noqa: S607
        shutil.rmtree(control.parent)
        return archive

    @property
    def asked(self) -> list[str]:
        """What was asked of apt-get, in order."""
        return self.log.read_text().split() if self.log.is_file() else []


def shop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Put a stand-in for apt-get in front: it copies archives of the version that is asked for."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("needs dpkg-deb")
    archives, programs = folder / "offered", folder / "bin"
    archives.mkdir()
    programs.mkdir()
    script = programs / "apt-get"
    script.write_text(
        f"#!/bin/sh\necho $3 >> {folder}/asked\n"
        'name=${3%%=*}; version=${3#*=}; [ "$version" = "$3" ] && version="*"\n'
        f"cp {archives}/${{name}}_${{version}}_all.deb . 2>/dev/null && exit 0\n"
        'echo "E: Unable to locate package" >&2; exit 100\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    for name in ("CODECMARK_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    return Shop(archives, folder / "asked")


def write_all(root: Path, recordings: Mapping[str, AudioClip]) -> dict[str, Path]:
    """Write recordings below `root/usr/share/made`."""
    folder = root / "usr/share/made"
    folder.mkdir(parents=True, exist_ok=True)
    for name, audio in recordings.items():
        write_wav(folder / f"{name}.wav", audio)
    return {name: folder / f"{name}.wav" for name in recordings}


def library(folder: Path, clips: list[Clip], archive: Path | None = None) -> Library:
    """Return a library over clips of the made-up package, whose audio is below `folder`."""
    package = Package(
        PACKAGE,
        VERSION,
        "0" * 64 if archive is None else file_sha256(archive),
        1 if archive is None else archive.stat().st_size,
    )
    return Library(Manifest(clips, [package]), folder, published.Library.from_environment())
