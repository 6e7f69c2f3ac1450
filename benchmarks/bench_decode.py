"""Decode every stream of every codec; encodes first, untimed, if that was not benchmarked."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from codecmark.measure.measurement import Measurement
from codecmark.measure.timing import Timer


def bench_decode(measurement: Measurement, timer: Timer, benchmark: BenchmarkFixture) -> None:
    benchmark.group = "decode"
    measurement.decode(timer)
    if failures := measurement.failures():
        pytest.fail("\n".join(failures), pytrace=False)
