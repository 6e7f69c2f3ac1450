"""The command line: what is measured, how, and where rows go."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from codecmark.commands.measuring_options import (
    add_class_argument,
    add_execution_arguments,
    add_predictors_argument,
)
from codecmark.commands.pytest_plugin.session import SESSION, Session
from codecmark.commands.stored_rows import RESULTS
from codecmark.corpus import condition
from codecmark.errors import CodecmarkError, UnavailableError


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("codecmark")
    group.addoption("--codecs", metavar="SPEC,...", help="specs or families, comma-separated")
    group.addoption("--all-codecs", action="store_true", help="every catalog entry")
    group.addoption(
        "--corpus",
        type=Path,
        metavar="PATH",
        help="folder, manifest or audio file (default: the bundled clips)",
    )
    add_class_argument(group.addoption)
    add_predictors_argument(group.addoption)
    group.addoption("--limit", type=int, metavar="N", help="at most N clips, over all classes")
    group.addoption(
        "--condition",
        default=condition.DEFAULT_CONDITION,
        choices=sorted(condition.CONDITIONS),
        help="what every codec is given (default: %(default)s)",
    )
    group.addoption("--new", action="store_true", help="start a new run: measure everything afresh")
    group.addoption(
        "--retry-failed",
        action="store_true",
        help="try again what failed, was unavailable or lacked its weights",
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
        default=RESULTS,
        metavar="DIR",
        help="where rows and leaderboard go (default: %(default)s)",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check the options; no clip is read before a benchmark is collected.

    What is wrong with them ends pytest with exit status 2, as it does `codecmark run`.
    """
    for name, pattern in (("python_files", "bench_*.py"), ("python_functions", "bench_*")):
        if pattern not in config.getini(name):
            config.addinivalue_line(name, pattern)
    try:
        _require_histogram(config)
        config.stash[SESSION] = Session.from_options(config)
    except CodecmarkError as error:
        pytest.exit(f"codecmark: {error}", returncode=2)


def _require_histogram(config: pytest.Config) -> None:
    """Refuse `--benchmark-histogram` before hours of measuring, not after, where it cannot be."""
    if config.getoption("benchmark_histogram") and find_spec("pygal") is None:
        raise UnavailableError(
            "--benchmark-histogram needs the packages pygal and pygaljs",
            "install them: pip install 'codecmark[histogram]'",
        )
