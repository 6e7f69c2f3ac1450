"""How fast, and under which names, sessions begin."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from codecmark.errors import InputError
from codecmark.listen import collect, entries, offline
from codecmark.listen import pace as paces
from codecmark.listen.design import ANSWERS
from codecmark.listen.entries import Joined
from codecmark.listen.journal import Journal
from codecmark.listen.pace import AT_ONCE, EACH_S, Pace
from codecmark.listen.pseudonyms import chosen, look
from listening_tests import Client, planned, served


def test_one_machine_begins_some_at_once_and_then_one_after_the_other() -> None:
    now = [1000.0]
    pace = Pace(lambda: now[0])
    assert [pace.admits("192.0.2.7") for _ in range(AT_ONCE + 2)] == [True] * AT_ONCE + [False] * 2
    assert pace.admits("192.0.2.8")
    now[0] += EACH_S
    assert [pace.admits("192.0.2.7") for _ in range(2)] == [True, False]
    now[0] += 1e6
    assert [pace.admits("192.0.2.7") for _ in range(AT_ONCE + 1)].count(True) == AT_ONCE


def test_addresses_of_one_machine_count_together() -> None:
    pace = Pace(lambda: 0.0)
    taken = [pace.admits(f"2001:db8::{n:x}") for n in range(AT_ONCE + 1)]
    assert taken == [True] * AT_ONCE + [False]
    assert pace.admits("2001:db8:0:1::1")
    assert all(pace.admits("::ffff:192.0.2.1") for _ in range(AT_ONCE))
    assert not pace.admits("192.0.2.1")
    assert pace.admits("fe80::1%eth0")
    for own in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert all(pace.admits(own) for _ in range(AT_ONCE + 1))


def test_who_begins_too_often_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paces.Pace, "admits", lambda *_: False)
    with served(planned(tmp_path / "t", clips=1)) as server:
        status, answer = Client(server).call("/api/join", {"consent": True, "headphones": None})
        assert (status, "too many" in answer["error"]) == (429, True)
        assert server.journal.sessions == []


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("otter", "\u043etter"),  # Cyrillic o; refused as a mixture, compared all the same
        ("\u0441\u0430\u0440", "cap"),  # all Cyrillic
        ("Otter", "\uff4ftter"),  # full width
        ("otter0", "otterO"),
        ("Bill", "BI1l"),
        ("a b", "a  b"),
    ],
)
def test_names_that_look_alike_are_one(name: str, other: str) -> None:
    assert look(name) == look(other)


@pytest.mark.parametrize("pair", [("otter", "otters"), ("listener 1", "listener 11"), ("a", "b")])
def test_names_that_differ_stay_apart(pair: tuple[str, str]) -> None:
    assert look(pair[0]) != look(pair[1])


@pytest.mark.parametrize(
    "name",
    [
        "\u043etter", "\u03bftter", "x\u0301\u0301\u0301\u0301", "a\uff20b.example", "\uff1d1",
        "\uff57ebmushra otter", "WEBMUSHRA otter", "webmushra  x", "a\u2066b", "\ud800", "a\nb",
        "\ufdfa" * 5,  # short, and 90 letters when spelled out
    ],
)  # fmt: skip
def test_names_that_deceive_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="listener"):
        chosen(name)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("  Fischotter 7 ", "Fischotter 7"), ("\u0432\u044b\u0434\u0440\u0430",) * 2,
        ("Tanaka \u3055\u3093",) * 2, ("Z\u0065\u0301", "Z\u00e9"), ("\uff4f",) * 2, (" ", ""),
        ("\u0e19\u0e49\u0e33",) * 2,
    ],
)  # fmt: skip
def test_names_of_all_languages_are_taken(name: str, kept: str) -> None:
    assert chosen(name) == kept


def test_one_cannot_be_called_as_another_is(tmp_path: Path) -> None:
    with Journal(planned(tmp_path / "t", clips=1)) as journal:
        journal.join("cap")
        with pytest.raises(InputError, match="taken"):
            journal.join("\u0441\u0430\u0440")


def test_what_is_stated_in_a_file_counts_once(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", "acr", clips=1)
    with Journal(design) as journal:
        files = [journal.join(by_file=True).session for _ in range(4)]
        journal.join("otter")
        assert journal.state(files[0], "mole", True).listener == "mole"
        assert journal.state(files[0], "other", False).listener == "mole"
        assert journal.state(files[1], "Otter", False).listener == "Otter (listener 2)"
        assert journal.state(files[2], "a@b.example", None).listener == "listener 3"
        assert journal.state(files[3], "", True).listener == "listener 4"
        with pytest.raises(InputError, match="taken"):
            journal.join("Mole")
        with pytest.raises(InputError, match="session"):
            journal.state("other", "x", True)
        before = journal.sessions
    stated = [("mole", True), ("Otter (listener 2)", False), ("listener 3", None),
              ("listener 4", True), ("otter", None)]  # fmt: skip
    assert [(each.listener, each.headphones) for each in entries.read(design)[0]] == stated
    assert b"a@b.example" not in (design.folder / ANSWERS).read_bytes()
    with Journal(design) as journal:
        assert journal.sessions == before
        assert journal.state(files[0], "other", False).listener == "mole"


def test_who_states_a_name_gets_one_that_nobody_has(tmp_path: Path) -> None:
    with Journal(planned(tmp_path / "t", clips=1)) as journal:
        session = journal.join(by_file=True).session
        for name in ("bob", "bob (listener 1)", "bob (listener 2)"):
            journal.join(name)
        assert journal.state(session, "bob", True).listener == "bob (listener 3)"
        names = [look(each.listener) for each in journal.sessions]
        assert len(set(names)) == 4


def test_who_began_at_the_server_states_nothing_in_a_file(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", clips=1)
    path = tmp_path / "a.json"
    with Journal(design) as journal:
        session = journal.join("mallory").session
        result = {"format": offline.FORMAT, "plan_sha256": design.sha256, "session": session,
                  "listener": "bob", "headphones": True, "answers": []}  # fmt: skip
        path.write_bytes(msgspec.json.encode(result))
        with pytest.raises(InputError, match="began at the server"):
            offline.take(journal, path)
        with pytest.raises(InputError, match="began at the server"):
            journal.state(session, "bob", True)
        assert journal.sessions[0].listener == "mallory"


def test_two_of_one_name_are_two_listeners() -> None:
    """As files hold that were written before names were told apart."""
    joined = [
        Joined(f"s{n}", name, n, None, "now")
        for n, name in enumerate(["bob", "eve", "bob", "bob [3]"])
    ]
    assert collect.names_of(joined) == {
        "s0": "bob", "s1": "eve", "s2": "bob [3]", "s3": "bob [3] [4]",
    }  # fmt: skip


def test_a_files_session_is_not_one_of_the_server(tmp_path: Path) -> None:
    """Or who has another listener's file could answer before its listener hands it in."""
    design = planned(tmp_path / "t", clips=1)
    with served(design) as serving:
        session = serving.journal.join(by_file=True).session
        (turn,) = serving.journal.turns(session).values()
        client = Client(serving, **{"Codecmark-Session": session})
        for path in ("/api/session", f"/api/audio/{turn.page}/0"):
            status, said = client.call(path)
            assert (status, "that of a file" in said["error"]) == (403, True)
        body = {"page": turn.page, "values": [1] * turn.answers, "heard_s": [9.0] * turn.heard}
        assert client.call("/api/answer", body)[0] == 403
        assert serving.journal.answers == []


def test_another_answer_to_a_page_is_not_called_stored(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", clips=1)
    with served(design) as serving:
        client = Client(serving)
        page = client.join()["pages"][0]
        assert client.answer(page, 20) == (200, {"stored": True, "new": True})
        status, said = client.answer(page, 80)
        assert (status, "that answer stands" in said["error"]) == (409, True)
        assert client.answer(page, 20) == (200, {"stored": True, "new": False})
        assert [set(each.values) for each in serving.journal.answers] == [{20}]
