"""What the speech of the test half is worth: its intervals, and which settings it tells apart.

Everything is taken from the committed rows of `results/test_half`; `results/corpora.md` shows it.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pytest

from codecmark.analysis.samples import Scored, collect
from codecmark.analysis.statistics import (
    CONFIDENCE,
    Estimate,
    estimate,
    holm,
    paired_difference,
)
from codecmark.results import store
from places import COMMITTED

SETTINGS = ("opus@12k", "opus@16k", "lc3@16k", "lc3@24k", "lyra@6k", "lyra@9.2k")
METRICS = ("snr_db", "pesq_wb", "estoi")
# mean and half of the 95 % interval on nine clips of five speakers, which were the bundled speech
# when the test half was asked for: SNR in dB, then PESQ-WB
FORMER = {
    "opus@12k": ((12.099, 1.724), (3.499, 0.2098)),
    "opus@16k": ((14.655, 1.4367), (4.135, 0.0696)),
    "lc3@16k": ((11.563, 1.3661), (2.838, 0.6103)),
    "lc3@24k": ((14.948, 0.6984), (3.845, 0.3487)),
    "lyra@6k": ((8.072, 1.6031), (2.972, 0.4009)),
    "lyra@9.2k": ((8.863, 1.663), (3.243, 0.3493)),
}


@cache
def scored(metric: str) -> dict[str, Scored]:
    """Return the values of one metric on the speech of the test half, by setting."""
    return collect(store.read(COMMITTED / "test_half"), metric, "speech")


def mean(metric: str, spec: str) -> Estimate:
    """Return a setting's mean over the speakers."""
    codec = scored(metric)[spec]
    return estimate(list(codec.values.values()), [codec.sources[clip] for clip in codec.values])


def share(metric: str, spec: str) -> float:
    """Return the half width as a share of the former one."""
    half_width = mean(metric, spec).half_width
    assert half_width is not None
    return half_width / FORMER[spec][METRICS.index(metric)][1]


def told_apart() -> dict[tuple[str, str], set[str]]:
    """Return for every pair the metrics that tell it apart, by Holm's rule over all of them.

    Of clips that both settings have rows of.
    """
    differences = {
        (metric, ours, theirs): paired_difference(
            [scored(metric)[ours].values[clip] for clip in clips],
            [scored(metric)[theirs].values[clip] for clip in clips],
            [scored(metric)[ours].sources[clip] for clip in clips],
        )
        for metric in METRICS
        for ours, theirs in combinations(SETTINGS, 2)
        for clips in [sorted({*scored(metric)[ours].values} & {*scored(metric)[theirs].values})]
    }
    adjusted = holm([each.p_value(len(differences)) for each in differences.values()])
    pairs: dict[tuple[str, str], set[str]] = {pair: set() for pair in combinations(SETTINGS, 2)}
    for (metric, *pair), p_value in zip(differences, adjusted, strict=True):
        if p_value < 1 - CONFIDENCE:
            pairs[pair[0], pair[1]].add(metric)
    return pairs


def line(spec: str) -> str:
    """Return a setting's line of the page's table."""
    n = mean("snr_db", spec)
    cells = [f"{n.n} ({n.n_sources})"]
    for metric, decimals in (("snr_db", 1), ("pesq_wb", 2)):
        former_mean, former_half = FORMER[spec][METRICS.index(metric)]
        now = mean(metric, spec)
        cells += [
            f"{former_mean:.{decimals}f} ± {former_half:.2f}",
            f"{now.mean:.{decimals}f} ± {now.half_width:.2f}",
            f"{share(metric, spec):.2f}",
        ]
    return f"| {spec} | {' | '.join(cells)} |"


@pytest.mark.parametrize("spec", SETTINGS)
def test_the_page_shows_the_intervals_of_the_committed_rows(spec: str) -> None:
    assert line(spec) in (COMMITTED / "corpora.md").read_text(encoding="utf-8")


def test_every_pair_is_told_apart_on_a_metric() -> None:
    assert set(scored("snr_db")) >= set(SETTINGS)
    assert {mean("snr_db", spec).n for spec in SETTINGS} == {111}
    assert [pair for pair, metrics in told_apart().items() if not metrics] == []


def test_the_page_counts_what_is_told_apart_and_how_many_intervals_are_half() -> None:
    page = " ".join((COMMITTED / "corpora.md").read_text(encoding="utf-8").split())
    by_pesq = sum("pesq_wb" in metrics for metrics in told_apart().values())
    assert f"all {len(told_apart())} pairs are told apart" in page
    assert f"by PESQ-WB alone {by_pesq}" in page
    shares = [share(metric, spec) for metric in ("snr_db", "pesq_wb") for spec in SETTINGS]
    halved = sum(each <= 0.5 for each in shares)
    assert f"at most half of the former one in {halved} of {len(shares)} cells" in page


def test_five_speakers_seldom_have_the_narrow_interval_that_was_not_halved() -> None:
    codec = scored("pesq_wb")["opus@16k"]
    by_speaker: dict[str, list[float]] = {}
    for clip, value in codec.values.items():
        by_speaker.setdefault(codec.sources[clip], []).append(value)
    speakers = [float(np.mean(values)) for values in by_speaker.values()]
    rng = np.random.default_rng(0)
    drawn = np.array([
        estimate([*rng.choice(speakers, 5, replace=False)], [*"abcde"]).half_width
        for _ in range(2_000)
    ])  # fmt: skip
    former = FORMER["opus@16k"][1][1]
    needed = len(speakers) * (2 * share("pesq_wb", "opus@16k")) ** 2
    page = " ".join((COMMITTED / "corpora.md").read_text(encoding="utf-8").split())
    assert (
        f"{len(speakers)} speakers, drawn at random, have an interval of ±{former:.2f} or less in "
        f"{100 * np.mean(drawn <= former):.0f} % of 2,000 drawings, and of ±{np.median(drawn):.2f} "
        f"in half of them. Half of ±{former:.2f} would take some {round(needed, -1):.0f} speakers."
    ) in page
