"""Glue between pytest-benchmark and `codecmark.measure.measurement`.

Each codec is one parameter of a session fixture, so pytest runs its encode and decode benchmarks
together; when the fixture is torn down the clips are scored and the rows stored.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from codecmark import catalog
from codecmark.commands.run import add_execution_arguments
from codecmark.corpus import condition
from codecmark.errors import CodecmarkError, UnavailableError
from codecmark.leaderboard import render
from codecmark.measure import row_builder
from codecmark.measure.measurement import Measurement
from codecmark.results import store
from codecmark.review import files
from codecmark.system import host, threads
from pedantic_timer import PedanticTimer
from session import Session

DEFAULT_RESULTS = Path(__file__).parents[1] / "results"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("codecmark")
    group.addoption("--codecs", metavar="SPEC,...", help="specs or families to run")
    group.addoption("--all-codecs", action="store_true", help="every catalog entry")
    group.addoption("--corpus", type=Path, metavar="PATH", help="folder, manifest or audio file")
    group.addoption("--limit", type=int, metavar="N", help="at most N clips, over all classes")
    group.addoption(
        "--condition", default=condition.DEFAULT_CONDITION, choices=sorted(condition.CONDITIONS)
    )
    add_execution_arguments(group.addoption)
    group.addoption(
        "--hour", action="store_true", help="code an hour of speech too: some fifteen minutes"
    )
    group.addoption(
        "--require", type=Path, metavar="FILE", help="requirements that this run has to meet"
    )
    group.addoption(
        "--results",
        type=Path,
        default=DEFAULT_RESULTS,
        metavar="DIR",
        help="where rows and leaderboard go",
    )


SESSION = pytest.StashKey[Session]()
PROGRESS = pytest.StashKey[Progress]()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    try:
        session = Session.from_options(config)
    except CodecmarkError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[SESSION] = session
    threads.limit(session.condition.threads)
    if sys.stderr.isatty():
        # pytest captures the usual descriptors while a benchmark runs: draw on a copy
        terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w")
        config.stash[PROGRESS] = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(file=terminal, force_terminal=True),
            transient=True,
        )


def pytest_report_header(config: pytest.Config) -> list[str]:
    session = config.stash[SESSION]
    classes = [clip.clip_class for clip in session.clips]
    counts = ", ".join(f"{classes.count(name)} {name}" for name in dict.fromkeys(classes))
    lines = [
        f"codecmark: {len(session.specs)} codecs, {len(session.clips)} clips ({counts}), "
        f"condition {session.condition.name}, {session.condition.threads} thread",
        f"codecmark: {host.host()}",
    ]
    if session.smoke:
        lines.append("codecmark: smoke run, nothing is timed or stored")
    elif config.getoption("--codecs") is None and not config.getoption("--all-codecs"):
        lines.append("codecmark: the default set is made to end within 12 minutes on 2 cores")
    return lines + [f"codecmark: not used: {name}: {why}" for name, why in session.unused.items()]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "measurement" in metafunc.fixturenames:
        specs = metafunc.config.stash[SESSION].specs
        metafunc.parametrize("measurement", specs, indirect=True, scope="session")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what takes long, unless it is asked for."""
    if collection_path.name == "bench_hour.py" and not config.getoption("--hour"):
        return True
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # before pytest groups them by codec: decoding needs the streams that encoding leaves
    items.sort(key=lambda item: item.name.startswith("bench_decode"))


def pytest_runtestloop(session: pytest.Session) -> None:
    if PROGRESS in session.config.stash and not session.config.option.collectonly:
        progress = session.config.stash[PROGRESS]
        progress.add_task("starting", total=len(session.items))
        progress.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    progress = item.config.stash.get(PROGRESS, None)
    if progress is not None and progress.task_ids:
        progress.update(progress.task_ids[0], description=item.name)
    result = yield
    if progress is not None and progress.task_ids:
        progress.advance(progress.task_ids[0])
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    if PROGRESS in session.config.stash:
        session.config.stash[PROGRESS].stop()
    if SESSION in session.config.stash:
        session.config.stash[SESSION].scorer.close()
        if not session.config.stash[SESSION].check_requirements():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    session = config.stash[SESSION]
    if session.gate is not None:
        terminalreporter.section("requirements: " + ("met" if session.gate.passed else "not met"))
        terminalreporter.write_line("\n".join(session.gate.lines))
    for remark in session.remarks:
        terminalreporter.write_line(remark)
    if session.overheads and not session.smoke:
        lines = [str(overhead) for overhead in session.overheads]
        terminalreporter.write_line("\n".join(lines))
        if session.whole:
            session.write_harness_page(lines)
    if not session.rows or session.smoke:
        return
    width = None if sys.stdout.isatty() else render.WIDE
    terminalreporter.write_line("")
    render.print_leaderboard(session.rows, Console(width=width))
    terminalreporter.write_line(f"rows: {session.results / store.ROWS / session.run_id}.jsonl")
    is_own_place = config.getoption("--results") != DEFAULT_RESULTS
    if session.whole or is_own_place:
        page = render.write_markdown(session.rows, session.results)
        terminalreporter.write_line(f"page: {page}")
        try:
            for record in files.renew(session.results, session.rows):
                terminalreporter.write_line(f"record: {record}")
        except CodecmarkError as error:  # e.g. a run under another condition than the decision's
            terminalreporter.write_line(f"record: not written: {error}")
    else:
        terminalreporter.write_line(
            "page: not written, since this run is a part; "
            f"`codecmark leaderboard --run {session.run_id}` prints it again"
        )


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
