"""The server: what it hands out, what it keeps, and what it refuses."""

from __future__ import annotations

import io
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import soundfile

from codecmark.errors import InputError
from codecmark.listen import design as designs
from codecmark.listen import entries
from codecmark.listen.journal import Journal
from listening_tests import Client, answer_to, planned, served


def test_a_listener_goes_from_start_to_end_and_comes_back(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", training=True)
    with served(design) as server:
        client = Client(server)
        state = client.join("otter")
        assert [page["training"] for page in state["pages"]] == [True, False, False]
        assert client.answer(state["pages"][0])[1] == {"stored": True, "new": True}
        assert client.answer(state["pages"][0])[1] == {"stored": True, "new": False}
        assert client.answer(state["pages"][0], 9)[0] == 409
    with served(design) as server:  # tomorrow
        again = Client(server, **{"Codecmark-Session": state["session"]})
        _, resumed = again.call("/api/session")
        assert resumed["pages"] == state["pages"]
        assert resumed["done"] == [state["pages"][0]["page"]]
        for page in state["pages"][1:]:
            assert again.answer(page, 70)[0] == 200
    joined, answers = entries.read(design)
    assert [each.listener for each in joined] == ["otter"]
    assert [set(each.values) for each in answers] == [{50}, {70}, {70}]


def test_nothing_that_is_sent_tells_what_is_what(tmp_path: Path) -> None:
    design = planned(tmp_path / "t")
    with served(design) as server:
        client = Client(server)
        text = json.dumps([client.join(), client.call("/api/session"), client.call("/api/test")])
    names = {entry.system for entry in design.key.stimuli.values()} - {"reference"}
    for secret in (*names, *design.key.stimuli, "clip0", "speaker0"):
        assert secret not in text
    assert "pcm@8bit" not in (design.folder / designs.PLAN).read_text()
    assert (design.folder / designs.KEY).stat().st_mode & 0o077 == 0


def test_every_sound_is_48_khz_of_one_length(tmp_path: Path) -> None:
    with served(planned(tmp_path / "t")) as server:
        client = Client(server)
        page = client.join()["pages"][0]
        found = set()
        for place in [*range(page["items"]), "reference"]:
            status, data = client.raw(f"/api/audio/{page['page']}/{place}")
            assert status == 200
            info = soundfile.info(io.BytesIO(data))
            found.add((info.samplerate, info.subtype, info.frames, len(data)))
        assert len(found) == 1
        assert next(iter(found))[:3] == (48_000, "PCM_16", 24_000)
        assert client.raw(f"/api/audio/{page['page']}/01")[0] == 404


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"values": [101] * 5}, "values"),
        ({"values": [50] * 4}, "values"),
        ({"values": [50.5] * 5}, "values"),
        ({"values": [True] * 5}, "values"),
        ({"values": "50"}, "values"),
        ({"values": None}, "values"),
        ({"heard_s": [0.0] * 6}, "not everything was heard"),
        ({"heard_s": [1e99] * 6}, "heard_s"),
        ({"heard_s": []}, "heard_s"),
        ({"page": "../../key.json"}, "page"),
        ({"page": 3}, "page"),
        ({"page_s": -1}, "page_s"),
        ({"comment": "x" * 501}, "comment"),
        ({"comment": {"a": 1}}, "comment"),
    ],
)
def test_an_answer_that_is_none_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    design = planned(tmp_path / "t", clips=1)
    with served(design) as server:
        client = Client(server)
        page = client.join()["pages"][0]
        status, refused = client.call("/api/answer", {**answer_to(page), **changes})
        assert status == 422
        assert message in refused["error"]
    assert entries.read(design)[1] == []


@pytest.mark.parametrize(
    "path",
    [
        "/key.json", "/../key.json", "/%2e%2e/key.json", "/plan.json", "/answers.jsonl", "/static/",
        "/api/audio/../key.json", "/api/audio/{page}/../../key.json", "/api/audio/{page}/99",
        "/api/audio/{page}/-1", "/api/audio/{page}/٣", "/api/audio/{page}/{name}.wav",
        "/stimuli/{name}.wav", "//etc/passwd", "/listen.html%00",
    ],
)  # fmt: skip
def test_no_path_reads_a_file(tmp_path: Path, path: str) -> None:
    design = planned(tmp_path / "t", clips=1)
    with served(design) as server:
        client = Client(server)
        page = client.join()["pages"][0]["page"]
        asked = path.format(page=page, name=next(iter(design.key.stimuli)))
        with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
            head = (
                f"GET {asked} HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\n"
                f"Codecmark-Session: {client.headers['Codecmark-Session']}\r\n"
                "Connection: close\r\n\r\n"
            )
            connection.sendall(head.encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 404"), answer[:200]


def test_other_sites_and_strangers_are_refused(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", clips=1)
    body = json.dumps({"consent": True, "headphones": True}).encode()
    with served(design) as server:
        client = Client(server)
        own = f"http://127.0.0.1:{server.server_port}"
        assert client.raw("/", Host="evil.example")[0] == 403
        assert client.raw("/", Host=f"evil.example:{server.server_port}")[0] == 403
        assert client.raw("/api/join", body, Origin="http://evil.example")[0] == 403
        assert client.raw("/api/join", body, Origin="null")[0] == 403
        assert client.raw("/api/join", body, Origin=own)[0] == 200
        assert client.raw("/api/join", body, **{"Content-Type": "text/plain"})[0] == 415
        assert client.raw("/api/session", None, **{"Codecmark-Session": "x"})[0] == 401
        assert client.raw("/api/join", b"[]")[0] == 400
        assert client.raw("/api/join", b"{" + b" " * 70_000 + b"}")[0] == 413
        assert client.raw("/api/join", b'{"consent": NaN}')[0] == 400
        assert client.call("/api/join", {"consent": False})[0] == 422
        for name in ("a@b.example", "x" * 41, "a\nb"):
            status, answer = client.call("/api/join", {"consent": True, "listener": name})
            assert (status, "listener" in answer["error"]) == (422, True)
        client.join("otter")
        status, answer = client.call("/api/join", {"consent": True, "listener": "Otter"})
        assert (status, "taken" in answer["error"]) == (422, True)


def test_a_name_of_this_machine_may_be_typed_in_capitals(tmp_path: Path) -> None:
    with served(planned(tmp_path / "t", clips=1), "0.0.0.0") as server:  # noqa: S104
        server._host = "MyHost"
        for name, known in (("myhost", True), ("MYHOST", True), ("other", False)):
            status = Client(server).raw("/", Host=f"{name}:{server.server_port}")[0]
            assert status == (200 if known else 403)


def test_a_post_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", clips=1)
    with served(design) as server:
        client = Client(server)
        page = client.join()["pages"][0]
        body = json.dumps(answer_to(page)).encode()
        head = (
            f"POST /api/answer HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body) + 50}\r\n"
            f"Codecmark-Session: {client.headers['Codecmark-Session']}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
            connection.sendall(head.encode() + body)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1024)
        assert client.call("/api/session")[1]["done"] == []


def test_beyond_loopback_a_token_is_needed(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", clips=1)
    with served(design, "0.0.0.0") as server:  # noqa: S104
        token = server.url.partition("#")[2]
        assert len(token) > 16
        assert Client(server).raw("/")[0] == 200  # the page itself tells nothing
        assert Client(server).raw("/api/test")[0] == 401
        assert Client(server, **{"Codecmark-Token": token[:-1]}).raw("/api/test")[0] == 401
        client = Client(server, **{"Codecmark-Token": token})
        client.join()
        assert client.raw("/", Host=f"evil.example:{server.server_port}")[0] == 403
    with served(design, "0.0.0.0") as server:  # noqa: S104
        assert server.url.endswith(f"#{token}")


def test_the_page_may_run_its_own_files_only(tmp_path: Path) -> None:
    with (
        served(planned(tmp_path / "t", clips=1)) as server,
        socket.create_connection(("127.0.0.1", server.server_port)) as connection,
    ):
        head = f"GET / HTTP/1.0\r\nHost: localhost:{server.server_port}\r\n\r\n"
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    (policy,) = re.findall(r"Content-Security-Policy: (.*)\r\n", answer)
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
    assert "<script>" not in answer
    assert " style=" not in answer


def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", "acr", clips=2)

    def listen(_: int) -> int:
        client = Client(server)
        pages = client.join()["pages"]
        return sum(client.answer(page, 3)[1]["new"] for page in pages for _ in range(2))

    with served(design) as server, ThreadPoolExecutor(16) as pool:
        assert list(pool.map(listen, range(40))) == [10] * 40
    joined, answers = entries.read(design)
    assert len({each.index for each in joined}) == 40
    assert len({(each.session, each.page) for each in answers}) == len(answers) == 400


def test_one_process_at_a_time(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", clips=1)
    with Journal(design), pytest.raises(InputError, match="another process"):
        Journal(design)


@pytest.mark.parametrize("cut", [1, 30, 10_000])
def test_a_last_line_that_was_cut_off_is_dropped(tmp_path: Path, cut: int) -> None:
    design = planned(tmp_path / "t", clips=1)
    path = design.folder / designs.ANSWERS
    with Journal(design) as journal:
        journal.join("a")
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: min(cut, len(whole) - 1)])
    with Journal(design) as journal:
        assert [each.listener for each in journal.sessions] == ["a"]
        journal.join("b")
    assert [each.listener for each in entries.read(design)[0]] == ["a", "b"]


@pytest.mark.parametrize(("old", "new"), [
    ('"values":[50', '"values":[99'), ('"listener":"a"', '"listener":"b"'),
    ('"crc32":"', '"crc32":"0'),
    ('{"type":"answer"', '{"type":"other"'),
])  # fmt: skip
def test_answers_edited_by_hand_are_refused(tmp_path: Path, old: str, new: str) -> None:
    design = planned(tmp_path / "t", clips=1)
    path = design.folder / designs.ANSWERS
    with served(design) as server:
        client = Client(server)
        client.answer(client.join("a")["pages"][0])
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError, match="not what was written"):
        entries.read(design)


def test_a_sound_that_cannot_be_read_is_not_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The name is that of the hidden reference where it is that of the open one."""
    design = planned(tmp_path / "t")
    with served(design) as server:
        client = Client(server)
        page = client.join("otter")["pages"][0]["page"]
        for sound in (tmp_path / "t" / "stimuli").iterdir():
            sound.write_bytes(b"another")
        for place in ("0", "reference"):
            status, said = client.call(f"/api/audio/{page}/{place}")
            assert (status, said) == (
                500, {"error": "the sound cannot be read; tell who runs the test"},
            )  # fmt: skip
    assert "is not what was planned" in capfd.readouterr().err
