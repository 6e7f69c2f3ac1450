"""Layered streams code and decode to the same bits on other threads, in another process."""

from __future__ import annotations

import subprocess
import sys
import zlib
from importlib import import_module

import pytest

from places import TESTS

# each has `codec()` and a `stream()` of it
MODULES = ("layered_streams", "layered.test_beside", "layered.test_latent_wave",
           "layered.test_shaping")  # fmt: skip


def checksums(module: str) -> str:
    """Return those of a module's stream, and of what it decodes to."""
    streams = import_module(module)
    decoded = streams.codec().decode(streams.stream()).samples
    return f"{zlib.crc32(streams.stream())} {zlib.crc32(decoded.tobytes())}"


@pytest.fixture(scope="module")
def elsewhere() -> dict[str, str]:
    """The checksums that a process finds which codes and decodes on two threads."""
    program = (
        "from codecmark.system import threads\n"
        "threads.limit(2)\n"
        "from layered.test_other_process import MODULES, checksums\n"
        "for module in MODULES:\n"
        "    print('crc', module, checksums(module))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=TESTS
    )
    assert done.returncode == 0, done.stderr
    lines = (line.split(maxsplit=2) for line in done.stdout.splitlines())
    return {words[1]: words[2] for words in lines if words[0] == "crc"}


@pytest.mark.parametrize("module", MODULES)
def test_bytes_do_not_depend_on_threads_or_process(module: str, elsewhere: dict[str, str]) -> None:
    """Here one thread codes and decodes, there two."""
    assert checksums(module) == elsewhere[module]
