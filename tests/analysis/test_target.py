"""The lowest rate at which a target is met, and its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

import committed as committed_run
from codecmark import InputError
from codecmark.analysis.settings import Setting
from codecmark.analysis.target import Interval, Never, Reached, price, rate_at_target
from rate_curves import row


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


def test_price_of_the_target_on_speech() -> None:
    found = rate_at_target(committed_run.rows(), "speech", TARGET)
    opus, mp3, lyra, untrained = (found[n] for n in ("opus", "mp3", "lyra", "dac:16khz"))
    assert isinstance(opus, Reached)
    assert isinstance(mp3, Reached)
    assert 12 < opus.rate_kbps < 16 < 24 < mp3.rate_kbps < 33
    assert isinstance(lyra, Never)
    assert lyra.missing.keys() == {"snr_db", "visqol_mos_lqo"}
    assert isinstance(untrained, Never)
    assert untrained.nearest is None
    assert "scored 0 of 7 clips" in untrained.reason


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
    found = rate_at_target([row("opus@24k", "a", source="x")], "speech", TARGET)["opus"]
    assert isinstance(found, Reached)
    assert found.interval is None
