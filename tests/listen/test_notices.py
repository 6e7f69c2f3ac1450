"""What the server says to whoever runs it keeps no listener waiting."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from codecmark.listen.design import Design
from codecmark.listen.notices import Notices
from listening_tests import Client, planned, served


@contextmanager
def unread(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Make standard error a pipe that is full; yields the end to read from, to be closed.

    Not a fixture: pytest sets the stream anew between setup and test.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"x")
    os.set_blocking(writing, True)
    with os.fdopen(writing, "w", buffering=1) as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        yield reading


def test_a_pipe_that_nobody_reads_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = planned(tmp_path / "t", clips=1)
    with unread(monkeypatch) as reading, served(design) as serving:
        try:
            client, other = Client(serving), Client(serving)
            page = client.join()["pages"][0]
            for sound in (tmp_path / "t" / "stimuli").iterdir():
                sound.write_bytes(b"another")
            for place in ("0", "1", "reference"):
                assert client.raw(f"/api/audio/{page['page']}/{place}")[0] == 500
            assert other.answer(other.join()["pages"][0])[0] == 200
        finally:
            os.close(reading)  # or what is held up would never end


def test_each_notice_is_written_once(capfd: pytest.CaptureFixture[str]) -> None:
    notices = Notices()
    for _ in range(1_000):
        notices.tell("a sound is broken")
        notices.tell("another is")
    notices.close()
    assert capfd.readouterr().err == "a sound is broken\nanother is\n"


def test_where_there_is_no_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    notices = Notices()
    notices.tell("a sound is broken")
    notices.close()
    assert not notices._thread.is_alive()


def test_every_sound_of_a_page_is_read_before_one_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the place that is quick after the open reference was asked for would be that one."""
    design = planned(tmp_path / "t", clips=2)
    read: list[str] = []
    sound = Design.sound

    def counted(self: Design, name: str) -> bytes:
        read.append(name)
        return sound(self, name)

    monkeypatch.setattr(Design, "sound", counted)
    with served(design) as serving:
        client = Client(serving)
        first, second = client.join()["pages"]
        assert client.raw(f"/api/audio/{first['page']}/reference")[0] == 200
        items = set(design.page(first["page"]).items)
        assert (len(read), set(read[:-1])) == (len(items) + 1, items)
        assert client.raw(f"/api/audio/{first['page']}/0")[0] == 200
        assert len(read) == len(items) + 2  # once for each page
        assert client.raw(f"/api/audio/{second['page']}/0")[0] == 200
        assert set(read) == items | set(design.page(second["page"]).items)


def test_a_broken_sound_breaks_every_place_of_its_page(tmp_path: Path) -> None:
    """Or the two places that fail would be the hidden reference and the open one."""
    design = planned(tmp_path / "t", clips=2)
    with served(design) as serving:
        client = Client(serving)
        broken, other = client.join()["pages"]
        path = design.wav(design.page(broken["page"]).reference or "")
        whole = path.read_bytes()
        path.write_bytes(b"another")
        places = [*map(str, range(broken["items"])), "reference"]
        for place in places:
            assert client.raw(f"/api/audio/{broken['page']}/{place}")[0] == 500
            assert client.raw(f"/api/audio/{other['page']}/{place}")[0] == 200
        path.write_bytes(whole)
        for place in places:
            assert client.raw(f"/api/audio/{broken['page']}/{place}")[0] == 200
