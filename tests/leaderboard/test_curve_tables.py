"""The leaderboard's tables of curves: rate at target, rate against Opus, ranks."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

from msgspec.structs import replace
from rich.console import Console

from codecmark.leaderboard import curve_tables, render
from codecmark.leaderboard.plain_table import Table
from codecmark.results.row import ResultRow
from codecmark.review.in_force import judged_by_condition

SOURCES = "abcd"


def rows(spec: str, rate_kbps: float, snr_db: float, visqol: float = 4.5) -> list[ResultRow]:
    """Return a row for each source; means are as given, spread by a little."""
    return [
        ResultRow(
            run_id="r1", spec=spec, family=spec.partition("@")[0], weights="none", clip=source,
            source=source, clip_class="speech", clip_s=8.0, condition="16k-mono", status="ok",
            stream_bytes=int(1000 * rate_kbps), pcm16_bytes=256_000, snr_db=snr_db + nudge,
            visqol_mos_lqo=visqol, pesq_wb=4.0, encode_s=0.1, decode_s=0.01, host="machine",
        )
        for source, nudge in zip(SOURCES, (-0.3, -0.1, 0.1, 0.3), strict=True)
    ]  # fmt: skip


def curve(name: str, settings: Sequence[tuple[float, float]]) -> list[ResultRow]:
    return [one for rate, snr in settings for one in rows(f"{name}@{rate:g}k", rate, snr)]


OPUS = curve("opus", [(8, 8), (16, 12), (32, 16), (64, 20)])


def tables(found: Sequence[ResultRow]) -> dict[str, Table]:
    judged = judged_by_condition(None, found)
    return {one.title.partition(",")[0]: one for one in curve_tables.tables(found, judged)}


def table(title: str, found: Sequence[ResultRow]) -> Table:
    return tables(found)[title]


def test_rate_at_target_in_its_three_forms() -> None:
    lacking = [replace(one, pesq_wb=3.0) for one in rows("lyra@9.2k", 9.2, 7.5, 3.5)]
    single = rows("mel:16k-64/pghi", 100, -2.0)
    exact = [
        replace(one, spec="flac", snr_db=None, reasons={"snr_db": "infinite: output equals input"})
        for one in rows("flac", 150, 0)
    ]
    found = table("Rate at target", [*OPUS, *lacking, *single, *exact, *rows("noise@10db", 256, 9)])
    cells = {line[0]: line[1] for line in found.rows}
    # 10 dB is half way from 8 to 12 dB, so at 8 * sqrt(2); t(0.975, 3) * 0.258 / 2 = 0.41 dB
    assert cells["opus"] == "11.3 (10.5 to 12.1)"
    assert cells["lyra"] == "not up to 9.2: @9.2k lacks SNR 2.5 dB, ViSQOL 0.80"
    assert cells["flac"] == "≤150.0"
    assert list(cells) == ["opus", "flac", "lyra"]
    assert found.remarks == ("Not at the one setting of each: mel:16k-64/pghi.",)


def test_of_a_voice_with_several_thresholds_the_best_counts() -> None:
    """PESQ is 2, then 4.2; on the way ViSQOL, from 3.6 to 5, meets its own threshold half way."""
    poor = [replace(one, pesq_wb=2.0) for one in rows("lc3@8k", 8, 12, 3.6)]
    good = [replace(one, pesq_wb=4.2) for one in rows("lc3@32k", 32, 12, 5.0)]
    found = table("Rate at target", [*poor, *good])
    assert "SNR >= 10 dB and PESQ-WB >= 4.1 or ViSQOL >= 4.3 hold together" in found.meaning
    assert found.rows == (("lc3", "16.0"),)
    lone = table("Rate at target", poor)
    assert lone.rows == (("lc3", "not up to 8.0: @8k lacks ViSQOL 0.70"),)
    # of music by its own voices; Zimtohrli, which these rows lack, is not asked
    music = [replace(one, clip_class="music", clip=f"m{one.clip}", pesq_wb=None) for one in good]
    assert table("Rate at target", [*poor, *good, *music]).rows == (("lc3", "16.0", "≤32.0"),)


def test_what_was_not_scored_is_named_below() -> None:
    untrained = [
        replace(one, snr_db=None, visqol_mos_lqo=None) for one in rows("dac:16khz@6k", 6, 0)
    ]
    found = table("Rate at target", [*OPUS, *untrained])
    assert found.remarks == ("Not scored, the notes say why: dac:16khz.",)


def test_rate_against_opus() -> None:
    half = curve("lc3", [(4, 8), (8, 12), (16, 16), (32, 20)])
    found = table("Rate against opus", [*OPUS, *half, *rows("g722@64k", 64, 12.0)])
    cells = {line[0]: line[1] for line in found.rows}
    assert found.headings[1] == "SNR speech"
    assert cells["lc3"] == "-50 (-50; 100 %)"
    assert cells["g722"] == "x0.2"  # Opus needs 16 kbit/s for its 12 dB
    assert "opus" not in cells


def test_ranks_are_intervals_over_the_default_set() -> None:
    lc3 = curve("lc3", [(8, 8), (16, 12), (32, 16), (64, 20)])
    opus = rows("opus@16k", 16, 14)
    aside = [*rows("pcm@8bit", 128, 30), *rows("mel:16k-64/pghi", 99, -2)]
    found = table("Ranks", [*lc3, *opus, *aside])
    cells = {line[0]: line[1] for line in found.rows}
    # lc3@64k is of the catalog's longer set; lc3@8k is in no set, so somebody asked for it
    assert cells == {"lc3@32k": "1-1", "opus@16k": "2-2", "lc3@16k": "3-4", "lc3@8k": "3-4"}
    assert "Ranks" not in tables(rows("lc3@16k", 16, 10))


def test_the_page_has_all_three_and_the_terminal_the_first() -> None:
    page = render.markdown(OPUS)
    titles = [part.partition("\n")[0] for part in page.split("\n## ")[1:]]
    assert [t for t in titles if t.startswith(("At", "How many", "Which differences"))] == [
        "At which rate is the target met? 16k-mono", "Which differences are certain? 16k-mono",
    ]  # fmt: skip
    out = StringIO()
    render.print_leaderboard(OPUS, Console(file=out, width=120))
    assert "Rate at target, 16k-mono" in out.getvalue()
    assert "Ranks" not in out.getvalue()


def test_opus_at_variable_bitrate_is_the_anchor_where_it_has_a_curve() -> None:
    variable = [
        one
        for rate, snr in ((6, 8), (12, 12), (24, 16), (48, 20))
        for one in rows(f"opus@{rate}k-vbr", rate, snr)
    ]
    lone = rows("opus@16k-vbr", 16, 12.5)
    assert "Rate against opus@vbr" in tables([*OPUS, *variable])
    assert "Rate against opus" in tables([*OPUS, *lone, *curve("lc3", [(16, 9), (32, 15)])])
    against = table("Rate against opus@vbr", [*OPUS, *variable])
    assert {line[0]: line[1] for line in against.rows} == {"opus": "+33 (+33; 100 %)"}
    assert "with the leader and with opus@16k-vbr" in table("Ranks", [*OPUS, *lone]).meaning
    assert "with the leader and with opus@16k," in table("Ranks", OPUS).meaning
