"""How fast DAC runs: measured on a tiny network, and the committed page is its figures'."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from msgspec.structs import replace
from transformers import DacConfig, DacModel

from codecmark.neural import dac
from codecmark.studies import dac_speed, dac_speed_figures, dac_speed_page, network_costs
from codecmark.studies.dac_speed_figures import Measured, Subject, Times, Way
from places import COMMITTED
from tiny_networks import tiny_dac

SPEC = "dac:16khz@6k"


def way(name: str, *rtf: float, db: float | None = None, at_level_db: float | None = None) -> Way:
    twice = tuple(2 * value for value in rtf)  # another process had half of the processor
    return Way(name, Times(rtf, twice), db, at_level_db)


def made_up(*ways: Way, count: int = 1) -> Measured:
    times = Times((0.4, 0.6), (0.8, 1.2))
    products = {"encoder": 10e9, "decoder": 20e9, "fused": 8e9}
    dac = Subject(SPEC, 1.0, times, ways, {"eager, int8": "has no such layers"}, products)
    chain = Subject("mel/chain", 1.0, times, (way("eager, float32", 1.6, 1.6),), {})
    reach = {"float32": 40e9, "bfloat16": 100e9}
    return Measured(count, "a host", {"torch": "2"}, 1.0, 2, (dac,), chain, reach)


EAGER = way("eager, float32", 0.8, 0.8)
SAME = way("fused, float32", 0.5, 0.5, db=110.0, at_level_db=105.0)
FAST = way("fused, bfloat16", 0.2, 0.16, db=58.7, at_level_db=28.0)


@pytest.fixture(scope="module")
def measured() -> Measured:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(dac.PUBLISHED, "16khz", tiny_dac("16khz"))
        patch.setattr(dac_speed, "CODECS", {SPEC: 0.2})
        patch.setattr(dac_speed, "CHAIN", "mel:16k-64/griffinlim-2")
        return dac_speed.measured(1, ("eager", "fused"))


def test_every_execution_is_timed_or_says_why_not(measured: Measured) -> None:
    (subject,) = measured.codecs
    names = {f"{backend}, {dtype}" for backend in ("eager", "fused")
             for dtype in ("float32", "bfloat16", "int8")}  # fmt: skip
    assert {way.name for way in subject.ways} | set(subject.absent) == names
    assert set(subject.absent) == {"eager, int8", "fused, int8"}
    assert "only convolutions" in subject.absent["eager, int8"]
    for times in (subject.encode, *(way.decode for way in subject.ways), measured.chain.encode):
        assert len(times.processor) == len(times.passed) == measured.rounds == 2
        assert min(*times.processor, *times.passed) > 0
    # a chain whose vocoder is no network has one way
    assert [way.name for way in measured.chain.ways] == ["eager, float32"]
    assert set(measured.reach) == {"float32", "bfloat16"}


def test_agreement_is_with_eager_and_takes_two_kinds_of_weights(measured: Measured) -> None:
    (subject,) = measured.codecs
    eager, half, same, fast = subject.ways
    assert (eager.name, eager.agreements_db) == ("eager, float32", [])
    assert same.name == "fused, float32"
    assert min(same.agreements_db) > 80
    for each in (half, fast):
        assert each.agreement_db is not None
        assert each.agreement_at_level_db is not None
        assert 15 < each.agreement_at_level_db < each.agreement_db < 80


def test_products_are_those_of_the_layers(measured: Measured) -> None:
    (subject,) = measured.codecs
    decoder: Any = DacModel(DacConfig(**tiny_dac("16khz"))).decoder
    counted = network_costs.products(decoder, torch.zeros(1, 32, 10))  # ends are padded
    expected = counted * 5  # 50 frames a second
    assert subject.products_per_s["decoder"] == expected
    assert 0 < subject.products_per_s["fused"] < 2 * expected


def test_products_made_are_counted_in_layers_and_outside() -> None:
    layer = torch.nn.Conv1d(3, 5, 7)
    values = torch.zeros(1, 3, 16)
    assert network_costs.products_made(layer, values) == 10 * 3 * 5 * 7
    assert network_costs.products_made(layer, values) == network_costs.products(layer, values)

    class Product(torch.nn.Module):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return torch.bmm(values, values.transpose(1, 2))

    assert network_costs.products_made(Product(), values) == 3 * 3 * 16


def test_weights_that_keep_the_level_keep_it() -> None:
    decoder: Any = DacModel(DacConfig(**tiny_dac("16khz"))).decoder
    dac_speed.keep_level(decoder)
    levels: list[float] = []
    for block in decoder.block:
        block.register_forward_hook(lambda _, __, output: levels.append(float(output.std())))
    with torch.inference_mode():
        decoder(torch.randn(1, 32, 60, generator=torch.Generator().manual_seed(0)))
    assert len(levels) == 4
    assert 0.3 < min(levels) <= max(levels) < 1


def test_another_number_of_threads_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, list[str]]] = []

    def apart(count: int, backends: list[str]) -> Measured:
        asked.append((count, backends))
        return made_up(EAGER, replace(SAME, agreement_db=100.123456), count=count)

    monkeypatch.setattr(dac_speed, "_apart", apart)
    dac_speed.main(["--out", str(tmp_path), "--threads", "2", "--backends", "eager,fused"])
    page = tmp_path / "dac_speed.md"
    page.write_text(page.read_text() + dac_speed_page.BY_HAND + "\nNot this way.\n")
    dac_speed.main(["--out", str(tmp_path), "--threads", "1"])
    assert asked[0] == (2, ["eager", "fused"])
    assert [count for count, _ in asked] == [2, 1]
    stored = dac_speed_figures.read(tmp_path / "dac_speed.json")
    assert list(stored) == [1, 2]
    assert stored[2].codecs[0].ways[1].agreement_db == 100.1
    assert stored[1] == made_up(EAGER, replace(SAME, agreement_db=100.1))
    text = page.read_text()
    assert text.index("## One thread") < text.index("## 2 threads")
    assert text.endswith(dac_speed_page.BY_HAND + "\nNot this way.\n")


@pytest.mark.parametrize(
    ("ways", "verdict"),
    [
        (
            (EAGER, way("fused, float32", 0.3, 0.2, db=110.0, at_level_db=90.0)),
            "reached: fused, float32 takes 0.200 in its fastest round, 0.250 in the median, and "
            "agrees to 110 dB with seeded weights, to 90 with weights that keep the level.",
        ),
        (
            (EAGER, way("fused, float32", 0.26, 0.245, db=110.0, at_level_db=90.0)),
            "reached within the noise of 2 rounds alone (0.260, 0.245): fused, float32 takes 0.245",
        ),
        (
            (EAGER, SAME, FAST),
            "reached with seeded weights alone: fused, bfloat16 takes 0.160 in its fastest round, "
            "0.180 in the median, and agrees to 59 dB with seeded weights, to 28 with weights that "
            "keep the level.",
        ),
        ((EAGER, SAME), "not reached: fused, float32 takes 0.500 in its fastest round, 0.500"),
        (
            (EAGER, replace(FAST, agreement_db=39.0)),
            "not reached: eager, float32 takes 0.800 in its fastest round, 0.800 in the median, "
            "and is the reference.",
        ),
    ],
)
def test_the_goal_is_reached_where_time_and_agreement_are(
    ways: tuple[Way, ...], verdict: str
) -> None:
    assert f"The goal, 0.25 at 40 dB, is {verdict}" in dac_speed_page.page({1: made_up(*ways)})


def test_the_page_says_what_to_choose_and_what_limits_it() -> None:
    text = dac_speed_page.page({1: made_up(EAGER, SAME, FAST)})
    assert "`--backend fused --dtype bfloat16`, whose error lay 28.0 dB or more below" in text
    assert "takes 0.16 dB from the 13.8 dB" in text  # 10 lg(1 + 10^-1.42)
    assert "or `--backend fused`, 2.8 times as slow" in text
    row = "| decode | fused, bfloat16 | 0.18 | 4.50 (4.00 to 5.00) | 111 | 58.7 | 28.0 |"
    assert row in text
    assert f"| `{SPEC}` | decoder as written | 20.0 | 0.50 | 0.20 |" in text
    assert "would be 40 % in float32 and 44 % in bfloat16." in text
    assert f"- `{SPEC}` on eager, int8: has no such layers" in text


def test_the_committed_page_is_made_of_its_figures() -> None:
    figures = dac_speed_figures.read(COMMITTED / "dac_speed.json")
    page = (COMMITTED / "dac_speed.md").read_text(encoding="utf-8")
    assert page == dac_speed_page.page(figures, page)
    assert {subject.spec for subject in figures[1].codecs} == set(dac_speed.CODECS)


def test_on_more_threads_the_time_that_passed_counts() -> None:
    text = dac_speed_page.page({2: made_up(EAGER, SAME, FAST, count=2)})
    row = "| decode | fused, bfloat16 | 0.36 | 0.32 | 0.18 | 4.50 (4.00 to 5.00) | 111 |"
    assert row in text
    assert (
        "The goal, 0.14 at 40 dB, is not shown: fused, bfloat16 takes 0.320 in its fastest "
        "round (0.080 if 2 threads shared its processor seconds evenly)" in text
    )
