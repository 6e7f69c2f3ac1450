"""The fixtures of benchmarks.

Each codec is one parameter of a session fixture, so pytest runs its encode and decode benchmarks
together; when the fixture is torn down the clips are scored and the rows stored.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from codecmark.commands.pytest_plugin import progress
from codecmark.commands.pytest_plugin.extra_info import described
from codecmark.commands.pytest_plugin.pedantic_timer import PedanticTimer
from codecmark.commands.pytest_plugin.session import SESSION, Session
from codecmark.errors import UnavailableError
from codecmark.measure.codec_rows import CodecRows


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest) -> Session:
    """The session's clips, condition and rows."""
    return request.config.stash[SESSION]


@pytest.fixture(scope="session")
def measurement(request: pytest.FixtureRequest, bench: Session) -> Iterator[CodecRows]:
    """One codec under measurement; its rows are stored when its benchmarks are through."""
    spec: str = request.param
    clips = bench.missing(spec)
    if not clips:
        pytest.skip(f"kept: run {bench.run_id} has its rows; --new measures afresh")
    codec = CodecRows(bench.run_id, spec, bench.first, bench.condition, bench.setup)
    measured = {row.spec for row in bench.new_rows}
    if codec.error is not None:
        if spec not in measured:
            bench.finish(codec.rows(bench.scorer, memory=False))
        if isinstance(codec.error, UnavailableError):
            pytest.skip(str(codec.error))
        pytest.fail(str(codec.error), pytrace=False)
    if codec.canonical_spec in measured:
        pytest.skip(f"{spec} is {codec.canonical_spec}, which was measured already")
    codec.take(clips)
    bench.extra_infos.clear()
    yield codec
    progress.show(request.config, f"{spec}: scoring")
    rows = codec.rows(bench.scorer, memory=not bench.smoke)
    bench.finish(rows)
    for extra_info in bench.extra_infos:  # saved at the end of the session
        extra_info.update(described(rows))


@pytest.fixture
def timer(
    request: pytest.FixtureRequest, benchmark: BenchmarkFixture, bench: Session
) -> PedanticTimer:
    """The benchmark of this test as a timer; what it codes is described in its `extra_info`."""
    bench.extra_infos.append(benchmark.extra_info)
    work = progress.described(request.node)
    return PedanticTimer(benchmark, lambda clip: progress.show(request.config, f"{work}, {clip}"))
