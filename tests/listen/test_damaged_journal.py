"""A file of answers after a bad disk: what was acknowledged is there, or the file is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from codecmark.errors import InputError
from codecmark.listen import design as designs
from codecmark.listen import entries
from codecmark.listen.design import Design
from codecmark.listen.journal import Journal
from listening_tests import planned


@pytest.fixture
def design(tmp_path: Path) -> Design:
    """A test that three listeners have begun; its file has three lines."""
    design = planned(tmp_path / "t", clips=1)
    with Journal(design) as journal:
        for name in ("ann", "bea", "cy"):
            journal.join(name)
    return design


def listeners(design: Design) -> list[str]:
    with Journal(design) as journal:
        return [each.listener for each in journal.sessions]


def test_a_carriage_return_anywhere_is_refused_and_cuts_nothing_off(design: Design) -> None:
    """One wrong bit makes one of a minus sign, of which every line has some."""
    path = design.folder / designs.ANSWERS
    whole = path.read_bytes()
    for at in range(len(whole) - 1):
        damaged = whole[:at] + b"\r" + whole[at + 1 :]
        path.write_bytes(damaged)
        for use in (Journal, entries.read):
            with pytest.raises(InputError, match="restore the file from a copy"):
                use(design)
        assert path.read_bytes() == damaged


def test_a_last_line_that_lost_its_end_only_counts(design: Design) -> None:
    path = design.folder / designs.ANSWERS
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert len(entries.read(design)[0]) == 3
    assert listeners(design) == ["ann", "bea", "cy"]
    assert path.read_bytes() == whole
    path.write_bytes(whole[:-1])
    with Journal(design) as journal:
        journal.join("dot")
    assert [each.listener for each in entries.read(design)[0]] == ["ann", "bea", "cy", "dot"]


def test_a_last_line_cut_off_anywhere_takes_no_other_with_it(design: Design) -> None:
    path = design.folder / designs.ANSWERS
    whole = path.read_bytes()
    before = whole.rindex(b"\n", 0, -1) + 1
    for end in range(before, len(whole) - 1):
        path.write_bytes(whole[:end])
        assert len(entries.read(design)[0]) == 2
        assert listeners(design) == ["ann", "bea"]
        assert path.read_bytes() == whole[:before]


@pytest.mark.parametrize("last", [b"*", b"\r", b"x\n", b"\0"])
def test_a_last_line_that_was_changed_is_not_cut_off(design: Design, last: bytes) -> None:
    path = design.folder / designs.ANSWERS
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + last)
    if last == b"\r":  # as on another system; nothing is lost
        assert listeners(design) == ["ann", "bea", "cy"]
        return
    with pytest.raises(InputError, match="restore the file from a copy"):
        Journal(design)
    assert path.read_bytes() == whole[:-1] + last
