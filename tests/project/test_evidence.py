"""Paired differences, tests and rank intervals."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from msgspec.structs import replace

import committed as committed_run
from codecmark import InputError
from codecmark.analysis.ranking import rank
from codecmark.analysis.samples import collect
from codecmark.analysis.statistics import (
    holm,
    median_estimate,
    paired_difference,
    ratio_estimate,
    uses_wilcoxon,
    wilcoxon_floor,
)
from codecmark.results.row import ResultRow


def row(spec: str, clip: str, snr_db: float | None, **changes: object) -> ResultRow:
    base = ResultRow(
        run_id="r1", spec=spec, family=spec.partition("@")[0], clip=clip, source=clip,
        clip_class="speech", clip_s=5.0, condition="16k-mono", status="ok", snr_db=snr_db,
    )  # fmt: skip
    return replace(base, **changes)


def codec(spec: str, values: list[float]) -> list[ResultRow]:
    return [row(spec, f"clip{index}", value) for index, value in enumerate(values)]


def exact(spec: str, n: int) -> list[ResultRow]:
    reasons = {"snr_db": "infinite: output equals input"}
    return [row(spec, f"clip{index}", None, reasons=reasons) for index in range(n)]


# paired differences


def test_paired_t_test_is_scipys() -> None:
    ours, theirs = [3.1, 2.9, 4.0, 5.2, 3.3], [2.8, 2.9, 3.1, 4.9, 3.4]
    found = paired_difference(ours, theirs, list("abcde"))
    expected = scipy.stats.ttest_rel(ours, theirs)
    interval = expected.confidence_interval(0.95)
    assert found.p_t == pytest.approx(expected.pvalue)
    assert (found.estimate.low, found.estimate.high) == pytest.approx(tuple(interval))
    assert found.median == pytest.approx(0.3)
    assert found.win_rate == 0.7


def test_wilcoxon_of_a_published_example() -> None:
    """Darwin's maize, crossed minus self-fertilised, eighths of an inch: W = 24, p = 0.041."""
    heights = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    found = paired_difference(heights, [0.0] * 15, [str(i) for i in range(15)])
    assert found.p_wilcoxon == pytest.approx(0.0413, abs=5e-5)


def test_clips_of_one_source_are_one_opinion() -> None:
    found = paired_difference([1.0] * 9 + [-1.0], [0.0] * 10, ["a"] * 9 + ["b"])
    assert (found.estimate.mean, found.estimate.n_sources, found.win_rate) == (0.0, 2, 0.5)
    alone = paired_difference([1.0, 2.0], [0.0, 0.0], ["a", "a"])
    assert (alone.p_t, alone.p_value(1), alone.estimate.low) == (None, 1.0, None)


def test_equal_and_constant_differences() -> None:
    same = paired_difference([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], list("abc"))
    assert (same.p_t, same.p_wilcoxon, same.win_rate) == (1.0, 1.0, 0.5)
    shifted = paired_difference([2.0, 3.0, 4.0], [1.0, 2.0, 3.0], list("abc"))
    assert (shifted.p_t, shifted.p_wilcoxon) == (0.0, wilcoxon_floor(3))


def test_wilcoxon_is_used_where_it_could_say_anything() -> None:
    assert wilcoxon_floor(5) == 0.0625
    assert not uses_wilcoxon(5, 1)
    assert uses_wilcoxon(6, 1)
    assert not uses_wilcoxon(8, 45)
    assert uses_wilcoxon(16, 45)


@pytest.mark.parametrize("n_sources", [5, 8, 11, 16, 20, 30])
def test_intervals_of_differences_cover_the_truth(n_sources: int) -> None:
    """Codecs that differ by 1 dB, more on some sources; four clips from each source."""
    rng = np.random.default_rng(11)
    trials, covered, n = 400, 0, 4 * n_sources
    sources = [f"s{i // 4}" for i in range(n)]
    for _ in range(trials):
        hard = np.repeat(rng.normal(scale=3.0, size=n_sources), 4)
        better = 1 + np.repeat(rng.normal(scale=0.5, size=n_sources), 4)
        theirs = hard + rng.normal(scale=0.3, size=n)
        ours = hard + better + rng.normal(scale=0.3, size=n)
        found = paired_difference(ours.tolist(), theirs.tolist(), sources).estimate
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 1 <= found.high
    assert 0.90 <= covered / trials <= 0.98


def test_a_ratio_of_totals_by_hand() -> None:
    # sources A: 10 over 2, B: 14 over 2; ratio 6; residuals -2 and 2, so the standard error is
    # sqrt(2 / 1 * 8) / 4 = 1, and t(0.975, 1) = 12.706
    found = ratio_estimate([4, 6, 14], [1, 1, 2], ["A", "A", "B"])
    assert (found.mean, found.n, found.n_sources) == (6, 3, 2)
    assert found.low == 0  # and not 6 - 12.7: a cost is not below 0
    assert found.high == pytest.approx(6 + 12.7062, abs=1e-4)
    assert ratio_estimate([8], [2], ["A"]).low is None
    same = ratio_estimate([2, 4, 6], [1, 2, 3], ["A", "B", "C"])
    assert (same.low, same.mean, same.high) == (2, 2, 2)


def test_the_interval_of_a_median_is_of_order_statistics() -> None:
    names = [str(n) for n in range(10)]
    found = median_estimate([float(n) for n in range(1, 11)], names)
    # of ten values the second and the ninth: coverage 1 - 2 * (1 + 10) / 2**10 = 97.9 %
    assert (found.mean, found.low, found.high) == (5.5, 2, 9)
    six = median_estimate([3.0, 1, 2, 6, 5, 4], names[:6])
    assert (six.mean, six.low, six.high) == (3.5, 1, 6)
    assert median_estimate([1.0, 2, 3, 4, 5], names[:5]).low is None
    assert median_estimate([1.0, 3, 9], ["a", "a", "b"]).mean == 5.5


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


# ranks


def noisy(mean: float, seed: int, n: int = 12) -> list[float]:
    return [mean + value for value in np.random.default_rng(seed).normal(scale=0.2, size=n)]


def test_ranks_are_intervals_with_groups() -> None:
    rows = [
        *codec("bad@1", noisy(2, 1)), *codec("good@1", noisy(9, 2)), *exact("flac", 12),
        *codec("good@2", noisy(8.99, 3)), *codec("middle@1", noisy(5, 4)),
        *codec("middle@2", noisy(5, 5)),
    ]  # fmt: skip
    found = rank(rows, "snr_db", anchor="middle@1")
    places = {place.spec: (place.first, place.last, place.group) for place in found.places}
    assert found.places[0].spec == "flac"
    assert found.places[0].estimate is None
    assert places["flac"] == (1, 1, 1)
    assert places["good@1"][2] == places["good@2"][2] == 2
    assert places[found.leader][:2] == (2, 3)
    # it ties with the leader and beats the anchor; against middle@2 it was never tested
    assert sorted([places["good@1"][:2], places["good@2"][:2]]) == [(2, 3), (2, 4)]
    assert places["middle@1"][2] == places["middle@2"][2] == 3
    assert places["middle@1"][:2] == (4, 5)
    # tied with the anchor, so nothing is known of it against what the anchor beats
    assert places["middle@2"][:2] == (3, 6)
    assert places["bad@1"] == (5, 6, 4)
    assert found.test == "Wilcoxon signed-rank"


def test_lower_is_better_where_the_metric_says_so() -> None:
    rows = [
        row(spec, f"clip{i}", None, lsd_db=value)
        for spec, mean in (("near@1", 1), ("far@1", 5))
        for i, value in enumerate(noisy(mean, mean, 6))
    ]
    found = rank(rows, "lsd_db", anchor="far@1")
    assert [place.spec for place in found.places] == ["near@1", "far@1"]
    versus = found.places[0].versus_anchor
    assert versus is not None
    assert (versus.outcome, versus.difference.estimate.mean < 0) == ("better", True)
    assert [place.first for place in found.places] == [1, 2]


def test_incomplete_codecs_are_not_ranked() -> None:
    failed = row("broken@1", "clip1", None, status="failed", reason="decode: broke")
    missing = ResultRow(run_id="r1", spec="absent", family="absent", condition="16k-mono",
                        status="unavailable", reason="fetch it")  # fmt: skip
    half = [row("half@1", "clip0", 9.0), *exact("half@1", 2)[1:]]
    rows = [*codec("a@1", [1.0, 2.0]), row("broken@1", "clip0", 99.0), failed, missing, *half]
    found = rank(rows, "snr_db", anchor="a@1")
    assert [place.spec for place in found.places] == ["a@1"]
    assert found.not_ranked == {
        "broken@1": "scored 1 of 2 clips: decode: broke",
        "absent": "scored 0 of 2 clips: fetch it",
        "half@1": "infinite on 1 of 2 clips: no mean exists",
    }


def test_what_cannot_be_ranked_is_an_error() -> None:
    rows = codec("a@1", [1.0, 2.0])
    with pytest.raises(InputError, match="anchor: b@1: not in these rows; choose one of a@1"):
        rank(rows, "snr_db", anchor="b@1")
    with pytest.raises(InputError, match="choose one of snr_db"):
        rank(rows, "beauty", anchor="a@1")
    with pytest.raises(InputError, match="none of class 'music'"):
        rank(rows, "snr_db", "a@1", clip_class="music")
    with pytest.raises(InputError, match="statistics need one"):
        collect([*rows, row("a@1", "x", 1.0, condition="48k-mono")], "snr_db")


def test_false_alarms_among_equal_codecs_are_as_rare_as_the_docstring_says() -> None:
    rng = np.random.default_rng(5)
    trials, alarms = 60, 0
    for _ in range(trials):
        values = rng.normal(size=(20, 6))
        rows = [r for i, one in enumerate(values) for r in codec(f"c@{i}", one.tolist())]
        alarms += len({place.group for place in rank(rows, "snr_db", anchor="c@0").places}) > 1
    assert alarms / trials <= 0.2


@pytest.fixture(scope="module")
def committed() -> list[ResultRow]:
    return committed_run.rows()


def test_ranks_of_the_committed_run(committed: list[ResultRow]) -> None:
    chosen = {
        "pcm16", "flac", "vorbis@q5", "opus@16k", "dac:16khz@6k", "audioldm2:base/hifigan",
        "mel:16k-64/griffinlim-64",
    }  # fmt: skip
    rows = [row for row in committed if row.spec in chosen]
    found = rank(rows, "snr_db", anchor="opus@16k")
    assert [place.spec for place in found.places[:2]] == ["pcm16", "flac"]
    assert [(p.first, p.last) for p in found.places[:2]] == [(1, 2), (1, 2)]
    assert found.leader == "vorbis@q5"
    assert {"dac:16khz@6k", "audioldm2:base/hifigan"} <= found.not_ranked.keys()
    last = found.places[-1]
    assert (last.spec, last.versus_anchor and last.versus_anchor.outcome) == (
        "mel:16k-64/griffinlim-64", "worse",
    )  # fmt: skip
    assert all(place.first <= place.last for place in found.places)
