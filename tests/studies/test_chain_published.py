"""The published AudioLDM2 output in the chain's page."""

from __future__ import annotations

from pathlib import Path

from codecmark.results.builder import RowBuilder
from codecmark.results.row import ResultRow
from codecmark.studies import chain_published
from places import COMMITTED

CLIP = "audioldm2-48k/origin"


def row(condition: str, **figures: object) -> ResultRow:
    builder = RowBuilder(
        run_id="20260101T000000Z-0000", spec=f"replay:{chain_published.CODEC}", family="replay",
        condition=condition,
    )  # fmt: skip
    builder.put(weights="replayed", clip=CLIP, clip_class="speech", source="one", clip_s=10.0)
    return builder.put(**figures).finish()


def test_a_pair_is_shown_by_condition_and_said_to_be_one() -> None:
    rows = [row("48k-mono", snr_db=-1.87, pesq_wb=3.3), row("16k-mono", snr_db=-2.44)]
    heading, text, table = chain_published.section(rows)
    assert heading.startswith("## AudioLDM2's own VAE")
    assert f"is one pair of an original and its decoded version: `{CLIP}`" in text
    assert "seaniezhao/Audioldm_VAE" in text
    cells = [[cell.strip() for cell in line.split("|")] for line in table.splitlines()[2:]]
    assert [line[2:6] for line in cells] == [
        ["16k-mono", "-2.4", "-", "-"],
        ["48k-mono", "-1.9", "-", "3.30"],
    ]


def test_without_such_rows_there_is_no_section(tmp_path: Path) -> None:
    assert chain_published.read(tmp_path) == []
    assert chain_published.section([]) == []


def test_the_committed_page_has_the_section_of_the_committed_rows() -> None:
    section = chain_published.section(chain_published.read(COMMITTED))
    page = (COMMITTED / "chain.md").read_text(encoding="utf-8")
    assert len(section) == 3
    assert "\n\n".join(section) in page
