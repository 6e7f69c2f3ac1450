"""The examples do what they say, each run as a reader would."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from places import REPOSITORY

EXAMPLES = REPOSITORY / "benchmarks" / "examples"
SAYS = {
    "score_a_file": ("kbit/s", "pesq_wb", "visqol_mos_lqo"),
    "add_a_codec": ("twelvebits keeps every promise", "192.0 kbit/s", "SNR 53"),
    "benchmark_your_repository": ("4 passed", "codecmark-results/leaderboard.md"),
    "decide": ("recommended: opus@16k", "opus@16k: passed"),
}


def test_each_example_is_run_and_linked() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(SAYS)
    readme = (REPOSITORY / "codecs" / "README.md").read_text(encoding="utf-8")
    for name in SAYS:
        assert f"(../benchmarks/examples/{name}.py)" in readme


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    """What each example prints; one process runs them all, since they load the same libraries."""
    program = (
        "import runpy, sys\n"
        "names, sys.argv[1:] = sys.argv[1:], []\n"
        "for name in names:\n"
        "    print('example', name, flush=True)\n"
        "    runpy.run_path(name, run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", program, *(str(EXAMPLES / f"{name}.py") for name in SAYS)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": _path()},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    _, *parts = re.split(r"^example .*\n", done.stdout, flags=re.MULTILINE)
    return dict(zip(SAYS, parts, strict=True))


@pytest.mark.parametrize("name", SAYS)
def test_it_says_what_it_found(name: str, said: dict[str, str]) -> None:
    for words in SAYS[name]:
        assert words in said[name]


def _path() -> str:
    return os.pathsep.join(filter(None, [str(REPOSITORY / "codecs"), os.environ.get("PYTHONPATH")]))
