"""A run over the test half judges what was chosen elsewhere: it recommends nothing itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from codecmark import review
from codecmark.leaderboard import render
from codecmark.results import store
from codecmark.review.decision import decide_within
from codecmark.review.in_force import decision_for, judged_by_condition
from codecmark.review.record import markdown
from codecmark.run import corpora
from places import COMMITTED
from reviewed import RATIO, SNR, asked, codec, kept_back

ROWS = [*codec("opus@16k"), *codec("lc3@24k", stream_bytes=15_000)]
ASKED = asked(SNR, RATIO)


@pytest.fixture(params=["test", None])
def results(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, bool]:
    """A results folder whose run was over the test half, or over the bundled clips."""
    store.append(tmp_path, ROWS)
    given = None if request.param is None else Path(request.param)
    corpora.remember(tmp_path, ROWS[0].run_id, given, "audio")
    return tmp_path, request.param == "test"


def test_nothing_is_recommended_on_the_test_half(results: tuple[Path, bool]) -> None:
    folder, locked = results
    decision = decide_within(folder, ROWS, ASKED)
    assert decision.recommended == (None if locked else "opus@16k")
    assert decision.locked is locked
    assert bool(decision.picks) is not locked
    assert decision == decision_for(folder, ROWS, "16k-mono", ASKED).decision
    text = markdown(decision, "asked.toml")
    assert ("**Nothing is recommended on these clips.**" in text) is locked
    assert ("What would change it" in text) is not locked
    assert decision.candidates["opus@16k"].status == "feasible"  # judged all the same


def test_its_leaderboard_says_so(results: tuple[Path, bool]) -> None:
    folder, locked = results
    judged = judged_by_condition(folder, ROWS, ASKED)
    page = render.markdown(ROWS, judged=judged)
    assert ("Nothing is chosen on these clips" in page) is locked
    assert ("Recommended: `opus@16k`" in page) is not locked


def test_the_committed_page_of_the_test_half_recommends_nothing() -> None:
    page = (COMMITTED / "test_half" / "leaderboard.md").read_text(encoding="utf-8")
    assert "Recommended" not in page
    assert "Nothing is chosen on these clips" in page


def test_what_is_asked_of_times_is_not_asked_again_on_kept_clips() -> None:
    kept = kept_back(codec("opus@16k", encode_s=None, decode_s=None))
    slow = review.Requirement("time", "decode_rtf", "<=", 0.06)
    decision = review.decide(ROWS, asked(SNR, slow), confirming=kept)
    assert decision.recommended == "opus@16k"
    assert decision.confirmations[0].holds
