"""The published AudioLDM2 output in the chain's page."""

from __future__ import annotations

import json
from pathlib import Path

from codecmark.results.builder import RowBuilder
from codecmark.results.row import ResultRow
from codecmark.studies import chain, chain_published
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


def test_the_committed_page_says_of_its_figures_what_the_study_would() -> None:
    found = json.loads((COMMITTED / "chain.json").read_text(encoding="utf-8"))
    page = (COMMITTED / "chain.md").read_text(encoding="utf-8")
    pesq = found["headings"].index("PESQ-WB")
    values = {stage[0]: float(stage[pesq]) for stage in found["stages"] if stage[pesq] != "-"}
    said = chain.quality_limit(
        *(values[name] for name in (chain.MAGNITUDE, chain.PHASE, chain.BOTH))
    )
    assert said in found["reading"]
    assert all(f"- {line}" in page for line in found["reading"])
    snr = found["headings"].index("SNR dB")
    chains = [float(s[snr]) for s in found["stages"] if s[snr] != "-" and float(s[snr]) < 0]
    assert chains
    assert max(chains) <= -1.51 - 1
    assert "those of the table are 1 dB or more below it" in page
