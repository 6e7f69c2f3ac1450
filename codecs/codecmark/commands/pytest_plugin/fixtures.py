"""What a benchmark is given.

Each codec is one parameter of a session fixture, so pytest runs its encode and decode benchmarks
together; when the fixture is torn down the clips are scored and the rows stored.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from codecmark import catalog
from codecmark.commands.pytest_plugin.pedantic_timer import PedanticTimer
from codecmark.commands.pytest_plugin.session import SESSION, Session
from codecmark.errors import CodecmarkError, UnavailableError
from codecmark.measure import row_builder
from codecmark.measure.measurement import Measurement


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest) -> Session:
    """The session's clips, condition and rows."""
    return request.config.stash[SESSION]


@pytest.fixture(scope="session")
def measurement(request: pytest.FixtureRequest, bench: Session) -> Iterator[Measurement]:
    """One codec under measurement; its rows are stored when its benchmarks are through."""
    spec: str = request.param
    try:
        codec = catalog.create(spec)
    except CodecmarkError as error:
        if not any(row.spec == spec for row in bench.rows):
            missing = row_builder.missing(bench.run_id, spec, bench.condition, error)
            bench.finish([missing.finish()])
        if isinstance(error, UnavailableError):
            pytest.skip(str(error))
        pytest.fail(str(error), pytrace=False)
    if any(row.spec == codec.info.spec for row in bench.rows):
        pytest.skip(f"{spec} is {codec.info.spec}, which was measured already")
    measured = Measurement(codec, bench.clips, bench.condition)
    yield measured
    bench.finish(measured.rows(bench.run_id, bench.scorer, memory=not bench.smoke))


@pytest.fixture
def timer(benchmark: BenchmarkFixture) -> PedanticTimer:
    """The benchmark of this test as a timer."""
    return PedanticTimer(benchmark)
