"""The documented requirements: every example is judged, every name is the row's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import committed
from codecmark import review
from codecmark.leaderboard.sections import sections
from codecmark.review.panel import Panel
from codecmark.review.requirements_file import load
from codecmark.review.threshold import COSTS, METRICS
from places import COMMITTED
from reviewed import codec

EXAMPLES = sorted((COMMITTED / "decisions" / "examples").glob("*.toml"))
PAGE = (COMMITTED / "decisions" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [path.name for path in EXAMPLES])
def test_an_example_is_judged_on_the_committed_run(name: str) -> None:
    asked = load(COMMITTED / "decisions" / "examples" / name)
    decision = review.decide(committed.rows(), asked)
    assert decision.chosen is not None
    assert decision.chosen.can_be_chosen
    for requirement in asked.requirements:
        found = [one.finding(requirement.name) for one in decision.candidates.values()]
        verdicts = {finding.effective.verdict for finding in found} - {"NO EVIDENCE"}
        assert len(verdicts) > 1, "it tells codecs apart"


def test_the_page_links_each_example_and_names_what_exists() -> None:
    assert re.findall(r"\(examples/(.+?)\)", PAGE) == [path.name for path in EXAMPLES]
    names = PAGE.partition("## Names")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z_]+)`", names)) - {"metric", "prefer"} == set(METRICS)


def test_the_examples_of_the_page_are_a_whole_file(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    asked = tmp_path / "asked.toml"
    asked.write_text("\n".join(blocks))
    found = load(asked).requirements
    assert [one.metric for one in found] == ["algorithmic_delay_ms", "mos", "licence"]
    assert found[1].panel == Panel()


@pytest.mark.parametrize("name", COSTS)
def test_costs_sort_by_the_name_that_requirements_use(name: str) -> None:
    rows = codec("opus@16k", algorithmic_delay_ms=26.5, peak_memory_mib=67.0, parameters=0)
    assert any(section.order == f"sorted by {name}" for section in sections(rows, name))
