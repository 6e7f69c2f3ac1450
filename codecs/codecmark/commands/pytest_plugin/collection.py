"""Which benchmarks there are: one of each kind for each codec."""

from __future__ import annotations

from pathlib import Path

import pytest

from codecmark.commands.pytest_plugin.session import SESSION
from codecmark.errors import CodecmarkError
from codecmark.run import clip_classes, unused_clips
from codecmark.system import host
from codecmark.system.counting import counted


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat a benchmark for each codec."""
    if "measurement" in metafunc.fixturenames:
        specs = metafunc.config.stash[SESSION].specs
        metafunc.parametrize("measurement", specs, indirect=True, scope="session")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what takes long, unless it is asked for."""
    if collection_path.name == "bench_hour.py" and not config.getoption("--hour"):
        return True
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put encoding before decoding, and read the clips if anything needs them."""
    # before pytest groups them by codec: decoding needs the streams that encoding leaves
    items.sort(key=lambda item: item.name.startswith("bench_decode"))
    for item in items:
        if "measurement" in getattr(item, "fixturenames", ()):  # of libraries, while it is measured
            item.add_marker(pytest.mark.filterwarnings("ignore"))
    fixtures = {name for item in items for name in getattr(item, "fixturenames", ())}
    if fixtures.isdisjoint({"bench", "measurement"}):
        return
    session = config.stash[SESSION]
    session.measures_codecs = "measurement" in fixtures
    if not session.has_begun:
        try:
            session.begin()
        except CodecmarkError as error:
            raise pytest.UsageError(str(error)) from error


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Say what will be measured, on what, and where."""
    session = config.stash[SESSION]
    if not session.has_begun:
        return []
    classes = [clip.entry.clip_class for clip in session.clips]
    counts = ", ".join(f"{classes.count(name)} {name}" for name in dict.fromkeys(classes))
    lines = [
        f"codecmark: {counted(len(session.specs), 'codec')}, "
        f"{counted(len(session.clips), 'clip')} ({counts}), condition {session.condition.name}, "
        f"{counted(session.condition.threads, 'thread')}",
        f"codecmark: {host.host()}",
    ]
    if notice := clip_classes.notice([clip.entry for clip in session.clips]):
        lines.append(f"codecmark: {notice}")
    if session.plan is None:
        lines.append("codecmark: smoke run, nothing is timed or stored")
    elif session.plan.kept:
        lines.append(
            f"codecmark: goes on with run {session.plan.run_id}: "
            f"{counted(len(session.plan.kept), 'row')} "
            f"{'is' if len(session.plan.kept) == 1 else 'are'} there, {session.plan.count} "
            f"{'is' if session.plan.count == 1 else 'are'} missing; --new measures afresh"
        )
    elif session.plan.anew:
        lines.append(f"codecmark: {session.plan.anew}")
    elif config.getoption("--codecs") is None and not config.getoption("--all-codecs"):
        lines.append("codecmark: the default set takes some 10 minutes on 2 cores")
    return lines + [f"codecmark: {line}" for line in unused_clips.lines(session.unused)]
