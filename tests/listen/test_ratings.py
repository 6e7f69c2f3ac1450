from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from codecmark.errors import InputError
from codecmark.listen.list_table import read_list_table
from codecmark.listen.ratings import HEAD, RATINGS, ListeningSet, Rating, read_set, write_set
from codecmark.listen.screening import screen, screened
from codecmark.listen.statistics import means
from listening_sets import panel

PUBLISHED = Path(os.environ.get("CODECMARK_LISTENING", "absent")) / "ratings_formated.csv"
# of the published set: systems after screening, mean of 152 ratings each
PUBLISHED_MEANS = {
    "Reference": 99.07, "AudioDec": 66.71, "Proposed 5.51": 60.44, "Proposed 1.38": 54.28,
    "Proposed 5.51 16kHz": 48.64, "Proposed 1.38 16kHz": 47.30, "Lyra 6": 45.55, "Lyra 3": 29.64,
    "Anchor": 19.42,
}  # fmt: skip
TABLE = """signal,condition,ratings,participant_ids,file
p1_a,Reference,"[100, 80.0]","[1, 2]",a/ref.wav
p1_a,Lyra,"[40.0, 55]","[1, 2]",a/lyra.wav
p1_a,Anchor,"[10]","[2]",
"""


def made(tmp_path: Path, table: str = TABLE) -> ListeningSet:
    path = tmp_path / "table.csv"
    path.write_text(table)
    return read_list_table(path)


def test_a_set_survives_the_disk(tmp_path: Path) -> None:
    before = replace(panel(listeners=2, clips=2), licence="CC0", plan_sha256="0" * 64)
    write_set(tmp_path / "set", before)
    after = read_set(tmp_path / "set")
    assert after.stimuli == before.stimuli
    assert (after.title, after.licence, after.plan_sha256) == ("made up", "CC0", "0" * 64)
    np.testing.assert_allclose(after.cube(), before.cube(), rtol=1e-4)


def test_a_semicolon_in_a_name_ends_no_cell(tmp_path: Path) -> None:
    """Or what follows it would be a cell of its own, and may be a formula."""
    before = panel(listeners=2, clips=2)
    who = before.ratings[0].listener
    ratings = tuple(
        replace(each, listener="a;=1+1") if each.listener == who else each
        for each in before.ratings
    )
    write_set(tmp_path / "set", replace(before, ratings=ratings))
    lines = (tmp_path / "set" / RATINGS).read_text().splitlines()
    assert all(line.startswith('"') for line in lines)
    assert "a;=1+1" in read_set(tmp_path / "set").listeners


def test_a_table_of_lists_becomes_a_set(tmp_path: Path) -> None:
    listening = made(tmp_path)
    assert listening.listeners == ("1", "2")
    assert listening.sources == {"p1_a": "p1"}
    np.testing.assert_array_equal(listening.cube()[:, 0], [[100, 40, np.nan], [80, 55, 10]])
    assert [listening.audio_path(each) for each in listening.stimuli] == [
        tmp_path / "audio/a/ref.wav", tmp_path / "audio/a/lyra.wav", None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"[1, 2]",a/ref.wav', '"[1]",a/ref.wav', "line 2: 2 ratings of 1 listener"),
        ("[100, 80.0]", "[100, 101]", "101 is outside 0 to 100"),
        ("[100, 80.0]", "[100, NaN]", "no number"),
        ("[100, 80.0]", "[100, [80]]", "no list such as"),
        ("[40.0, 55]", "__import__('os')", "no list such as"),
        ('"[1, 2]",a/lyra', '"[1, 1]",a/lyra', "1 on p1_a of Lyra is there twice"),
        ("p1_a,Lyra", "p1_a,Reference", "listed twice"),
        ("participant_ids", "who", "no column 'participant_ids'"),
        (",a/lyra.wav", "", "line 3: 5 cells are needed"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        made(tmp_path, TABLE.replace(old, new))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (RATINGS, "l0,c0,a,", "l0,c9,a,", "no such stimulus"),
        (RATINGS, "l1,c0,a,", "l0,c0,a,", "is there twice"),
        (RATINGS, "l0,c0,a,", "l0,c0,a,9", "is outside"),
        (RATINGS, "listener,", "person,", "no column 'listener'"),
        (HEAD, '"mushra"', '"acr9"', "method"),
        (HEAD, '"c0"', '"c1"', "listed twice"),
        (HEAD, '"c0",', '"c0", "audio": "../../secret.wav",', "leaves the set's folder"),
        (HEAD, "{", "[", "cannot be read as JSON"),
    ],
)
def test_a_set_edited_by_hand_is_refused(
    tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    write_set(tmp_path, panel(listeners=2, clips=2))
    text = (tmp_path / file).read_text()
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as error:
        read_set(tmp_path)
    assert message in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=HEAD):
        read_set(tmp_path)


@pytest.mark.skipif(
    not PUBLISHED.is_file(), reason="CODECMARK_LISTENING names no folder with the published set"
)
def test_the_published_set_is_screened_as_its_authors_did() -> None:
    listening = read_list_table(PUBLISHED)
    assert [exclusion.listener for exclusion in screen(listening)] == ["6", "17"]
    found = means(screened(listening))
    assert {name: round(mean.mean, 2) for name, mean in found.items()} == PUBLISHED_MEANS
    assert {(mean.listeners, mean.ratings) for mean in found.values()} == {(19, 152)}


def test_no_rating_is_lost_by_leaving_a_listener_out() -> None:
    listening = panel(listeners=3)
    fewer = listening.without(["l1"])
    assert fewer.listeners == ("l0", "l2")
    assert len(listening.ratings) == 3 * len(fewer.ratings) / 2
    assert Rating("l1", "c0", "a", 1.0).listener in listening.listeners
