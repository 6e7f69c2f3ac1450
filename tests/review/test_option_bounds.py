"""Bounds: options that fail without rows of their own."""

from __future__ import annotations

from codecmark import review
from codecmark.review.options import Bound, Option
from codecmark.review.record import markdown
from codecmark.review.requirements import Requirements
from reviewed import SNR, asked, codec


def bounded(*bounds: Bound) -> Requirements:
    return asked(SNR, options=[
        Option("Opus", "replace", "small", ("opus@*",)),
        Option("Chain", "keep", "it is there", ("audioldm2:music/joint",), bounds),
    ])  # fmt: skip


def test_a_bound_fails_what_has_no_rows() -> None:
    rows = [
        *codec("opus@16k"),
        *codec("mel:a/gl", (-2, -2.1, -2.2, -2, -2.1)),
        *codec("mel:b/gl", (-4,) * 5),
    ]
    by_rows = Bound("SNR", ("mel:a/gl", "mel:b/gl"), "without its VAE")
    chain = review.decide(rows, bounded(by_rows)).outcomes[1].best
    assert chain.status == "out"
    assert chain.findings[0].figure.spec == "mel:a/gl"
    # what was not measured bounds nothing
    missing = Bound("SNR", ("mel:a/gl", "mel:z/gl"), "without its VAE")
    assert review.decide(rows, bounded(missing)).outcomes[1].best.status == "open"
    # and a bound that passes says nothing
    loose = Bound("SNR", ("opus@16k",), "of no use")
    assert review.decide(rows, bounded(loose)).outcomes[1].best.status == "open"


def test_a_witness_voids_a_bound() -> None:
    bound = Bound("SNR", 0.0, "no phase is sent", ("mel:*/*",))
    rows = [*codec("opus@16k"), *codec("mel:a/gl", (-2,) * 5), *codec("mel:b/gl", (-4,) * 5)]
    decision = review.decide(rows, bounded(bound))
    assert decision.outcomes[1].best.status == "out"
    assert (
        "at most 0.0 dB: no phase is sent; the best of 2 such settings measured, `mel:a/gl`, has ["
        in markdown(decision, "r.toml")
    )
    lucky = codec("mel:c/vocoder", (0.5,) * 5)
    assert review.decide([*rows, *lucky], bounded(bound)).outcomes[1].best.status == "open"


def test_rows_count_more_than_a_bound() -> None:
    rows = codec("audioldm2:music/joint")
    found = review.decide(rows, bounded(Bound("SNR", 0.0, "no phase is sent"))).outcomes[1].best
    assert (found.status, found.findings[0].bound) == ("feasible", None)
