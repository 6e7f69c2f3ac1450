"""The page of published audio: known means, differences in pairs, and what is said beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from codecmark.__main__ import main
from codecmark.results import store
from codecmark.results.builder import RowBuilder
from codecmark.results.row import ResultRow
from codecmark.studies import published_audio
from codecmark.studies.published_audio_page import page

CODEC = "dac:16khz@6k"


def row(spec: str, clip: int, snr_db: float, **more: object) -> ResultRow:
    builder = RowBuilder(
        run_id="20260101T000000Z-0000", spec=spec, family=spec.partition(":")[0],
        condition="16k-mono",
    )  # fmt: skip
    builder.put(
        weights="replayed" if spec.startswith("replay:") else "none", clip=f"codecfake/{clip}",
        clip_class="speech", source=f"speaker {clip}", snr_db=snr_db, pesq_wb=4.0, clip_s=1.0,
    )  # fmt: skip
    return builder.put(**more).finish()


@pytest.fixture
def rows() -> list[ResultRow]:
    replayed = [
        row(f"replay:{CODEC}", clip, 10.0 + clip, nominal_bitrate_kbps=6.0) for clip in range(5)
    ]
    ours = [row("opus@6k", clip, 8.0 + clip, stream_bytes=750) for clip in range(5)]
    return [*replayed, *ours]


def test_differences_are_of_the_same_clips(rows: list[ResultRow]) -> None:
    (group,) = published_audio.groups(rows, "16k-mono", "speech")
    assert (group.codec, group.sources, group.sets) == (CODEC, 5, 1)
    mean = group.mean("snr_db")
    assert mean is not None
    assert mean.mean == pytest.approx(12.0)
    others = published_audio.rivals(rows, "16k-mono")
    difference = group.against(others["opus@6k"], "snr_db")
    assert difference is not None
    assert difference.estimate.mean == pytest.approx(2.0)
    few = dict(list(others["opus@6k"].items())[:4])
    assert group.against(few, "snr_db") is None


def test_the_page_says_what_is_nominal(rows: list[ResultRow]) -> None:
    text = page(rows)
    assert "**The rates are nominal.**" in text
    assert "**The clips were chosen**" in text
    assert f"| `{CODEC}` | (6) | 5 | 5 | 1 | 12.0 [10.0, 14.0] | - | 4.00" in text
    assert "4.02, 3.88 |" in text
    assert f"| `{CODEC}` | +2.0* [+2.0, +2.0] |" in text
    assert "`opus@6k` 6.0" in text
    assert "| ESTOI | codecfake/0 | not measured in this run | 1 |" in text


def test_the_codecs_in_question_stand_beside_opus(rows: list[ResultRow]) -> None:
    assert "## DAC and EnCodec beside" not in page(rows)
    beside = [row("opus@12k-vbr-60ms", clip, 11.0 + clip, stream_bytes=1_500) for clip in range(5)]
    text = page([*rows, *beside])
    assert "which took 12.0 kbit/s by its bytes" in text
    assert f"| `{CODEC}` | speech | 5 | -1.0* [-1.0, -1.0] | - | +0.00 [+0.00, +0.00] |" in text


def test_what_was_not_scored_is_named(rows: list[ResultRow]) -> None:
    builder = RowBuilder(run_id="r", spec=f"replay:{CODEC}", family="replay", condition="16k-mono")
    lost = builder.put(clip="codecfake/9", clip_class="speech").fail("too short").finish()
    assert "| `replay:dac:16khz@6k` | codecfake/9 | 16k-mono | too short |" in page([*rows, lost])


def test_the_command_writes_it(rows: list[ResultRow], tmp_path: Path) -> None:
    store.append(tmp_path, rows)
    assert main(["audio", "page", "--results", str(tmp_path)]) == 0
    assert (tmp_path / "published_audio.md").read_text(encoding="utf-8") == page(rows)
