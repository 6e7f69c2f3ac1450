"""The summary at the end: what the harness costs, the leaderboard, and last the requirements."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from rich.console import Console

from codecmark import review
from codecmark.commands.pytest_plugin.session import SESSION, Session
from codecmark.errors import CodecmarkError
from codecmark.leaderboard import render
from codecmark.results import newest, store
from codecmark.results.row import ResultRow
from codecmark.review import files
from codecmark.review.in_force import judged_by_condition
from codecmark.review.replayed import rows_of


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the scoring processes, and fail if requirements were given and are not met."""
    if SESSION in session.config.stash:
        session.config.stash[SESSION].close()
        if not session.config.stash[SESSION].check_requirements():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the summary and write the pages."""
    session = config.stash[SESSION]
    write = terminalreporter.write_line
    for remark in session.remarks:
        write(remark)
    if session.overheads and not session.smoke:
        write("\n".join(session.overheads))
        session.write_harness_page()
    if session.measures_codecs and not session.smoke and (rows := session.rows):
        _write_tables(session, rows, terminalreporter)
    if session.gate is not None:  # last: it is what was asked, and it decides the exit status
        terminalreporter.section("requirements: " + ("met" if session.gate.passed else "not met"))
        write("\n".join(session.gate.lines))


def _write_tables(session: Session, rows: list[ResultRow], terminalreporter: Any) -> None:
    width = None if sys.stdout.isatty() else render.WIDE
    terminalreporter.write_line("")
    try:
        judged = judged_by_condition(session.results, rows)
        if session.requirements is not None:
            replayed = rows_of(session.requirements, session.results)
            judged[session.condition.name] = review.judged(
                rows,
                session.requirements,
                replayed,
                session.impaired_rows(session.requirements),
            )
    except CodecmarkError as error:  # a requirements file that is not usable
        terminalreporter.write_line(f"pages: not written: {error}")
        return
    render.print_leaderboard(rows, Console(width=width), judged=judged)
    path = session.results / store.ROWS / f"{session.run_id}.jsonl"
    terminalreporter.write_line(f"rows: {path}")
    if (shown := newest.newest(session.results)) != session.run_id:
        why = "has all these clips and more rows" if shown < session.run_id else "is newer"
        terminalreporter.write_line(f"no page: run {shown} in {session.results} {why}")
        return
    page = render.write_markdown(rows, session.results, judged)
    terminalreporter.write_line(f"page: {page}")
    try:
        for record in files.renew(session.results, rows):
            terminalreporter.write_line(f"record: {record}")
    except CodecmarkError as error:  # e.g. a run under another condition than the decision's
        terminalreporter.write_line(f"record: not written: {error}")
