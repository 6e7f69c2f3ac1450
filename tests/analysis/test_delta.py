"""Bjøntegaard deltas between curves, and the distance of a point from one."""

from __future__ import annotations

import pytest

import committed as committed_run
from codecmark.analysis.curves import Curve, curves
from codecmark.analysis.delta import Delta, Refusal, bd_quality, bd_rate, compare, distance
from rate_curves import points

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


def test_speech_codecs_need_more_bits_than_opus() -> None:
    found = curves(committed_run.rows(), "pesq_wb", "speech")
    for name in ("mp3", "aac"):
        assert 100 < delta(compare(found[name], found["opus"]).bd_rate).pchip < 300
    refused = compare(found["lyra"], found["opus"])
    assert isinstance(refused.bd_rate, Refusal)
    factors = [one.factor for one in refused.distances if isinstance(one.factor, float)]
    assert factors
    assert all(1 < factor < 3 for factor in factors)
