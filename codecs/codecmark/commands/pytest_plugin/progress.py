"""A progress bar, where standard error is a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from codecmark.commands.pytest_plugin.session import SESSION

_PROGRESS = pytest.StashKey[Progress]()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Prepare the bar, on a copy of the terminal."""
    if sys.stderr.isatty():
        # pytest captures the usual descriptors while a benchmark runs: draw on a copy
        terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w")
        config.stash[_PROGRESS] = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(file=terminal, force_terminal=True),
            transient=True,
        )


def pytest_runtestloop(session: pytest.Session) -> None:
    """Start the bar, if codecs are measured."""
    config = session.config
    if _PROGRESS in config.stash and config.stash[SESSION].has_begun:
        if config.option.collectonly:
            return
        progress = config.stash[_PROGRESS]
        progress.add_task("starting", total=len(session.items))
        progress.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Name the test, and advance the bar when it has ended."""
    progress = item.config.stash.get(_PROGRESS, None)
    show(item.config, described(item))
    result = yield
    if progress is not None and progress.task_ids:
        progress.advance(progress.task_ids[0])
    return result


def described(item: pytest.Item) -> str:
    """Return what an item works on, e.g. `opus@24k: encode`; its name if that is no codec."""
    callspec = getattr(item, "callspec", None)
    if callspec is None or "measurement" not in callspec.params:
        return item.name
    phase = item.name.partition("[")[0].removeprefix("bench_")
    return f"{callspec.params['measurement']}: {phase}"


def show(config: pytest.Config, text: str) -> None:
    """Name what is worked on, where there is a bar."""
    progress = config.stash.get(_PROGRESS, None)
    if progress is not None and progress.task_ids:
        progress.update(progress.task_ids[0], description=text)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove the bar."""
    if _PROGRESS in session.config.stash:
        session.config.stash[_PROGRESS].stop()
