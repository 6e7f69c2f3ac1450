"""Rate-distortion curves: their points, and which settings are on the hull."""

from __future__ import annotations

from codecmark.analysis.curves import Curve, curves, hull
from rate_curves import points, row


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
