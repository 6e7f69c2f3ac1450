"""The terminal of a command holds what the command says, and nothing that libraries print."""

from __future__ import annotations

import os
import subprocess
import sys

from codecmark.system import quiet

PROGRAM = """
import os, subprocess, sys, warnings
from codecmark.system import quiet
quiet.begin()
os.write(1, b"chatter of C++\\n")
os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\\n")
warnings.warn("chatter of Python", RuntimeWarning)
subprocess.run([sys.executable, "-c", "import sys; print('chatter'); sys.exit('of a worker')"])
print("what is said", os.environ.get("HF_HUB_DISABLE_PROGRESS_BARS"))
print("what is wrong", file=sys.stderr)
"""


def said(**changes: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True, text=True, check=True, env={**kept, **changes},
    )  # fmt: skip


def test_only_the_command_is_heard() -> None:
    done = said()
    assert done.stdout == "what is said 1\n"
    assert done.stderr == "what is wrong\n"


def test_everything_is_heard_on_request() -> None:
    done = said(**{quiet.VERBOSE: "1"})
    assert "chatter of C++" in done.stdout
    assert "XNNPACK" in done.stderr
    assert "RuntimeWarning: chatter of Python" in done.stderr
    assert "of a worker" in done.stderr


def test_a_command_from_the_shell_keeps_libraries_quiet() -> None:
    program = (
        "import os, sys; sys.argv = ['codecmark', 'list', 'flac']\n"
        "from codecmark.__main__ import main\n"
        "status = main(); os.write(1, b'chatter'); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "flac: FLAC, lossless" in done.stdout
    assert "chatter" not in done.stdout
    assert not done.stderr
