"""The choice: who is recommended, what would flip it, who dominates whom."""

from __future__ import annotations

import re

import pytest

from codecmark import review
from codecmark.results.row import ResultRow
from codecmark.review.options import Option
from codecmark.review.record import markdown
from places import COMMITTED
from reviewed import FAST, MOS, RATIO, SNR, asked, changed, codec


def test_fewest_bits_among_those_that_pass() -> None:
    rows = [*codec("opus@24k", stream_bytes=15_000), *codec("opus@16k"), *codec("lc3@8k", (5, 5))]
    decision = review.decide(rows, asked(SNR, RATIO))
    assert decision.recommended == "opus@16k"
    assert not decision.provisional
    assert [o.best.status for o in decision.outcomes] == ["feasible", "open"]
    assert decision.outcomes[1].best.findings[0].reason.startswith("scored 2 of 5 clips")


def test_ties_are_settled_by_name() -> None:
    rows = [*codec("opus@16k"), *codec("lc3@16k")]
    for found in (rows, rows[::-1]):
        chosen = review.decide(found, asked()).recommended
        assert chosen == "lc3@16k"


def test_equal_bits_are_settled_by_what_comes_next() -> None:
    """Rates count to one per cent; a quality by its worst class, PESQ by speech alone."""

    def chosen(rows: list[ResultRow], *prefer: str) -> str | None:
        return review.decide(rows, asked(prefer=prefer)).recommended

    music = changed(codec("opus@16k")[0], clip="m", clip_class="music", pesq_wb=None)
    rows = [*codec("opus@16k", stream_bytes=10_001, pesq_wb=4.1), music]
    rows += [*codec("lc3@16k"), changed(music, spec="lc3@16k", visqol_mos_lqo=4.6)]
    assert chosen(rows, "bitrate_kbps") == "lc3@16k"  # by its few bits less
    assert chosen(rows, "bitrate_kbps", "pesq_wb") == "opus@16k"
    assert chosen(rows, "visqol_mos_lqo", "pesq_wb") == "opus@16k"  # both are 4.5 at worst
    rows[4] = changed(rows[4], visqol_mos_lqo=4.4)
    assert chosen(rows, "visqol_mos_lqo", "pesq_wb") == "lc3@16k"


def test_soft_requirements_come_before_bits_and_prefer_is_obeyed() -> None:
    rows = [*codec("opus@24k", stream_bytes=15_000), *codec("lc3@16k", decode_s=1.0)]
    for prefer, spec in ((("soft", "bitrate_kbps"), "opus@24k"), (("bitrate_kbps",), "lc3@16k")):
        chosen = review.decide(rows, asked(SNR, FAST, prefer=prefer)).recommended
        assert chosen == spec


def test_a_choice_by_a_stand_in_is_provisional() -> None:
    decision = review.decide(codec("opus@16k"), asked(SNR, MOS))
    assert decision.provisional
    assert decision.risks[0].text.startswith("MOS is predicted, not heard")
    mos = decision.outcomes[0].best.finding("MOS")
    assert (mos.verdict, mos.effective.verdict) == ("NO EVIDENCE", "PASS")
    unsupported = review.decide(codec("opus@16k"), asked(changed(MOS, stand_in=None)))
    assert unsupported.recommended is None
    assert unsupported.outcomes[0].best.status == "open"


def test_nobody_passes_and_the_smallest_relaxation() -> None:
    rows = [*codec("opus@16k", (9.5,) * 5), *codec("lc3@16k", (8,) * 5)]
    decision = review.decide(rows, asked(SNR, RATIO))
    assert decision.recommended is None
    assert decision.relaxation is not None
    assert decision.relaxation.spec == "opus@16k"
    assert decision.relaxation.thresholds == {"SNR": 9.5}
    assert decision.relaxation.largest_percent == pytest.approx(5)
    text = markdown(decision, "r.toml")
    assert "**Nothing is recommended: no option passes every hard requirement.**" in text
    assert "5 % of a threshold: SNR at 9.5 dB instead of 10; then Opus passes" in text


def test_what_flips_the_choice() -> None:
    rows = [
        *codec("opus@24k", (20,) * 5, stream_bytes=15_000),
        *codec("opus@16k", (15,) * 5),
        *codec("opus@8k", (8,) * 5, stream_bytes=5_000),
    ]
    decision = review.decide(rows, asked(SNR))
    lower, higher = decision.flips[SNR.name]
    assert lower.threshold == pytest.approx(8)
    assert higher.threshold == pytest.approx(15)
    assert [flip.chosen for flip in (lower, higher)] == ["opus@8k", "opus@24k"]
    text = re.sub(r"\]\[\d+\]", "]", markdown(decision, "r.toml"))
    assert "below [8.0 dB]: `opus@8k`; above [15.0 dB]: `opus@24k`" in text


def test_the_pareto_set_names_who_dominates() -> None:
    better = codec("opus@16k", (15, 15.2, 14.8, 15.1))
    worse = codec("lc3@16k", (12, 12.2, 11.8, 12.1))
    noise = codec("lc3@16k", (14.9, 15.2, 14.8, 15.1))
    pareto = review.decide([*better, *worse], asked(SNR)).pareto
    assert pareto.members == ("Opus",)
    assert [(one.option, one.by) for one in pareto.dropped] == [("Others", "opus@16k")]
    # 0.1 dB on one clip of four is no difference
    assert review.decide([*better, *noise], asked(SNR)).pareto.members == ("Opus", "Others")


def test_what_lacks_evidence_could_win_only_where_what_is_known_lets_it() -> None:
    untrained = {"weights": "random", "visqol_mos_lqo": None}
    none = (None,)
    cheap = codec("lc3@8k", none, stream_bytes=5_000, **untrained)
    dear = codec("lc3@8k", none, stream_bytes=50_000, **untrained)
    for rows, names in ((cheap, ["Others"]), (dear, [])):
        decision = review.decide([*codec("opus@16k"), *rows], asked(SNR))
        assert list(decision.contenders) == names


def test_what_was_measured_wins_by_no_margin_that_it_does_not_have() -> None:
    wide = codec("lc3@8k", (9, 9.5, 10, 10.5, 11.5), stream_bytes=5_000)
    decision = review.decide([*codec("opus@16k"), *wide], asked(SNR))
    assert decision.candidates["lc3@8k"].status == "open"
    assert decision.contenders == ()


def test_the_risk_with_the_fewest_half_intervals_comes_first() -> None:
    """Whatever part of its threshold it is: 16 % of 10 dB, 3 of a ratio of 16."""
    ratio = changed(RATIO, threshold=15.5)
    rows = codec("opus@16k", (10.5, 11, 11.5, 12, 13))
    texts = [risk.text for risk in review.decide(rows, asked(SNR, ratio)).risks]
    assert texts == [
        "SNR clears > 10 dB by 1.6 dB, 1.34 half intervals",
        "ratio clears >= 15.5:1 by 0.5:1, without an interval",
    ]


def test_a_wildcard_that_matches_nothing_stands_for_nothing() -> None:
    option = Option("Layer", "extend", "new", ("mel+wave@snr10", "mel+wave@*"))
    requirements = asked(SNR, options=[option])
    for rows, specs in (
        (codec("opus@16k"), ["mel+wave@snr10"]),
        (codec("mel+wave@8k"), ["mel+wave@8k", "mel+wave@snr10"]),
    ):
        (outcome,) = review.decide(rows, requirements).outcomes
        assert [c.spec for c in outcome.candidates] == specs
    lone = Option("Layer", "extend", "new", ("mel+wave@*",))
    (outcome,) = review.decide(codec("opus@16k"), asked(SNR, options=[lone])).outcomes
    assert [c.spec for c in outcome.candidates] == ["mel+wave@*"]


def test_no_evidence_turns_into_figures_when_rows_come() -> None:
    path = COMMITTED / "decisions" / "requirements.toml"
    shipped, layer = review.load(path), "mel:16k-64+wave@snr10"
    for rows, status in (([], "open"), (codec(layer, stream_bytes=6_000), "provisional")):
        decision = review.decide([*codec("opus@16k"), *rows], shipped)
        outcome = next(o for o in decision.outcomes if o.route == "extend the chain")
        assert outcome.best.status == status
    assert decision.recommended == layer
