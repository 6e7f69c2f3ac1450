"""The file of answers on a disk that fails, and names that were taken."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from codecmark.listen import design as designs
from codecmark.listen import entries, making
from codecmark.listen.journal import Journal
from listening_tests import planned


def first_answer(journal: Journal) -> tuple[str, tuple[str, list[int], list[float]]]:
    """Begin a session with one page; return it and what may be answered there."""
    session = journal.join("otter").session
    (turn,) = journal.turns(session).values()
    return session, (turn.page, [50] * turn.answers, [1.0] * turn.heard)


def test_a_pseudonym_that_looks_like_a_number_keeps_nobody_out(tmp_path: Path) -> None:
    with Journal(planned(tmp_path / "t", clips=1)) as journal:
        names = [journal.join(name).listener for name in ("Listener 2", "", "", "")]
    assert names == ["Listener 2", "listener 3", "listener 4", "listener 5"]


def test_a_line_that_did_not_fit_is_not_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = planned(tmp_path / "t", clips=1)
    with Journal(design) as journal:
        session, answer = first_answer(journal)

        class Full:
            """The rest of a disk: takes ten bytes, and says so without an error."""

            def __init__(self, file: Any) -> None:
                self.file = file

            def write(self, line: bytes) -> int:
                return int(self.file.write(line[:10]))

            def fileno(self) -> int:
                return int(self.file.fileno())

        file = journal.lines._file
        monkeypatch.setattr(journal.lines, "_file", Full(file))
        with pytest.raises(OSError, match="full"):
            journal.answer(session, *answer)
        assert journal.answers == []
        monkeypatch.setattr(journal.lines, "_file", file)
        assert journal.answer(session, *answer)
    assert len(entries.read(design)[1]) == 1


def test_after_a_failed_synchronisation_nothing_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux reports the failure once; the next call would succeed, and the page be lost."""
    design = planned(tmp_path / "t", clips=1)
    with Journal(design) as journal:
        session, answer = first_answer(journal)

        def broken(_: int) -> None:
            raise OSError("input/output error")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", broken)
            with pytest.raises(OSError, match="input/output"):
                journal.answer(session, *answer)
        for _ in range(2):  # the same page again, as a browser would
            with pytest.raises(OSError, match="could not be synchronised"):
                journal.answer(session, *answer)


def test_what_a_kill_left_unsynchronised_is_synchronised_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a post that is repeated after the restart would be acknowledged without a call."""
    design = planned(tmp_path / "t", clips=1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)  # a kill before it
        with Journal(design) as journal:
            session, answer = first_answer(journal)
            journal.answer(session, *answer)
    synchronised: list[int] = []
    fsync = os.fsync

    def counted(descriptor: int) -> None:
        synchronised.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    with Journal(design) as journal:
        assert (design.folder / designs.ANSWERS).stat().st_ino in synchronised
        assert not journal.answer(session, *answer)


@pytest.mark.parametrize(
    ("rate_hz", "mid", "low"),
    [
        (8_000, "lowpass@2k", "lowpass@1k"),
        (16_000, "lowpass@3.5k", "lowpass@2k"),
        (24_000, "lowpass@3.5k", "lowpass@2k"),
        (48_000, "lowpass@7k", "lowpass@3.5k"),
    ],
)
def test_anchors_lie_well_inside_the_band(rate_hz: int, mid: str, low: str) -> None:
    assert making.anchors_at(rate_hz) == (mid, low)
    ends = [1000 * float(name.removeprefix("lowpass@").removesuffix("k")) for name in (mid, low)]
    assert ends[1] < ends[0] <= rate_hz / 4
