"""The command line: from a run to its leaderboard, and errors of one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from codecmark.__main__ import main


def test_the_command_line_from_run_to_leaderboard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path)
    options = ["--codecs", "pcm16,opus@24k", "--limit", "2", "--out", out]
    assert main(["run", *options]) == 0
    assert "opus@24k" in capsys.readouterr().out
    assert (tmp_path / "leaderboard.md").read_text().startswith("# Leaderboard")
    (file,) = (tmp_path / "rows").glob("*.jsonl")
    heading, *rows = map(json.loads, file.read_text().splitlines())
    assert {row["spec"] for row in rows} == {"pcm16", "opus@24k"}
    assert {row["versions"] for row in rows} == {heading["versions_id"]}
    assert main(["leaderboard", out, "--sort", "bitrate_kbps", "--markdown"]) == 0
    assert capsys.readouterr().out.index("opus@24k") > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--codecs", "opsu@24k"], "did you mean opus"),
        (["run", "--corpus", "/no/such/place"], "/no/such/place does not exist"),
        (["run", "--limit", "0"], "limit: must be at least 1"),
        (["run", "--shard", "3/2"], "--shard: '3/2' is not K/N"),
        (["run", "--shard", "0/2"], "is not K/N"),
        (["run", "--shard", "24/24"], "has no clip left"),
        (["run", "--workers", "0"], "--workers: must be at least 1"),
        (["merge", "/no/such/place"], "no folder below"),
        (["leaderboard", "/no/such/place"], "no rows below"),
    ],
)
def test_errors_are_one_line_with_a_remedy(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_list_shows_every_family_and_the_remedies(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--codecs", "pcm16,opus,encodec:24khz@6k"]) == 0
    out = capsys.readouterr().out
    assert "opus@6k" in out
    assert "random" in out
    assert "$CODECMARK_WEIGHTS/facebook/encodec_24khz/" in out.replace("\n", "")


def test_a_bad_option_is_not_a_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "codecmark", "run", "--condition", "8k"],
        capture_output=True, text=True, check=False, env={**os.environ},
    )  # fmt: skip
    assert done.returncode == 2
    assert "condition: no '8k'" in done.stderr
    assert "Traceback" not in done.stderr
