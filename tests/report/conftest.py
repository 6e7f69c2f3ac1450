"""Pages in a browser: a small one, that of the committed run, and a tab that fails on any error."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import committed
from codecmark.__main__ import main
from places import COMMITTED
from reported import make_results
from tabs import DESKTOP

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A desktop page; fails its test if the console shows an error, or anything is fetched."""
    context = browser.new_context(viewport=DESKTOP, color_scheme="light")
    opened = context.new_page()
    errors: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            errors.append(message.text)

    def on_dialog(dialog: Dialog) -> None:
        errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    opened.on("console", on_console)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("dialog", on_dialog)
    outside: list[str] = []
    opened.on("request", lambda request: outside.append(request.url))
    yield opened
    assert errors == []
    assert [url for url in outside if not url.startswith(("file:", "blob:"))] == []
    context.close()


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, browser: object) -> Path:
    """The page of a few rows, one of a clip with a hostile name."""
    results, corpus = make_results(tmp_path_factory.mktemp("small"))
    options = ["--corpus", str(corpus), "--listen", "opus@12k,opus@6k"]
    assert main(["report", str(results), *options]) == 0
    return results / "report" / "index.html"


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, browser: object) -> Path:
    """The page of the committed run and the bundled clips."""
    results = tmp_path_factory.mktemp("whole")
    (results / "rows").mkdir()
    shutil.copy(COMMITTED / "rows" / f"{committed.RUN_ID}.jsonl", results / "rows")
    shutil.copy(COMMITTED / "chain.json", results)
    assert main(["report", str(results)]) == 0
    return results / "report" / "index.html"
