"""Curves, Bjøntegaard deltas, Pareto fronts and the price of a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from msgspec import structs

import committed as committed_run
from codecmark import InputError
from codecmark.analysis.curves import Curve, Point, curves, hull
from codecmark.analysis.delta import Delta, Refusal, bd_quality, bd_rate, compare, distance
from codecmark.analysis.pareto import dominators, front
from codecmark.analysis.settings import Setting
from codecmark.analysis.statistics import Estimate
from codecmark.analysis.target import Interval, Never, Reached, price, rate_at_target
from codecmark.results.row import ResultRow


def points(name: str, rates: Sequence[float], quality: Sequence[float]) -> tuple[Point, ...]:
    return tuple(
        Point(f"{name}@{rate}", rate, Estimate(level, None, None, 1, 1))
        for rate, level in zip(rates, quality, strict=True)
    )


def row(spec: str, clip: str = "a", **changes: object) -> ResultRow:
    base = ResultRow(
        run_id="r1", spec=spec, family=spec.partition("@")[0], clip=clip, source=clip,
        clip_class="speech", clip_s=5.0, condition="16k-mono", status="ok", stream_bytes=10_000,
        snr_db=15.0, visqol_mos_lqo=4.2, decode_s=0.1, host="machine",
    )  # fmt: skip
    return structs.replace(base, **changes)


# curves


def test_rates_are_totals_and_quality_is_over_sources() -> None:
    rows = [
        row("opus@24k", "a", snr_db=10.0),
        row("opus@24k", "b", snr_db=20.0, clip_s=15.0, stream_bytes=60_000),
        row("opus@6k", "a", snr_db=3.0, source="x"),
        row("opus@6k", "b", snr_db=5.0, source="x"),
    ]
    (curve,) = curves(rows, "snr_db").values()
    assert [(p.spec, p.rate_kbps, p.quality.mean) for p in curve.points] == [
        ("opus@6k", 16.0, 4.0), ("opus@24k", 28.0, 15.0),
    ]  # fmt: skip
    assert curve.points[0].quality.n_sources == 1


def test_range_coded_tokens_are_a_curve_of_their_own() -> None:
    rows = [row("lyra@6k"), row("lyra@6k+ac", stream_bytes=9_000), row("snac:24khz+ac")]
    assert list(curves(rows, "snr_db")) == ["lyra", "lyra+ac", "snac:24khz+ac"]


def test_variants_are_curves_and_incomplete_settings_are_left_out() -> None:
    exact = {"snr_db": "infinite: output equals input"}
    rows = [
        row("dac:16khz@6k"), row("dac:24khz@6k"), row("dac:24khz@24k"),
        row("dac:24khz@24k", "b", status="failed", reason="decode: broke", snr_db=None),
        row("dac:16khz@6k", "b"), row("dac:24khz@6k", "b"),
        row("flac", snr_db=None, reasons=exact), row("flac", "b", snr_db=None, reasons=exact),
    ]  # fmt: skip
    found = curves(rows, "snr_db")
    assert list(found) == ["dac:16khz", "dac:24khz", "flac"]
    assert [p.spec for p in found["dac:24khz"].points] == ["dac:24khz@6k"]
    assert found["dac:24khz"].left_out == {"dac:24khz@24k": "scored 1 of 2 clips: decode: broke"}
    assert found["flac"].left_out == {"flac": "exact: its quality is no number"}


def test_the_hull_drops_what_costs_more_for_nothing() -> None:
    found = points("a", [1, 2, 3, 3, 4, 5], [1, 3, 2, 3, 4, 4])
    kept = hull(Curve("a", "snr_db", found, {}))
    assert [(p.rate_kbps, p.quality.mean) for p in kept] == [(1, 1), (2, 3), (4, 4)]
    lower = hull(Curve("a", "lsd_db", points("a", [1, 2, 3], [5, 6, 4]), {}))
    assert [p.quality.mean for p in lower] == [5, 4]


# Bjøntegaard deltas

# the example in the README of the package bjontegaard, and what its version 1.3.0 returns for it
ANCHOR = points(
    "anchor", [1358.24, 2486.44, 4593.60, 9487.76], [34.851, 36.845, 38.615, 40.037]
)  # fmt: skip
TEST = points("test", [1356.24, 2451.52, 4469.00, 9787.80], [34.987, 36.970, 38.651, 40.121])


def delta(found: Delta | Refusal) -> Delta:
    assert isinstance(found, Delta)
    return found


def test_deltas_agree_with_the_package_bjontegaard() -> None:
    rate, quality = delta(bd_rate(TEST, ANCHOR)), delta(bd_quality(TEST, ANCHOR))
    assert rate.pchip == pytest.approx(-4.417485350589045, rel=1e-9)
    assert rate.akima == pytest.approx(-4.425245156997493, rel=1e-9)
    assert quality.pchip == pytest.approx(0.11969278542479489, rel=1e-9)
    assert quality.akima == pytest.approx(0.11940927028529469, rel=1e-9)
    assert rate.overlap_percent == pytest.approx(100 * (40.037 - 34.987) / (40.121 - 34.851))
    assert not rate.disputed


def test_half_the_bits_is_minus_fifty_per_cent() -> None:
    anchor = points("anchor", [8, 16, 32, 64], [1, 2, 3, 4])
    half = points("half", [4, 8, 16, 32], [1, 2, 3, 4])
    found = delta(bd_rate(half, anchor))
    assert [found.pchip, found.akima] == pytest.approx([-50, -50])
    assert found.overlap_percent == 100
    # each doubling of rate is worth one unit, so half the bits is one unit ahead
    quality = delta(bd_quality(half, anchor))
    assert [quality.pchip, quality.akima] == pytest.approx([1, 1])
    assert quality.overlap_percent == pytest.approx(50)
    back = delta(bd_rate(anchor, half))
    assert back.pchip == pytest.approx(100)


def test_lower_is_better_turns_the_curve_over() -> None:
    anchor = points("anchor", [8, 16, 32, 64], [4, 3, 2, 1])
    half = points("half", [4, 8, 16, 32], [4, 3, 2, 1])
    found = compare(Curve("half", "lsd_db", half, {}), Curve("anchor", "lsd_db", anchor, {}))
    assert delta(found.bd_rate).pchip == pytest.approx(-50)
    assert delta(found.bd_quality).pchip == pytest.approx(-1)
    assert found.distances[0].factor == pytest.approx(2)


def test_refusals_say_why() -> None:
    three = points("three", [1, 2, 3], [1, 2, 3])
    assert bd_rate(three, ANCHOR) == Refusal(
        "the curve has 3 of the 4 points that are needed, each better than every cheaper one"
    )
    far = points("far", [1, 2, 3, 4], [1, 2, 3, 4])
    assert bd_rate(far, ANCHOR) == Refusal("the curves do not overlap")
    assert bd_quality(far, ANCHOR) == Refusal("the curves do not overlap")


def test_dropped_points_are_counted_and_may_be_too_many() -> None:
    dented = Curve("dented", "snr_db", points("d", [1, 2, 3, 4], [35, 38, 37, 39]), {})
    found = compare(dented, Curve("anchor", "snr_db", ANCHOR, {}))
    assert (found.dropped, found.anchor_dropped) == (1, 0)
    assert isinstance(found.bd_rate, Refusal)
    assert "the curve has 3 of the 4" in found.bd_rate.reason


def test_a_single_point_gets_its_distance() -> None:
    anchor = points("anchor", [8, 16, 32, 64], [1, 2, 3, 4])
    (point,) = points("one", [4], [2])
    assert distance(point, anchor) == pytest.approx(4)
    (low,), (high,) = points("low", [4], [0.5]), points("high", [4], [4.5])
    below, above = distance(low, anchor), distance(high, anchor)
    assert below == Refusal("worse than anchor@8, where the anchor's curve ends")
    assert above == Refusal("better than anchor@64, where the anchor's curve ends")
    assert isinstance(distance(point, anchor[:1]), Refusal)


# Pareto fronts


def test_who_dominates_whom() -> None:
    values = {"cheap": (1, 1), "good": (9, 9), "waste": (9, 5), "twin": (9, 9), "dear": (10, 9)}
    assert dominators(values, [-1, 1]) == {
        "cheap": (), "good": (), "twin": (), "waste": ("good", "twin"), "dear": ("good", "twin"),
    }  # fmt: skip


def test_front_over_rate_quality_and_time() -> None:
    rows = [
        row("fast", decode_s=0.1, snr_db=9.0), row("slow", decode_s=1.0, snr_db=9.5),
        row("worse", decode_s=1.0, snr_db=8.0), row("untimed", decode_s=None),
        row("flac", snr_db=None, stream_bytes=90_000, reasons={"snr_db": "infinite: equal"}),
    ]  # fmt: skip
    found = front(rows, ["bitrate_kbps", "snr_db", "decode_rtf"])
    assert found.members == ("fast", "slow", "flac")
    assert found.dominators["worse"] == ("fast", "slow")
    assert found.values["flac"] == (144.0, float("inf"), 0.02)
    assert found.left_out == {"untimed": "decode_rtf: measured on 0 of 1 clips"}
    assert front(rows, ["bitrate_kbps", "snr_db"]).dominators["worse"] == (
        "fast", "slow", "untimed",
    )  # fmt: skip


def test_times_of_two_hosts_make_no_front() -> None:
    rows = [row("a"), row("b", host="another")]
    with pytest.raises(InputError, match="speeds of another, machine must not be compared"):
        front(rows, ["snr_db", "decode_rtf"])
    assert front(rows, ["snr_db", "bitrate_kbps"]).members == ("a", "b")
    with pytest.raises(InputError, match="axis: no 'beauty'; choose from bitrate_kbps"):
        front(rows, ["beauty"])


# the price of a target


def settings(rates: Sequence[float], snr: Sequence[float], mos: Sequence[float]) -> list[Setting]:
    return [
        Setting(f"c@{rate}", rate, {"snr_db": s, "visqol_mos_lqo": m})
        for rate, s, m in zip(rates, snr, mos, strict=True)
    ]


TARGET = {"snr_db": 10.0, "visqol_mos_lqo": 4.0}


def test_the_later_of_two_thresholds_sets_the_price() -> None:
    # SNR is reached at the middle of 8..32 in log rate, ViSQOL three quarters of the way
    found = price(settings([8, 32], [5, 15], [1, 5]), TARGET)
    assert isinstance(found, Reached)
    assert found.rate_kbps == pytest.approx(8 * 4**0.75)
    assert (found.between, found.may_be_lower) == (("c@8", "c@32"), False)


def test_the_cheapest_setting_may_not_be_the_limit() -> None:
    assert price(settings([8, 32], [11, 15], [4, 5]), TARGET) == Reached(8, ("c@8",), True)


def test_a_threshold_lost_before_the_other_is_reached() -> None:
    crossing = settings([8, 32], [15, 5], [1, 5])
    found = price(crossing, TARGET)
    assert isinstance(found, Never)
    later = price([*crossing, *settings([64], [12], [5])], TARGET)
    assert isinstance(later, Reached)
    assert later.rate_kbps == pytest.approx(32 * 2 ** (5 / 7))


def test_never_names_the_nearest_miss() -> None:
    found = price(settings([8, 32], [2, 9], [3, 4.5]), TARGET)
    assert isinstance(found, Never)
    assert found.nearest is not None
    assert found.nearest.spec == "c@32"
    assert found.missing == {"snr_db": pytest.approx(1.0)}
    assert price([], TARGET, "no weights") == Never(None, {}, "no weights")


def test_exact_settings_are_not_interpolated() -> None:
    found = price(settings([8, 32], [5, float("inf")], [4.5, 4.5]), TARGET)
    assert found == Reached(32.0, ("c@32",), False)


def test_lower_is_better_in_targets() -> None:
    rows = [row("a@1", lsd_db=4.0), row("a@2", lsd_db=2.0, stream_bytes=40_000)]
    found = rate_at_target(rows, "speech", {"lsd_db": 3.0})["a"]
    assert isinstance(found, Reached)
    assert found.rate_kbps == pytest.approx(32.0)
    with pytest.raises(InputError, match="thresholds other than 0"):
        rate_at_target(rows, "speech", {"lsd_db": 0.0})


# the committed run


@pytest.fixture(scope="module")
def committed() -> list[ResultRow]:
    return committed_run.rows()


def test_speech_codecs_need_more_bits_than_opus(committed: list[ResultRow]) -> None:
    found = curves(committed, "pesq_wb", "speech")
    for name in ("mp3", "aac"):
        assert 100 < delta(compare(found[name], found["opus"]).bd_rate).pchip < 300
    refused = compare(found["lyra"], found["opus"])
    assert isinstance(refused.bd_rate, Refusal)
    factors = [one.factor for one in refused.distances if isinstance(one.factor, float)]
    assert factors
    assert all(1 < factor < 3 for factor in factors)


def test_price_of_the_target_on_speech(committed: list[ResultRow]) -> None:
    found = rate_at_target(committed, "speech")
    opus, mp3, lyra, untrained = (found[n] for n in ("opus", "mp3", "lyra", "dac:16khz"))
    assert isinstance(opus, Reached)
    assert isinstance(mp3, Reached)
    assert 12 < opus.rate_kbps < 16 < 24 < mp3.rate_kbps < 33
    assert isinstance(lyra, Never)
    assert lyra.missing.keys() == {"snr_db", "visqol_mos_lqo"}
    assert isinstance(untrained, Never)
    assert untrained.nearest is None
    assert "scored 0 of 9 clips" in untrained.reason


def test_the_interval_of_a_rate_is_priced_at_the_edges_of_the_band() -> None:
    # means 8, 12, 16 at 8, 16, 32 kbit/s meet 10 half way up the first doubling; shifted by 2
    # they meet it at the cheapest setting and at the middle one
    settings = [
        Setting(f"c@{rate}", rate, {"snr_db": mean}, {"snr_db": mean - 2}, {"snr_db": mean + 2})
        for rate, mean in ((8.0, 8.0), (16.0, 12.0), (32.0, 16.0))
    ]
    found = price(settings, {"snr_db": 10.0})
    assert isinstance(found, Reached)
    assert found.rate_kbps == pytest.approx(8 * 2**0.5)
    assert found.interval == Interval(8.0, 16.0, low_open=True, high_open=False)
    # wide enough, the dearest setting may miss it too
    wide = [replace(one, lows={"snr_db": one.means["snr_db"] - 9}) for one in settings]
    found = price(wide, {"snr_db": 10.0})
    assert isinstance(found, Reached)
    assert found.interval == Interval(8.0, 32.0, low_open=True, high_open=True)


def test_for_distances_the_better_edge_is_the_lower_one() -> None:
    settings = [
        Setting("c@8", 8.0, {"lsd_db": 3.0}, {"lsd_db": 2.5}, {"lsd_db": 3.5}),
        Setting("c@16", 16.0, {"lsd_db": 1.0}, {"lsd_db": 0.5}, {"lsd_db": 1.5}),
    ]
    found = price(settings, {"lsd_db": 2.0})
    assert isinstance(found, Reached)
    assert found.interval is not None
    assert found.interval.low_kbps == pytest.approx(8 * 2**0.25)
    assert found.interval.high_kbps == pytest.approx(8 * 2**0.75)


def test_one_source_gives_no_interval() -> None:
    found = rate_at_target([row("opus@24k", "a", source="x")], "speech")["opus"]
    assert isinstance(found, Reached)
    assert found.interval is None
