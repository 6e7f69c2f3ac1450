"""The leaderboard as a page, in the terminal and from the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console

from codecmark import InputError, review
from codecmark.__main__ import main
from codecmark.analysis.aggregation import Worst
from codecmark.analysis.summary import summarise
from codecmark.leaderboard import render
from codecmark.leaderboard.brief import in_brief
from codecmark.leaderboard.sections import sections
from codecmark.results import store
from codecmark.run.engines import Item, Outcome
from codecmark.run.plan import Plan
from made_rows import failing, lossless, row, unavailable, untrained
from reviewed import SNR, asked, codec


def test_the_worst_clip_is_worst_by_the_metrics_direction() -> None:
    figures = {"a": 9.0, "b": 1.0, "c": 2.0}
    rows = [row(clip=clip, snr_db=value, lsd_db=value) for clip, value in figures.items()]
    speech = summarise(rows)[0].quality["speech"]
    assert speech["snr_db"].worst == Worst(value=1, clip="b", median=2)
    assert speech["lsd_db"].worst == Worst(value=9, clip="a", median=2)


def test_worst_clips_are_on_the_page_only() -> None:
    rows = [row(clip="a"), row(clip="b", snr_db=3.0, pesq_wb=1.5), lossless("a"), untrained()]
    rows += [row(clip="m", clip_class="music", visqol_mos_lqo=None)]
    page = render.markdown(rows)
    table = page.partition("<summary>Worst clips, 16k-mono: 2 settings</summary>")[2]
    table = table.partition("</details>")[0]
    assert "The worst figure, its clip, the median over clips;" in table
    assert (
        "| SNR dB speech | PESQ-WB speech | ViSQOL speech | SNR dB music | ViSQOL music |" in table
    )
    assert "| opus@24k | 3.0 on b (median 9.0) | 1.50 on b (median 2.75) | 4.20 on a" in table
    assert "| flac | exact | 4.00 on a (median 4.00) |" in table
    assert "dac" not in table
    out = StringIO()
    render.print_leaderboard(rows, Console(file=out, width=200))
    assert "Worst" not in out.getvalue()


def test_sort_by_any_column_of_any_table() -> None:
    rows = [row(), row("opus@6k", stream_bytes=4_000, pesq_wb=1.5), row("mp3@32k", pesq_wb=4.5)]
    assert sections(rows, "bitrate_kbps")[0].summaries[0].spec == "opus@6k"
    assert sections(rows, "codec")[0].summaries[0].spec == "mp3@32k"
    by_pesq = sections(rows, "speech.pesq_wb")[1].summaries
    assert [s.spec for s in by_pesq] == ["mp3@32k", "opus@24k", "opus@6k"]
    assert sections(rows, "pesq_wb")[1].summaries == by_pesq
    with pytest.raises(InputError, match="choose one of codec, evidence, bitrate_kbps"):
        sections(rows, "beauty")


@pytest.mark.parametrize("sort", ["speech.pesq_wb", "pesq_wb"])
def test_each_table_says_its_own_order(sort: str) -> None:
    page = render.markdown([row(), row("opus@6k")], sort)
    orders = [
        (part.partition("</summary>")[0], part.split("\n\n")[1].rpartition("; ")[2])
        for part in page.partition("## All settings")[2].split("<summary>")[1:]
    ]
    assert orders[:4] == [
        ("Leaderboard, 16k-mono: 2 settings", "In the order of the run."),
        ("Quality on speech, 16k-mono: 2 settings", "Sorted by speech.pesq_wb."),
        ("Worst clips, 16k-mono: 2 settings", "in the order of the first table."),
        ("Cost, 16k-mono: 2 settings", "In the order of the run."),
    ]
    out = StringIO()
    render.print_leaderboard([row()], Console(file=out, width=200), sort)
    assert "Quality on speech, 16k-mono, sorted by speech.pesq_wb " in out.getvalue()


def test_every_entry_of_the_contents_leads_to_its_section() -> None:
    page = render.markdown([*codec("opus@24k"), *codec("opus@6k"), *codec("lc3@24k")])
    entries = re.findall(r"^- \[(.+)\]\(#(.+)\)$", page, re.MULTILINE)
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert [title for title, _ in entries] == headings
    assert ("Which codec? 16k-mono", "which-codec-16k-mono") in entries
    assert headings[-3:] == ["All settings, 16k-mono", "Notes", "Columns"]


def test_ten_lines_come_first() -> None:
    """The recommended setting, the best of each other codec, and what is in use today."""
    rows = [
        *codec("opus@6k", (5, 5.1, 4.9, 5), stream_bytes=4_000),
        *codec("opus@16k"),
        *codec("opus@24k", stream_bytes=15_000),
        *codec("silence", (0, 0, 0, 0), stream_bytes=100),
        *(one for n in range(12) for one in codec(f"c{n}@9k", stream_bytes=11_000 + n)),
    ]
    requirements = asked(SNR, baseline=["none@1", "opus@6k"], options=())
    judged = {"16k-mono": review.judged(rows, requirements)}
    first = sections(rows, judged=judged)[0]
    specs = in_brief(first.summaries, judged["16k-mono"])
    decision = review.decide(rows, requirements)
    assert specs == ["opus@16k", *(f"c{n}@9k" for n in range(8)), "opus@6k"]
    assert decision.recommended == judged["16k-mono"].recommended == specs[0]
    page = render.markdown(rows, judged=judged)
    table = page.partition("## Which codec? 16k-mono")[2].partition("\n## ")[0]
    shown = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| ")]
    assert shown == ["| codec", "| ---", *(f"| {spec}" for spec in specs)]
    assert "Recommended: `opus@16k`" in table


def test_published_audio_has_a_table_and_a_count_of_its_own() -> None:
    rows = [row(clip=clip) for clip in "abcdefgh"]
    rows += [
        row("replay:dac:16khz@6k", clip, weights="replayed", stream_bytes=None, snr_db=9.0,
            nominal_bitrate_kbps=6.0)
        for clip in "xy"
    ]  # fmt: skip
    found = {section.kind: section for section in sections(rows)}
    assert [s.spec for s in found["overall"].summaries] == ["opus@24k"]
    assert [s.spec for s in found["quality"].summaries] == ["opus@24k"]
    (summary,) = found["published"].summaries
    cells = {c.key: c.cell(summary).text for c in found["published"].columns}
    assert (cells["n"], cells["snr_db"]) == ("2/2", "9.0 (9.0 to 9.0)")
    assert cells["nominal_bitrate_kbps"] == "6.00"
    assert "clips of its own" in found["published"].order
    # alone they are a run like any other
    assert next(s.kind for s in sections(rows[8:])) == "overall"


def test_rates_of_stereo_are_told_apart() -> None:
    mono, stereo = row(), row(condition="48k-stereo")
    first = sections([stereo])[0]
    cells = {c.heading: c.cell(first.summaries[0]).text for c in first.columns}
    assert (cells["kbit/s in all"], cells["kbit/s a channel"]) == ("24.0", "12.0")
    assert "kbit/s a channel" not in {c.heading for c in sections([mono])[0].columns}
    assert sections([stereo], "bitrate_kbps_a_channel")[0].order == (
        "sorted by bitrate_kbps_a_channel"
    )


def test_the_command_writes_the_page_of_the_newest_run_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.append(tmp_path, [row(run_id="r1")])
    store.append(tmp_path, [row(run_id="r2"), row("opus@6k", run_id="r2")])
    page = tmp_path / "leaderboard.md"
    assert main(["leaderboard", str(tmp_path), "--run", "r1"]) == 0
    assert main(["leaderboard", str(tmp_path), "--markdown"]) == 0
    assert not page.exists()
    for options in ([], ["--run", "r2"], ["--sort", "bitrate_kbps"]):
        assert main(["leaderboard", str(tmp_path), *options]) == 0
        assert page.read_text() == render.markdown(store.read(tmp_path))
        page.unlink()
    page.mkdir()
    capsys.readouterr()
    assert main(["leaderboard", str(tmp_path)]) == 2
    assert "leaderboard.md: cannot be written" in capsys.readouterr().err


def test_a_run_ends_with_a_count_by_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(clip="a"), row(clip="b"), failing("opus@24k", "c"), unavailable()]

    def run_plan(planned: Plan, *_: object) -> Iterator[Outcome]:
        stored = [replace(row, run_id=planned.run_id) for row in rows]
        store.append(tmp_path, stored)
        condition, clips = planned.condition, planned.missing["pcm16"]
        item = Item(planned.run_id, "pcm16", clips, clips[0], condition, True, planned.setup)
        yield Outcome(item, stored, settled=True)

    monkeypatch.setattr("codecmark.commands.run.run_plan", run_plan)
    options = ["--codecs", "pcm16", "--limit", "1", "--out", str(tmp_path)]
    assert main(["run", *options]) == 1
    assert "2 rows ok, 1 failed, 1 codec unavailable" in capsys.readouterr().out


def test_markdown_is_stable_and_harmless() -> None:
    hostile = row(clip='"><script>alert(1)</script>.wav', status="failed", reason="a|b\n<b>")
    text = render.markdown([row(), hostile])
    assert text == render.markdown([row(), hostile])
    assert "<script>" not in text
    assert "a\\|b &lt;b&gt;" in text
    assert "| opus@24k | nothing trained |" in text
    elsewhere = render.markdown([row(host="h<b>\n# H\u202e")])
    assert r"on h&lt;b&gt; # H\u202e. `-`" in elsewhere


@pytest.mark.parametrize("width", [80, 120, 200])
def test_terminal_tables_keep_their_figures_whole(width: int) -> None:
    out = StringIO()
    rows = [row("audioldm2:music/griffinlim-64", clip, snr_db=12.3) for clip in "abc"]
    render.print_leaderboard(rows, Console(file=out, width=width))
    text = out.getvalue()
    assert "audioldm2:music/griffinlim-64" in text
    assert "12.3" in text
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
