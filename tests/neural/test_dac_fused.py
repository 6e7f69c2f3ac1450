"""DAC's decoder in fewer products: the same function as transformers', whatever the strides."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from transformers import DacConfig, DacModel

from codecmark import create
from codecmark.errors import UnavailableError
from codecmark.networks.setup import Setup
from codecmark.neural import dac_fused, snake
from codecmark.neural.dac_fused import FrequencyFilter, FusedDecoder, PlainFilter
from codecmark.studies.dac_speed import keep_level
from codecmark.system.execution import Execution
from tiny_networks import tiny_dac

ALL, NONE = 1, 10**9  # from how many channels on filters are applied in the frequency domain


def decoder(variant: str = "16khz") -> Any:
    """Return a tiny decoder whose layers keep the level."""
    network: Any = DacModel(DacConfig(**tiny_dac(variant))).decoder.eval()
    keep_level(network)
    return network.requires_grad_(False)


def latents(network: Any, frames: int, batch: int = 1) -> torch.Tensor:
    shape = batch, network.conv1.in_channels, frames
    return torch.randn(shape, generator=torch.Generator().manual_seed(frames))


def agreement_db(expected: torch.Tensor, found: torch.Tensor) -> float:
    error = (found - expected).square().sum() / (expected - expected.mean()).square().sum()
    return -10 * math.log10(float(error))


@pytest.mark.parametrize("variant", ["16khz", "24khz", "44khz"])
@pytest.mark.parametrize("frequency_from", [ALL, NONE])
@pytest.mark.parametrize("frames", [1, 2, 31])
def test_it_is_transformers_decoder(variant: str, frequency_from: int, frames: int) -> None:
    network = decoder(variant)
    given = latents(network, frames, batch=2)
    found = FusedDecoder(network, torch.float32, frequency_from)(given)
    expected = network(given)
    assert found.shape == expected.shape
    assert agreement_db(expected, found) > 90


@pytest.mark.parametrize("frequency_from", [ALL, NONE])
def test_bfloat16_costs_no_more_than_products_alone_in_it(frequency_from: int) -> None:
    network = decoder()
    given = latents(network, 40)
    found = FusedDecoder(network, torch.bfloat16, frequency_from)(given)
    assert found.dtype == torch.float32
    assert 25 < agreement_db(network(given), found) < 70


def test_threads_share_the_rows() -> None:
    network = decoder()
    fused = FusedDecoder(network, torch.float32)
    given = latents(network, 20)
    alone = fused(given)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        shared = fused(given)
    finally:
        torch.set_num_threads(before)
    assert agreement_db(alone, shared) > 100


@pytest.mark.parametrize("count", [7, 24, 25, 61, 200])
def test_a_filter_in_the_frequency_domain_is_the_filter(count: int) -> None:
    generator = torch.Generator().manual_seed(count)
    weight = torch.randn(5, 4, 7, generator=generator)
    rows = torch.randn(count, 4, generator=generator)
    frequency, plain = (kind(weight, torch.float32) for kind in (FrequencyFilter, PlainFilter))
    padded = torch.nn.functional.pad(rows, (0, 0, 0, frequency.rows(count) - count))
    expected = torch.conv1d(rows.T[None], weight)[0].T
    torch.testing.assert_close(plain(rows), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(frequency(padded)[: count - 6], expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("dilation", [1, 3, 9])
def test_snake_is_written_where_the_filter_wants_it(dilation: int) -> None:
    signal = np.random.default_rng(0).normal(0, 3, (50, 6)).astype(np.float32)
    alpha = np.linspace(0.1, 8, 6, dtype=np.float32)
    part, rows = snake.rows_of(50, dilation)
    out = np.zeros((rows, 6), np.float32)
    snake.enter(0, 50, signal, alpha, 1 / alpha, out, dilation, part)
    expected = signal + np.sin(alpha.astype(float) * signal) ** 2 / alpha
    at = [3 + (t % dilation) * part + t // dilation for t in range(50)]
    np.testing.assert_allclose(out[at], expected, atol=2e-6, rtol=1e-6)
    others = np.delete(out, at, axis=0)
    assert len(others) == rows - 50
    assert not others.any()


def test_bfloat16_is_rounded_as_torch_rounds_it() -> None:
    signal = torch.randn(2_000, 8, generator=torch.Generator().manual_seed(1))
    out = torch.zeros(2_006, 8, dtype=torch.bfloat16)
    factor = np.full(8, 1e6, np.float32)  # with a factor this large Snake adds next to nothing
    snake.enter(0, 2_000, signal.numpy(), factor, 0 * factor, dac_fused._array(out), 1, 0)
    assert torch.equal(out[3:-3], signal.bfloat16())


def test_an_angle_without_digits_stays_within_the_sine() -> None:
    signal = np.array([[1e12, -3e30, 0.0]], np.float32)
    out = np.zeros((7, 3), np.float32)
    ones = np.ones(3, np.float32)
    snake.enter(0, 1, signal, ones, ones, out, 1, 0)
    assert np.isfinite(out).all()
    np.testing.assert_allclose(out[3], signal[0], rtol=1e-6)


@pytest.mark.usefixtures("tiny_dac_16khz")
def test_it_is_a_part_of_the_spec() -> None:
    eager, fused = (create(spec, Setup()) for spec in ("dac:16khz@6k", "dac:16khz@6k~fused"))
    assert fused.info.spec == "dac:16khz@6k~fused"
    assert (fused.info.backend, fused.info.dtype) == ("fused", "float32")
    assert fused.info.parameters == eager.info.parameters


def test_int8_and_other_devices_are_refused() -> None:
    network = decoder()
    with pytest.raises(UnavailableError, match="fused runs float32 or bfloat16, not int8"):
        dac_fused.on_processor(network, Setup(execution=Execution("fused", "int8")))
