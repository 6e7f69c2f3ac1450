"""The two benchmarks of every codec, for a project's own benchmark file to import."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from codecmark.measure.codec_rows import CodecRows
from codecmark.measure.timing import Timer
from codecmark.replay.codec import NO_TIME


def bench_encode(measurement: CodecRows, timer: Timer, benchmark: BenchmarkFixture) -> None:
    """Encode every clip."""
    _refuse_replayed(measurement)
    benchmark.group = "encode"
    measurement.encode(timer)
    if failures := measurement.failures():
        pytest.fail("\n".join(failures), pytrace=False)


def bench_decode(measurement: CodecRows, timer: Timer, benchmark: BenchmarkFixture) -> None:
    """Decode every stream; encodes first, untimed, if that was not benchmarked."""
    _refuse_replayed(measurement)
    benchmark.group = "decode"
    measurement.decode(timer)
    if failures := measurement.failures():
        pytest.fail("\n".join(failures), pytrace=False)


def _refuse_replayed(measurement: CodecRows) -> None:
    if measurement.is_replayed:
        pytest.skip(f"{NO_TIME}; `codecmark run --codecs {measurement.spec}` scores it")
