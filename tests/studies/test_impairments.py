"""The study of lost packets and several passes: what it runs, and its page."""

from __future__ import annotations

from pathlib import Path

import pytest

from codecmark import corpus
from codecmark.__main__ import main
from codecmark.measure.impairments.treatment import require_possible
from codecmark.results import axes, store
from codecmark.studies import impairments, impairments_page
from made_rows import row

OWN = axes.parse("loss_percent=10,loss_pattern=gilbert-elliott,concealment=own")


def test_everything_on_the_list_can_be_done() -> None:
    listed = impairments.treatments()
    for treatment, specs in listed:
        require_possible(specs, treatment)
    assert len({treatment for treatment, _ in listed}) == len(listed)


def test_one_clip_of_each_speaker() -> None:
    speech = impairments.speech(corpus.load(), 4)
    assert [clip.clip_class for clip in speech] == ["speech"] * 4
    assert len({clip.source for clip in speech}) == 4


def test_the_page_says_what_differs_and_leaves_out_what_is_not_through() -> None:
    rows = []
    for index, clip in enumerate("abcd"):
        for spec, gain in ((impairments.REDUNDANT, 0.5), (impairments.PLAIN, 0.0)):
            figures = {"pesq_wb": 2 + gain + 0.01 * index, "zimtohrli": 3 + (-1) ** index * gain}
            rows.append(row(spec, clip, source=clip, recovery_s=0.03, **figures, **OWN))
        rows += [row("flac", clip, source=clip, passes=2, snr_db=None,
                     reasons={"snr_db": "infinite: output equals input"})]  # fmt: skip
    rows.append(row("opus@12k", "a", source="a", passes=2, pesq_wb=1.0))
    page = impairments_page.markdown(rows)
    assert "| `opus@24k-vbr-fec10` | 10 %, own |" in page
    assert "| 30 |" in page
    assert "**+0.50 (+0.50 to +0.50)** | +0.00 (-" in page
    assert "| `flac` | 2 | exact |" in page
    assert "opus@12k" not in page


def test_tokens_have_a_table_of_their_own() -> None:
    moved = axes.parse("shift_samples=1")
    rows = [row("lyra@9.2k", c, source=c, token_agreement=share, **moved)
            for c, share in (("a", 0.5), ("b", 0.7))]  # fmt: skip
    page = impairments_page.markdown(rows)
    assert "| `lyra@9.2k` | samples later: 1 | 60 % | 50 % |" in page
    assert "## A rough input" not in page
    assert "nobody hears" not in page


def test_an_estimate_comes_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["impairments", "--limit", "1", "--out", str(tmp_path), "--dry-run"]
    assert main(command) == 0
    assert "94 rows to make, about" in capsys.readouterr().out
    assert not store.run_ids(tmp_path / "impairments")
