"""Ranks and how far they can be trusted."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

import committed as committed_run
from codecmark import InputError
from codecmark.analysis.ranking import SOURCES_FOR_ALL, rank
from codecmark.analysis.samples import collect
from codecmark.metrics.table import VISQOL_FIELD
from codecmark.results import store
from codecmark.results.row import ResultRow
from places import COMMITTED


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


def test_with_many_sources_every_pair_is_compared() -> None:
    means = {"a@1": 9.0, "b@1": 8.0, "c@1": 8.0, "d@1": 5.0, "e@1": 4.0}
    rows = [
        scored
        for seed, (spec, mean) in enumerate(means.items())
        for scored in codec(spec, noisy(mean, seed, SOURCES_FOR_ALL))
    ]
    places = {one.spec: (one.first, one.last) for one in rank(rows, "snr_db", "a@1").places}
    assert places == {"a@1": (1, 1), "b@1": (2, 3), "c@1": (2, 3), "d@1": (4, 4), "e@1": (5, 5)}
    fewer = [scored for scored in rows if scored.source != "clip0"]
    places = {one.spec: (one.first, one.last) for one in rank(fewer, "snr_db", "a@1").places}
    assert places["d@1"] == (2, 5)  # it was compared with the leader only


def test_false_alarms_among_all_pairs_are_one_in_twenty() -> None:
    rng = np.random.default_rng(6)
    trials, alarms = 60, 0
    for _ in range(trials):
        values = rng.normal(size=(8, SOURCES_FOR_ALL))
        rows = [r for i, one in enumerate(values) for r in codec(f"c@{i}", one.tolist())]
        found = rank(rows, "snr_db", anchor="c@0")
        alarms += any(place.last - place.first < 7 for place in found.places)
    assert alarms / trials <= 0.1


def test_speech_ranks_between_6_and_32_kbit_are_narrow_on_the_test_half() -> None:
    rows = store.read(COMMITTED / "test_half")
    rates: dict[str, list[float]] = {}
    for found in rows:
        if found.clip_class == "speech" and found.bitrate_kbps is not None:
            rates.setdefault(found.spec, []).append(found.bitrate_kbps)
    widths: dict[str, list[int]] = {
        spec: [] for spec, kbps in rates.items() if 6 <= np.mean(kbps) < 33
    }
    assert len(widths) >= 14
    for metric in ("pesq_wb", "zimtohrli", VISQOL_FIELD):
        for place in rank(rows, metric, "opus@16k-vbr", "speech").places:
            if place.spec in widths:
                widths[place.spec].append(1 + place.last - place.first)
    assert {spec: each for spec, each in widths.items() if min(each) > 3} == {}


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
