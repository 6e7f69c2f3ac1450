"""A plug-in whose codecs die or hang on clips of certain lengths, for tests of engines."""

from __future__ import annotations

import importlib
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from codecmark import AudioClip
from codecmark.catalog import factories
from codecmark.classic.pcm import Pcm16Codec
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

# lengths of the clips that bring a worker down: for good, for as long as it takes, for once
BAD_SAMPLES, HANGS_SAMPLES, ONCE_SAMPLES = 4_000, 8_000, 8_800
MARKER_VARIABLE = "FRAGILE_MARKER"
LOADS_VARIABLE = "FRAGILE_LOADS"


class FragileCodec(Pcm16Codec):
    """`fragile:dies` of the bad clip, `fragile:breaks` of each in its way, `fragile:works`."""

    catalog_specs = ("fragile:works",)

    def __init__(self, how: str) -> None:
        super().__init__()
        self._how = how
        self.info = replace(self.info, spec=f"fragile:{how}", family="fragile")

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> FragileCodec:
        if loads := os.environ.get(LOADS_VARIABLE):
            with Path(loads).open("a") as file:
                file.write(f"{os.getpid()}\n")
        return cls(spec.variant or "works")

    def encode_payload(self, clip: AudioClip) -> bytes:
        marker = Path(os.environ[MARKER_VARIABLE])
        if self._how in {"dies", "breaks"} and clip.n_samples == BAD_SAMPLES:
            os.kill(os.getpid(), signal.SIGKILL)
        elif self._how == "breaks" and clip.n_samples == HANGS_SAMPLES:
            time.sleep(3_600)
        elif self._how == "breaks" and clip.n_samples == ONCE_SAMPLES and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_payload(clip)


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the plug-in where this process and its children find it."""
    info = folder / "fragile-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fragile\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{factories.ENTRY_POINT_GROUP}]\nfragile = {__name__}:FragileCodec\n"
    )
    monkeypatch.setenv(MARKER_VARIABLE, str(folder / "marker"))
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
    factories.scan.cache_clear()
