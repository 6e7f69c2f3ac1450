"""The plug-in that CONTRIBUTING shows works as a distribution of its own; mypy checks it, too."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from codecmark.bitstream.frame import StreamHeader
from codecmark.catalog.factories import ENTRY_POINT_GROUP
from codecmark.classic.pcm import Pcm16Codec
from codecmark.clip import AudioClip, Samples
from codecmark.errors import BitstreamError, CodecError
from codecmark.measure import contract
from places import REPOSITORY, TESTS

PLUGIN = TESTS / "data" / "plugin"


def installed(folder: Path) -> dict[str, str]:
    """Write what an installer would, and return an environment that finds the distribution."""
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]
    name, version = project["name"].replace("-", "_"), project["version"]
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {version}\n"
    )
    points = project["entry-points"][ENTRY_POINT_GROUP]
    lines = "".join(f"{key} = {value}\n" for key, value in points.items())
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{lines}")
    path = os.pathsep.join([str(folder), str(PLUGIN), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path}


def test_its_own_tests_pass_where_it_is_installed(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mulaw_codec.py"],
        cwd=PLUGIN, env=installed(tmp_path), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_the_command_line_lists_and_runs_it(tmp_path: Path) -> None:
    program = (
        "import codecmark, codecmark.catalog as catalog\n"
        "assert 'mulaw' in catalog.select(None, everything=True)\n"
        "assert catalog.select('mulaw') == ('mulaw',)\n"
        "print(type(codecmark.create('mulaw')).__module__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=installed(tmp_path), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "mulaw_codec\n"), done.stderr


@pytest.mark.parametrize("name", ["mulaw_codec.py", "pyproject.toml", "test_mulaw_codec.py"])
def test_the_guide_shows_it(name: str) -> None:
    guide = (REPOSITORY / "CONTRIBUTING.md").read_text()
    assert f"tests/data/plugin/{name}" in guide
    shown = [block.partition("\n")[2] for block in guide.split("```")[1::2]]
    text = (PLUGIN / name).read_text()
    excerpts = [block for block in shown if block in text]
    assert excerpts or name == "test_mulaw_codec.py"


class Forgetful(Pcm16Codec):
    """Loses the last sample."""

    def encode_payload(self, clip: AudioClip) -> bytes:
        return super().encode_payload(clip)[: -2 * clip.channels]

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        n_samples = len(payload) // 2 // header.channels
        shorter = StreamHeader(header.sample_rate_hz, header.channels, n_samples)
        return super().decode_payload(payload, shorter)


class Moody(Pcm16Codec):
    """Encodes every clip in another way than the last time."""

    calls = 0

    def encode_payload(self, clip: AudioClip) -> bytes:
        self.calls += 1
        return bytes([self.calls % 256]) + super().encode_payload(clip)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        return super().decode_payload(payload[1:], header)


class Trusting(Pcm16Codec):
    """Believes the header, and hands back whatever it allocated."""

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        try:
            return super().decode_payload(payload, header)
        except BitstreamError:
            raise MemoryError from None

    def decode(self, stream: bytes) -> AudioClip:
        try:
            return super().decode(stream)
        except BitstreamError as error:
            if isinstance(error.__cause__, MemoryError):
                raise error.__cause__ from None
            raise


def test_codecs_that_keep_every_promise_pass() -> None:
    contract.check(Pcm16Codec())


@pytest.mark.parametrize(
    ("codec", "promise"),
    [
        (Forgetful, r"decoded shape \(1, 3999\)"),
        (Moody, "the same clip gives the same bytes"),
        (Trusting, "only CodecmarkError leaves"),
    ],
)
def test_a_broken_promise_is_named(codec: type[Pcm16Codec], promise: str) -> None:
    with pytest.raises(CodecError, match=promise):
        contract.check(codec())


def test_what_the_contract_calls_usable() -> None:
    """A codec that fails after an error has not stayed usable."""

    class Sulking(Pcm16Codec):
        hurt = False

        def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
            try:
                samples = super().decode_payload(payload, header)
            except BitstreamError:
                self.hurt = True
                raise
            return samples * np.float32(0.5) if self.hurt else samples

    with pytest.raises(CodecError, match="stays usable after an error"):
        contract.check(Sulking())
