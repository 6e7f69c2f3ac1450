"""Target columns: the review's verdicts under the requirements in force, and nothing else."""

from __future__ import annotations

import pytest

import committed
from codecmark import review
from codecmark.leaderboard.sections import sections
from codecmark.leaderboard.targets import written
from codecmark.report import box
from codecmark.report.tables import tables
from codecmark.results.row import ResultRow
from codecmark.review import confirmation, in_force, stored
from codecmark.review.gate import gate
from codecmark.review.judgement import Judged
from codecmark.review.options import Option
from codecmark.review.record import markdown
from codecmark.review.replayed import rows_of
from codecmark.review.requirements import Requirements
from places import COMMITTED
from reviewed import FAST, MOS, RATIO, SNR, VISQOL, asked, changed, codec


def targets(rows: list[ResultRow], requirements: Requirements | None = None) -> dict[str, str]:
    """Return the first codec's cells, by heading."""
    judged = {"16k-mono": review.judged(rows, requirements or review.default())}
    section = sections(rows, judged=judged)[0]
    summary = next(one for one in section.summaries if one.spec == rows[0].spec)
    return {c.heading: c.cell(summary).text for c in section.columns if c.is_verdict}


def music(rows: list[ResultRow], visqol: float = 4.5) -> list[ResultRow]:
    return [
        changed(
            row, clip=f"m{row.clip}", source=f"m{row.source}", clip_class="music", pesq_wb=None,
            visqol_mos_lqo=visqol, zimtohrli=visqol,
        )
        for row in rows
    ]  # fmt: skip


def test_the_target_of_the_package() -> None:
    good = codec("opus@24k")
    poor = codec("opus@6k", (5,) * 5, visqol_mos_lqo=3.0, pesq_wb=2.0, zimtohrli=2.0)
    says = "predicted quality"
    assert targets(good) == {"SNR > 10": "pass", says: "pass", "ratio >= 2": "pass"}
    assert targets(poor) == {"SNR > 10": "fail", says: "fail", "ratio >= 2": "pass"}
    assert targets(codec("opus@16k", (8, 12, 14, 10, 11)))["SNR > 10"] == "undecided"
    assert targets(codec("opus@16k", (15, None, 15, 15)))["SNR > 10"] == "-"
    assert targets(codec("opus@16k", zimtohrli=4.0))[says] == "undecided"  # one of two voices


def test_of_several_classes_those_that_fail_are_named() -> None:
    rows = codec("opus@24k")
    assert targets([*rows, *music(rows, 3.0)])["predicted quality"] == "fail: music"
    worse = changed(VISQOL, clip_class="music")
    assert targets([*rows, *music(rows)], asked(worse)) == {"ViSQOL music >= 4": "pass"}


def test_columns_are_those_of_the_requirements_in_force() -> None:
    rows = codec("opus@24k")
    # what is soft decides nothing; an opinion that nobody was asked for is its stand-in
    assert targets(rows, asked(SNR, MOS, FAST)) == {"SNR > 10": "pass", "ViSQOL >= 4": "pass"}
    worst = changed(SNR, statistic="worst", threshold=14.9)
    assert targets(rows, asked(worst, RATIO)) == {"worst SNR > 14.9": "fail", "ratio >= 2": "pass"}


def test_a_spec_of_no_option_is_judged_too() -> None:
    rows = codec("vorbis@q3")
    option = Option("Opus", "replace", "small", ("opus@16k",))
    assert targets(rows, asked(SNR, options=[option])) == {"SNR > 10": "pass"}
    decision = review.decide([*rows, *codec("opus@16k", (5,) * 5)], asked(SNR, options=[option]))
    assert [one.spec for one in decision.others] == ["vorbis@q3"]
    assert decision.recommended is None


@pytest.fixture(scope="module")
def held() -> tuple[list[ResultRow], in_force.InForce]:
    rows = committed.rows()
    return rows, in_force.decision_for(COMMITTED, rows, "16k-mono")


def test_the_committed_decision_is_that_of_the_committed_rows(
    held: tuple[list[ResultRow], in_force.InForce],
) -> None:
    rows, found = held
    assert found.is_current
    asked = found.decision.requirements
    assert found.decision == review.decide(
        rows, asked, rows_of(asked, COMMITTED), confirmation.rows_of(asked, COMMITTED)
    )


def test_a_verdict_is_the_same_wherever_it_is_shown(
    held: tuple[list[ResultRow], in_force.InForce],
) -> None:
    """Leaderboard, page, gate and record, for every spec of the committed rows."""
    rows, found = held
    decision = stored.decoded(stored.encoded(found.decision))
    judged: dict[str, Judged] = in_force.judged_by_condition(COMMITTED, rows)
    names = ("SNR", "predicted quality", "ratio")
    expected = {
        spec: [written(one.finding(name)).text for name in names]
        for spec, one in decision.candidates.items()
    }
    assert {row.spec for row in rows} <= expected.keys()

    section = sections(rows, judged=judged)[0]
    verdicts = [column for column in section.columns if column.is_verdict]
    assert {s.spec: [c.cell(s).text for c in verdicts] for s in section.summaries} == {
        summary.spec: expected[summary.spec] for summary in section.summaries
    }

    board = tables(rows, judged)[0]
    shown = {line.spec: [e.text for e in line.entries[1:4]] for line in board.lines}
    assert shown == {spec: expected[spec] for spec in shown}

    settings = markdown(decision, "requirements.toml").partition("### Every setting")[2]
    for spec, candidate in decision.candidates.items():
        accepted = changed(decision.requirements, accepted=spec)
        gated = gate(changed(decision, requirements=accepted))
        assert gated.passed == candidate.can_be_chosen
        told = [line.partition(":")[0].strip() for line in gated.lines[1:]]
        assert told == [finding.effective.verdict for finding in candidate.findings]
        line = next(one for one in settings.splitlines() if one.startswith(f"| `{spec}` |"))
        for finding, cell in zip(candidate.findings, line.split(" | ")[1:], strict=False):
            assert cell.startswith(finding.verdict)
        assert [tile.says for tile in map(box.tile, candidate.findings)] == [
            box.SAYS[finding.effective.verdict] for finding in candidate.findings
        ]
