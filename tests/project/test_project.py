"""What must hold of the repository itself."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import committed as committed_run
from codecmark import catalog, review
from codecmark.analysis.summary import summarise
from codecmark.leaderboard import render
from codecmark.metrics.table import QUALITY_FIELDS
from codecmark.networks import trained_sets
from codecmark.results.row import ResultRow
from codecmark.review import confirmation, handwritten, in_force, stored
from codecmark.review.record import markdown
from codecmark.review.replayed import rows_of
from places import COMMITTED, REPOSITORY

TOP_LEVEL = {
    "benchmarks", "codecs", "results", "tests", "pyproject.toml", "README.md", "Makefile",
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "constraints.txt", ".ci", ".gitignore",
    ".editorconfig", ".gitattributes", ".pre-commit-config.yaml", "CITATION.cff", "SECURITY.md",
}  # fmt: skip


def test_torchaudio_is_absent() -> None:
    """Beside the CPU build of torch its import fails, and takes transformers with it."""
    assert importlib.util.find_spec("torchaudio") is None
    assert "torchaudio" not in (REPOSITORY / "constraints.txt").read_text()


def test_codecs_is_a_source_root_not_a_package() -> None:
    assert not (REPOSITORY / "codecs" / "__init__.py").exists()
    assert [p.name for p in (REPOSITORY / "codecs").iterdir() if p.is_dir()] == ["codecmark"]


def git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],  # noqa: S607
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return done.stdout


def tracked() -> list[str]:
    return git("ls-files").splitlines()


def test_top_level() -> None:
    assert {name.partition("/")[0] for name in tracked()} <= TOP_LEVEL


def test_no_weights_are_committed_but_our_own() -> None:
    """Those are small, and come with a card that says what they were trained on."""
    endings = (".tflite", ".safetensors", ".onnx", ".pth", ".th", ".bin", ".pt")
    names = tracked()
    for name in (name for name in names if name.endswith(endings)):
        path = REPOSITORY / name
        assert path.parent.parent == REPOSITORY / "codecs/codecmark/networks/trained"
        assert path.name in trained_sets.SETS[path.parent.name]
        assert path.stat().st_size <= trained_sets.LARGEST_BYTES
        assert f"{Path(name).parent.as_posix()}/{trained_sets.CARD}" in names


def test_dependencies_are_pinned() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"]]
    for extra in extras.keys() - {"openvino", "trained", "histogram"}:
        needed += [need for need in extras[extra] if not need.startswith("codecmark[")]
    names = {re.split(r"[\[<>=]", need)[0].lower().replace("_", "-") for need in needed}
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    assert names <= pinned


# the committed run


def show(name: str) -> str:
    """Return a file of the results."""
    return (REPOSITORY / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def committed() -> list[ResultRow]:
    return committed_run.rows()


def test_one_run_is_committed_and_tests_name_it() -> None:
    names = [name for name in tracked() if name.startswith("results/rows/")]
    assert names == [f"results/rows/{committed_run.RUN_ID}.jsonl"]


def speech(rows: list[ResultRow], spec: str) -> list[ResultRow]:
    return [row for row in rows if row.spec == spec and row.clip_class == "speech"]


def figures(rows: list[ResultRow], field: str) -> list[float]:
    """Return a field of every row; none of them may lack it."""
    values = [getattr(row, field) for row in rows]
    assert None not in values
    return values


def test_the_committed_run_covers_the_default_set(committed: list[ResultRow]) -> None:
    assert {row.spec for row in committed} >= set(catalog.all_specs(default_only=True))
    summaries = summarise(committed)
    assert len(summaries) >= 25
    without_weights = [
        s for s in summaries if s.weights == "none" and s.scored == s.attempted == 18
    ]
    assert len(without_weights) >= 15
    lyra = [row for row in committed if row.family == "lyra"]
    assert lyra
    assert {row.weights for row in lyra} == {"published"}


def test_no_committed_row_of_an_untrained_network_has_quality(committed: list[ResultRow]) -> None:
    untrained = [row for row in committed if row.weights == "random"]
    assert untrained
    for row in untrained:
        assert [name for name in QUALITY_FIELDS if getattr(row, name) is not None] == []
        assert row.reasons["snr_db"]
        assert row.encode_s
        assert row.decode_s


def test_committed_facts(committed: list[ResultRow]) -> None:
    mel = speech(committed, "mel:16k-64/griffinlim-64")
    assert len(mel) == 7
    assert all(-5 < score < 0 for score in figures(mel, "snr_db"))
    assert all(abs(score) < 0.15 for score in figures(mel, "correlation"))
    lyra = speech(committed, "lyra@9.2k")
    assert min(figures(lyra, "snr_db")) > 4
    assert sum(figures(lyra, "pesq_wb")) / len(lyra) > 2.8
    for spec in ("pcm16", "flac"):
        rows = [row for row in committed if row.spec == spec]
        assert len(rows) == 18
        assert all(row.reasons["snr_db"].startswith("infinite") for row in rows)


def test_the_leaderboard_page_is_that_of_the_committed_rows(committed: list[ResultRow]) -> None:
    judged = in_force.judged_by_condition(COMMITTED, committed)
    assert show("results/leaderboard.md") == render.markdown(committed, judged=judged)


def test_the_decision_record_is_that_of_the_committed_rows(
    committed: list[ResultRow], tmp_path: Path
) -> None:
    folder, record = "results/decisions", "0001-reconstruction-codec"
    requirements = tmp_path / "requirements.toml"
    requirements.write_text(show(f"{folder}/requirements.toml"), encoding="utf-8")
    asked = review.load(requirements)
    kept_back = confirmation.rows_of(asked, COMMITTED)
    decision = review.decide(committed, asked, rows_of(asked, COMMITTED), kept_back)
    page = show(f"{folder}/{record}.md")
    kept = show(f"{folder}/{record}.json").encode()
    assert kept == stored.encoded(decision)
    source = f"{folder}/requirements.toml"
    assert page == markdown(stored.decoded(kept), source, handwritten.parts(page))
    assert "Nothing is written here yet" not in page


@pytest.fixture(scope="module")
def decision(committed: list[ResultRow]) -> review.Decision:
    """What the requirements of this checkout decide on the committed rows."""
    asked = review.load(COMMITTED / "decisions" / "requirements.toml")
    kept_back = confirmation.rows_of(asked, COMMITTED)
    return review.decide(committed, asked, rows_of(asked, COMMITTED), kept_back)


def test_the_committed_decision_says_what_is_known(
    committed: list[ResultRow], decision: review.Decision
) -> None:
    status = {outcome.option: outcome.best.status for outcome in decision.outcomes}
    phase_free = {o.option for o in decision.outcomes if o.route[:4] in ("keep", "repa")}
    assert {status[name] for name in phase_free} == {"out"}
    assert len(phase_free) == 8
    if decision.chosen is not None:
        assert decision.provisional, "no listener was asked"
    for outcome in decision.outcomes:
        for candidate in outcome.candidates:
            assert candidate.finding("MOS").verdict == "NO EVIDENCE"
            rows = [row for row in committed if row.spec == candidate.spec]
            snr = candidate.finding("SNR")
            if snr.figure.origin == "measured" and (not rows or rows[0].weights == "random"):
                assert snr.verdict in {"NO EVIDENCE", "FAIL"}


def test_the_recommendation_and_its_cheapest_rival_hold_on_clips_that_were_kept_back(
    decision: review.Decision,
) -> None:
    held = {one.spec: one for one in decision.confirmations}
    for pick in decision.picks:
        assert (held[pick.spec].holds, held[pick.spec].clips) == (True, 180)


def test_the_committed_decision_judges_encodec_and_dac_class_by_class(
    decision: review.Decision,
) -> None:
    found = {
        (clip_class, one.spec): [finding.verdict for finding in one.findings[:3]]
        for clip_class, outcome in decision.by_class.items()
        for one in outcome.replayed
    }
    assert {clip_class: found[clip_class, "dac:16khz@6k"] for clip_class in decision.by_class} == {
        "speech": ["PASS", "UNDECIDED", "PASS"],
        "music": ["UNDECIDED", "UNDECIDED", "PASS"],
        "ambient": ["UNDECIDED", "UNDECIDED", "PASS"],
    }
    assert {
        clip_class: found[clip_class, "encodec:24khz@6k"] for clip_class in decision.by_class
    } == {
        "speech": ["FAIL", "FAIL", "PASS"],
        "music": ["FAIL", "UNDECIDED", "PASS"],
        "ambient": ["FAIL", "UNDECIDED", "PASS"],
    }
    assert found["speech", "dac:24khz@24k"] == ["PASS", "PASS", "PASS"]  # five clips, five voices
    (speech,) = [one for one in decision.by_class["speech"].replayed if one.spec == "dac:16khz@6k"]
    by_metric = {one.metric: one for one in speech.differences if one.beside == "opus@12k-vbr-60ms"}
    shown = {name: (round(one.value, 2), one.n) for name, one in by_metric.items()}
    assert shown["pesq_wb"] == (0.01, 6)
    assert shown["visqol_mos_lqo"] == (0.07, 6)
    assert shown["snr_db"] == (-1.06, 5)
    assert decision.candidates["dac:16khz@6k"].status == "open"


def test_the_readme_shows_the_real_leaderboard() -> None:
    page = show("results/leaderboard.md")
    readme = (REPOSITORY / "README.md").read_text()
    shown = readme.partition("<!-- leaderboard -->")[2].partition("<!-- /leaderboard -->")[0]
    rows = [line for line in shown.splitlines() if line.startswith("|")]
    assert (
        rows == [line for line in page.partition("\n## ")[2].splitlines() if line[:1] == "|"][:12]
    )
