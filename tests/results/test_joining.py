"""Joining runs brings nothing back that was replaced, and says what it leaves out."""

from __future__ import annotations

import random as randomness
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from codecmark.results import store
from codecmark.results.joining import History, Joined, join
from codecmark.results.row import ResultRow
from made_rows import failing, row, unavailable

OLD, NEW = row(key="1", snr_db=13.0), row(key="2", snr_db=30.7)


def joined(
    there: Sequence[ResultRow], *sources: Sequence[ResultRow], replacing: bool = False
) -> Joined:
    return join("r9", History(there), [History(each) for each in sources], replacing=replacing)


def figures(there: Sequence[ResultRow], of: Joined) -> list[float | None]:
    return [each.snr_db for each in store.latest([*there, *of.added])]


def test_a_row_of_which_nothing_says_whether_it_is_newer_is_left_out() -> None:
    found = joined([NEW], [OLD])
    assert (found.added, found.left_out) == ([], 1)
    asked_for = joined([NEW], [OLD], replacing=True)
    assert [(each.snr_db, each.run_id) for each in asked_for.added] == [(13.0, "r9")]
    assert asked_for.left_out == 0
    again = joined([NEW, *asked_for.added], [OLD], replacing=True)
    assert again.added == []


def test_what_was_replaced_there_or_in_another_source_stays_so() -> None:
    assert joined([OLD, NEW], [OLD]) == Joined([], 0)
    for sources in ([[OLD], [OLD, NEW]], [[OLD, NEW], [OLD]]):
        found = joined([], *sources)
        assert (figures([], found), found.left_out) == ([30.7], 0)


def test_a_source_that_replaced_what_is_there_goes_on() -> None:
    found = joined([OLD], [OLD, NEW])
    assert (figures([OLD], found), found.left_out) == ([30.7], 0)


def test_of_two_sources_the_first_has_the_row() -> None:
    found = joined([], [NEW], [OLD])
    assert (figures([], found), found.left_out) == ([30.7], 1)
    assert (joined(found.added, [NEW], [OLD])) == Joined([], 1)


def test_times_are_added_to_the_row_that_lacks_them() -> None:
    untimed = row(key="1", encode_s=None, decode_s=None)
    assert [each.encode_s for each in joined([untimed], [row(key="1")]).added] == [0.1]
    assert joined([row(key="1")], [untimed]) == Joined([], 0)
    assert joined([row(key="1")], [row(key="1", encode_s=0.2)]) == Joined([], 0)
    asked_for = joined([row(key="1")], [row(key="1", encode_s=0.2)], replacing=True)
    assert [each.encode_s for each in asked_for.added] == [0.2]
    assert joined([untimed], [OLD, NEW]).added == []  # of other code
    rated = row(key="1", encode_s=None, decode_s=None, mos=4.0, listeners=9)
    assert joined([rated], [row(key="1")]).added == []


def test_a_failed_row_takes_no_place_and_a_sound_one_takes_that_of_a_failed() -> None:
    failed = failing("opus@24k", "a")
    for replacing in (False, True):
        assert joined([OLD], [failed], replacing=replacing) == Joined([], 0)
        assert figures([failed], joined([failed], [OLD], replacing=replacing)) == [13.0]
    assert joined([], [failed], [OLD]).added == joined([], [OLD], [failed]).added


def test_a_codec_that_could_not_be_built_elsewhere_hides_nothing() -> None:
    absent, here = unavailable(), row("lyra@6k", weights="published", weights_sha256="w")
    assert joined([here], [absent]) == Joined([], 0)
    assert len(joined([], [absent], [unavailable()]).added) == 1
    # another machine's reason is nothing to ask for
    assert joined([absent], [replace(absent, reason="lyra is nowhere")]) == Joined([], 0)


@pytest.mark.parametrize("replacing", [False, True])
def test_rows_of_other_weights_do_not_hide_those_there(*, replacing: bool) -> None:
    ours = [row("dac", clip, weights="published", weights_sha256="new") for clip in "ab"]
    theirs = [row("dac", clip, weights="published", weights_sha256="old") for clip in "abc"]
    found = joined(ours, theirs, replacing=replacing)
    assert (len(found.added), found.left_out) == ((3, 0) if replacing else (0, 3))
    followed = joined(ours, [*ours, *theirs])
    assert (len(followed.added), followed.left_out) == (3, 0)
    drawn = row("dac", "d", weights="random", snr_db=None)
    assert joined(ours, [drawn], replacing=replacing).added == []
    assert len(joined([drawn], ours, replacing=replacing).added) == 2


@pytest.mark.parametrize("seed", range(200))
def test_joining_again_adds_nothing_and_never_goes_back(seed: int) -> None:
    """Sources that were continued in any order and joined in between, rows numbered by age."""
    rng = randomness.Random(seed)  # noqa: S311 - which rows, no secret
    sources: list[list[ResultRow]] = [[] for _ in range(3)]
    there: list[ResultRow] = []
    for age in range(12):
        clip = rng.choice("ab")
        source = rng.choice(sources)
        made = row(clip=clip, key=str(age), snr_db=float(age))
        source.append(failing("opus@24k", clip) if rng.random() < 0.1 else made)
        if rng.random() < 0.4:
            before = {each.identity: each for each in store.latest(there)}
            there += joined(there, *sources).added
            for each in store.latest(there):
                earlier = before.get(each.identity)
                if earlier is not None and earlier.status == "ok":
                    assert each.status == "ok"
                    assert (each.snr_db or 0) >= (earlier.snr_db or 0)
        if rng.random() < 0.2:
            there = store.latest(there)  # compacted
    for replacing in (False, True):
        there += joined(there, *sources, replacing=replacing).added
        assert joined(there, *sources, replacing=replacing).added == []
