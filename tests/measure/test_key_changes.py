"""What changes a content key, and what does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from codecmark.corpus import condition
from codecmark.measure import code_digests, content_key
from codecmark.measure.content_key import KeyedClip
from codecmark.networks.setup import Setup
from fresh_digests import forget
from small_runs import CONDITION

# each edit of the package is seen by a process of its own, which has loaded it before
PROGRAM = """
import json, os, sys
from pathlib import Path
from codecmark.measure.code_digests import code_digest
from codecmark.measure.content_key import codec_digest
from codecmark.networks.setup import Setup

for edited, change in json.loads(sys.argv[2]):
    path = Path(sys.argv[1], edited)
    kept = path.read_text()
    path.write_text(kept + change)
    if not (child := os.fork()):
        for spec in ("opus@24k", "dac:16khz@6k", "mel:16k-64/pghi"):
            print(codec_digest(spec, Setup()), end=" ")
        print(code_digest("codecmark.measure.measurement"), flush=True)
        os._exit("torch" in sys.modules)
    assert os.waitpid(child, 0)[1] == 0
    path.write_text(kept)
"""
# of three codecs and of what scores
CHANGED = {
    "classic/ffmpeg.py": [True, False, False, False],
    "neural/tokens.py": [False, True, False, False],  # imported by dac.py
    "mel/stft.py": [False, False, True, False],  # imported function by function
    "bitstream/frame.py": [True, True, True, True],
    "metrics/spectral.py": [False, False, False, True],
}


@pytest.fixture(autouse=True)
def _fresh_digests() -> Iterator[None]:
    yield
    forget()


def key(spec: str = "opus@24k", clip: str = "aa", sets: str | None = None) -> str:
    codec = content_key.codec_key(spec, CONDITION, sets, Setup.from_environment())
    return content_key.row_key(codec, KeyedClip("a.wav", "a", "speech", clip))


def test_a_key_changes_with_spec_clip_and_condition() -> None:
    stereo = content_key.codec_key("opus@24k", condition.named("48k-stereo"), None, Setup())
    clip = KeyedClip("a.wav", "a", "speech", "aa")
    keys = {key(), key("opus@32k"), key(clip="ab"), content_key.row_key(stereo, clip)}
    mono = content_key.codec_key("opus@24k", CONDITION, None, Setup())
    for change in ({"name": "b.wav"}, {"source": "b"}, {"clip_class": "music"}):
        keys.add(content_key.row_key(mono, clip._replace(**change)))
    keys.add(content_key.row_key(mono, clip, loss_percent=10.0))
    assert len(keys) == 8
    assert content_key.row_key(mono, clip, loss_percent=None) == key()
    assert key() == key()


def test_a_key_changes_with_the_codecs_code_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the package, so that its sources can be changed."""
    package = Path(content_key.__file__).parents[1]
    copy = tmp_path / "codecmark"
    for source in package.rglob("*.py"):
        target = copy / source.relative_to(package)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    edits = [
        ("classic/ffmpeg.py", ""),
        ("classic/ffmpeg.py", "\n# a comment\n"),
        ("catalog/__init__.py", "\nMORE = 1\n"),
        ("metrics/table.py", "\nMORE = 1\n"),  # wording
        *((changed, "\nMORE = 1\n") for changed in CHANGED),
    ]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(copy), json.dumps(edits)],
        capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    before, *after = (line.split() for line in done.stdout.splitlines())
    assert len(after) == 3 + len(CHANGED)
    assert after[:3] == [before] * 3
    assert {
        edited: [a != b for a, b in zip(before, digests, strict=True)]
        for edited, digests in zip(CHANGED, after[3:], strict=True)
    } == CHANGED


def test_a_key_changes_with_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key("opus@24k"), key("flac")
    forget()
    known = code_digests.version_of
    monkeypatch.setattr(code_digests, "version_of", lambda n: "99" if n == "av" else known(n))
    assert (key("opus@24k") != before[0], key("flac") != before[1]) == (True, False)


def test_a_key_changes_with_a_weight_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECMARK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    name = "descript/dac_16khz"
    absent = key(sets=name)
    (tmp_path / name).mkdir(parents=True)
    (tmp_path / name / "config.json").write_text("{}")
    keys = {absent}
    for value in (1, 2):
        network = {"weight": np.ones(value, np.float32)}
        save_file(network, tmp_path / name / "model.safetensors")
        keys.add(key(sets=name))
    assert len(keys) == 3


def test_a_key_changes_with_a_command_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECMARK_COMMANDS", str(tmp_path))
    keys = set()
    for quality in (1, 2):
        (tmp_path / "cat.toml").write_text(
            f'encode = "cp -{quality} {{input}} {{output}}"\ndecode = "cp {{input}} {{output}}"\n'
        )
        forget()
        keys.add(key("command:cat"))
    assert len(keys) == 2
