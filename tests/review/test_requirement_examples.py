"""The documented requirements: every example is judged, every name is the row's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import committed
from codecmark import review
from codecmark.leaderboard.sections import sections
from codecmark.results import axes, store
from codecmark.review.decision import decide_within
from codecmark.review.panel import Panel
from codecmark.review.requirements_file import load
from codecmark.review.threshold import COSTS, METRICS
from codecmark.studies import impairments
from places import COMMITTED
from reviewed import codec

EXAMPLES = sorted((COMMITTED / "decisions" / "examples").glob("*.toml"))
LOSSY = "lossy_network.toml"  # judged by the rows of another study
PAGE = (COMMITTED / "decisions" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [path.name for path in EXAMPLES if path.name != LOSSY])
def test_an_example_is_judged_on_the_committed_run(name: str) -> None:
    asked = load(COMMITTED / "decisions" / "examples" / name)
    decision = review.decide(committed.rows(), asked)
    assert decision.chosen is not None
    assert decision.chosen.can_be_chosen
    for requirement in asked.requirements:
        found = [one.finding(requirement.name) for one in decision.candidates.values()]
        verdicts = {finding.effective.verdict for finding in found} - {"NO EVIDENCE"}
        assert len(verdicts) > 1, "it tells codecs apart"


def test_loss_is_judged_by_the_committed_study() -> None:
    asked = load(COMMITTED / "decisions" / "examples" / LOSSY)
    folder = COMMITTED / "impairments"
    decision = decide_within(folder, axes.chosen(store.read(folder)), asked)
    judged = decision.candidates.items()
    through = {spec: one.finding("speech through loss") for spec, one in judged}
    redundant, plain = through[impairments.REDUNDANT], through[impairments.PLAIN]
    assert decision.recommended == impairments.REDUNDANT
    assert (redundant.verdict, plain.verdict) == ("PASS", "UNDECIDED")
    assert redundant.figure.value == pytest.approx(2.80, abs=0.01)
    assert plain.figure.value == pytest.approx(2.54, abs=0.01)
    clear = decision.candidates[impairments.PLAIN].finding("speech").figure
    assert clear.value == pytest.approx(4.48, abs=0.01)  # the others are of untouched clips
    assert through["amr@12.2k"].verdict == "FAIL"
    for spec, reason in (
        ("flac", "not possible at 10 % loss: it has no packets to lose here"),
        ("mp3@32k", "not possible at 10 % loss: it has no packets to lose here"),
        ("lyra@9.2k", "not possible at 10 % loss: its decoder conceals nothing here"),
        ("opus@12k", "no rows yet at 10 % loss; `codecmark run --axes loss_percent=10"),
    ):
        assert through[spec].verdict == "NO EVIDENCE"
        assert through[spec].reason.startswith(reason)


def test_the_page_links_each_example_and_names_what_exists() -> None:
    assert re.findall(r"\(examples/(.+?)\)", PAGE) == [path.name for path in EXAMPLES]
    names = PAGE.partition("## Names")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z_]+)`", names)) - {"metric", "prefer"} == set(METRICS)


def test_the_examples_of_the_page_are_a_whole_file(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    asked = tmp_path / "asked.toml"
    asked.write_text("\n".join(blocks))
    found = load(asked).requirements
    metrics = [one.metric for one in found]
    assert metrics == ["algorithmic_delay_ms", "mos", "pesq_wb", "licence"]
    assert found[1].panel == Panel()
    assert found[2].axes.startswith("loss_percent=10.0,")


@pytest.mark.parametrize("name", COSTS)
def test_costs_sort_by_the_name_that_requirements_use(name: str) -> None:
    rows = codec("opus@16k", algorithmic_delay_ms=26.5, peak_memory_mib=67.0, parameters=0)
    assert any(section.order == f"sorted by {name}" for section in sections(rows, name))
