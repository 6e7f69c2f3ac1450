"""Encode every clip with every codec."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from codecmark.measure.measurement import Measurement
from codecmark.measure.timing import Timer


def bench_encode(measurement: Measurement, timer: Timer, benchmark: BenchmarkFixture) -> None:
    benchmark.group = "encode"
    measurement.encode(timer)
    if failures := measurement.failures():
        pytest.fail("\n".join(failures), pytrace=False)
