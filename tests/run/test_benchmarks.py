"""The benchmarks folder, run as a user would."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from codecmark.commands.pytest_plugin.session import Session
from codecmark.corpus import condition
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.system import host
from places import REPOSITORY

# the others import every network library, which takes longer than what is tested here
CODING = ("benchmarks/bench_encode.py", "benchmarks/bench_decode.py")


def pytest_in(
    results: Path, *options: str, files: tuple[str, ...] = CODING, limit: int = 1
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", *files, "--results", str(results),
         "-p", "no:cacheprovider", "--limit", str(limit), *options],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_benchmark_only_prints_and_stores(tmp_path: Path) -> None:
    raw = tmp_path / "raw.json"
    done = pytest_in(
        tmp_path, "--benchmark-only", "--codecs", "pcm16,opus@24k", "--benchmark-json", str(raw),
        limit=2,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Leaderboard, 16k-mono" in done.stdout
    assert "bench_encode[opus@24k]" in done.stdout
    rows = store.read(tmp_path)
    assert [row.spec for row in rows] == ["pcm16"] * 2 + ["opus@24k"] * 2
    assert all(row.peak_memory_mib and row.encode_s and row.decode_s for row in rows)
    assert (tmp_path / "leaderboard.md").is_file()
    # the row's time is the benchmark's own: median of the rounds of that clip
    timings = {b["name"]: b["stats"]["data"] for b in json.loads(raw.read_text())["benchmarks"]}
    rounds = timings["bench_encode[opus@24k]"]
    assert len(rounds) == 2 * (rows[2].encode_rounds or 0)
    assert rows[2].encode_s == pytest.approx(statistics.median(rounds[0::2]))


def test_decode_alone(tmp_path: Path) -> None:
    done = pytest_in(tmp_path, "--benchmark-only", "--codecs", "flac", files=CODING[1:])
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = store.read(tmp_path)
    assert row.encode_s is None
    assert row.reasons["encode_s"] == "not timed in this run"
    assert row.decode_s


def test_an_unavailable_codec_is_skipped_and_has_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODECMARK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CODECMARK_WEIGHTS", raising=False)
    done = pytest_in(tmp_path, "--benchmark-only", "--codecs", "lyra@6k")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 skipped" in done.stdout
    (row,) = store.read(tmp_path)
    assert row.status == "unavailable"
    assert "$CODECMARK_WEIGHTS/lyra/" in (row.reason or "")
    assert "lyra@6k: not available here" in done.stdout


REQUIREMENTS = """
title = "Test"
question = "Which?"
[[requirement]]
name = "ratio"
metric = "compression_ratio"
operator = ">="
threshold = 2
[[option]]
name = "any"
why = "for the test"
specs = ["pcm16", "opus@24k"]
"""


def test_requirements_are_a_gate(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.toml"
    requirements.write_text(REQUIREMENTS)
    for spec, word, status in (("opus@24k", "met", 0), ("pcm16", "not met", 1)):
        done = pytest_in(
            tmp_path, "--benchmark-only", "--codecs", spec, "--require", str(requirements),
            files=CODING[:1],
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        tables, _, verdicts = done.stdout.partition(f" requirements: {word} ")
        assert "Leaderboard, 16k-mono" in tables
        assert re.search(r"ratio \(hard\): [\d.]+:1 asked >= 2:1, margin ", verdicts)
        assert "page: " not in verdicts  # nothing comes after them
    assert "no option passes every hard requirement" in done.stdout


def test_a_gate_without_figures_is_refused(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.toml"
    requirements.write_text(REQUIREMENTS)
    done = pytest_in(tmp_path, "--benchmark-disable", "--require", str(requirements))
    assert done.returncode != 0
    assert "leave out --benchmark-disable" in done.stderr


def test_disabled_benchmarks_store_nothing(tmp_path: Path) -> None:
    done = pytest_in(tmp_path, "--benchmark-disable", "--codecs", "pcm16")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(tmp_path.iterdir())


def test_an_execution_that_nothing_heeds_is_one_clear_line(tmp_path: Path) -> None:
    done = pytest_in(tmp_path, "--codecs", "pcm16,flac", "--dtype", "bfloat16")
    assert done.returncode != 0
    assert "none of the chosen codecs supports bfloat16" in done.stderr
    assert "Traceback" not in done.stderr


def test_threads_name_another_condition(tmp_path: Path) -> None:
    done = pytest_in(
        tmp_path, "--benchmark-only", "--codecs", "pcm16", "--threads", "2", files=CODING[:1],
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert {(row.condition, row.threads) for row in store.read(tmp_path)} == {
        ("16k-mono-2threads", 2)
    }


def test_a_wrong_option_is_one_clear_line(tmp_path: Path) -> None:
    done = pytest_in(tmp_path, "--codecs", "opsu@24k")
    assert done.returncode != 0
    assert "did you mean opus" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_harness_page_names_its_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "host", lambda: "A processor, 3 cores, 5 GiB, Linux")
    session = Session((), condition.named("16k-mono"), tmp_path, Setup())
    session.overheads.append("harness: flac encode: direct 1.26 ms")
    session.write_harness_page()
    page = (tmp_path / "harness.md").read_text(encoding="utf-8")
    assert "in interleaved pairs on A processor, 3 cores, 5 GiB, Linux, one thread" in page
    assert page.endswith("\n\n- harness: flac encode: direct 1.26 ms\n")
