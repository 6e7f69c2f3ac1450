from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

# before any library reads them: no test asks the network
os.environ["CODECMARK_OFFLINE"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
# a pytest that a test starts is no worker of this one, and so may time
os.environ.pop("PYTEST_XDIST_WORKER", None)
os.environ["CODECMARK_COMMANDS"] = str(Path(__file__).parent / "data" / "commands")

from typing import TYPE_CHECKING

import pytest

from codecmark.clip import AudioClip
from codecmark.corpus import CorpusClip, condition
from codecmark.system import threads
from places import LONGEST_FIRST, VOICE
from tabs import REMEDY, browser_path

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from codecmark.training.dataset import Dataset

collect_ignore = ["data"]  # a plug-in with tests of its own, which want it installed


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write tests/data/golden anew; see golden.py"
    )


def pytest_configure() -> None:
    threads.limit(1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest files first; leave out `weights` and `wheel` unless asked for by `-m`."""
    order = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))
    asked = config.option.markexpr
    opt_in = [
        item
        for item in items
        for name in ("weights", "wheel")
        if item.get_closest_marker(name) and name not in asked
    ]
    config.hook.pytest_deselected(items=opt_in)
    items[:] = [item for item in items if item not in opt_in]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Import all test files without looking for garbage, nor later in what they imported."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def speech() -> AudioClip:
    """A lossless clip of speech, 5 s at 16 kHz."""
    entry = CorpusClip(VOICE.name, VOICE, "shmyrev_msu_ru", "speech")
    clips, _ = condition.prepare([entry], condition.named("16k-mono"))
    return clips[0].audio


@pytest.fixture
def tiny_dac_16khz(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the catalog build DAC 16 kHz tiny, however its network is run."""
    from codecmark.neural import dac
    from tiny_networks import tiny_dac

    monkeypatch.setitem(dac.PUBLISHED, "16khz", tiny_dac("16khz"))


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of made-up recordings to train on; not to be written to."""
    from small_trainings import write_recordings

    folder = tmp_path_factory.mktemp("recordings")
    write_recordings(folder)
    return folder


@pytest.fixture(scope="session")
def prepared(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recordings prepared for training."""
    from codecmark.training import prepare

    out = tmp_path_factory.mktemp("prepared")
    done = prepare.prepare(prepare.from_folder(recordings, "CC0-1.0"), out, lambda _: None)
    assert done.left_out == {}
    return out


@pytest.fixture(scope="session")
def dataset(prepared: Path) -> Dataset:
    """The prepared recordings as crops to train on."""
    from codecmark.training.dataset import Dataset

    return Dataset(prepared)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for every room: a process has one playwright at a time."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="no playwright here: pip install playwright"
    )
    with sync_api.sync_playwright() as playwright:
        path = browser_path(playwright.chromium.executable_path)
        if path is None:
            pytest.skip(REMEDY)
        # no spare renderer is started for a next page that nobody opens
        options = ["--renderer-process-limit=1"]
        opened = playwright.chromium.launch(executable_path=path, args=options)
        yield opened
        opened.close()
