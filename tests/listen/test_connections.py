"""Connections that send much at once, read nothing, or break off: nobody else notices."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from codecmark.errors import InputError
from codecmark.listen import design as designs
from codecmark.listen import journal, server
from codecmark.listen.design import Design
from codecmark.listen.entries import Elsewhere
from codecmark.listen.journal import Journal
from codecmark.listen.server import ListenServer
from listening_tests import Client, answer_to, planned, served


@pytest.fixture
def design(tmp_path: Path) -> Design:
    return planned(tmp_path / "t", clips=1)


def connected(serving: ListenServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", serving.server_port), timeout=10)


def request(serving: ListenServer, line: str, body: bytes = b"", **headers: str) -> bytes:
    named = {"Host": f"127.0.0.1:{serving.server_port}", **headers}
    if body:
        named |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items())
    return f"{line} HTTP/1.1\r\n{fields}\r\n".encode() + body


def test_requests_in_one_piece_are_answered_in_their_order(design: Design) -> None:
    with served(design) as serving:
        client = Client(serving)
        page = client.join()["pages"][0]
        session = client.headers["Codecmark-Session"]
        post = request(
            serving, "POST /api/answer", json.dumps(answer_to(page)).encode(),
            Codecmark_Session=session,
        )  # fmt: skip
        last = request(serving, "GET /nothing", Connection="close")
        with connected(serving) as connection:
            connection.sendall(post * 3 + request(serving, "GET /listen.css") + last)
            answers = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert [part.split(b" ")[0] for part in answers.split(b"HTTP/1.1 ")[1:]] == [
        b"200", b"200", b"200", b"200", b"404",
    ]  # fmt: skip
    assert answers.count(b'"new": true') == 1
    assert answers.count(b'"new": false') == 2


def test_a_request_may_come_byte_by_byte(design: Design) -> None:
    with served(design) as serving, connected(serving) as connection:
        body = b'{"consent": true, "headphones": null}'
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request(serving, "POST /api/join", body, Connection="close"):
            connection.sendall(bytes([byte]))
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b'"listener": "listener 1"' in answer


def test_who_asks_whether_to_go_on_is_told(design: Design) -> None:
    with served(design) as serving, connected(serving) as connection:
        body = b'{"consent": true, "headphones": null}'
        whole = request(
            serving, "POST /api/join", body, Expect="100-continue", Connection="close"
        )  # fmt: skip
        connection.sendall(whole[: -len(body)])
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def test_who_sends_very_many_requests_keeps_nobody_waiting(design: Design) -> None:
    with served(design) as serving, connected(serving) as flood:
        flood.settimeout(0.2)
        stop = threading.Event()

        def send() -> None:
            many = request(serving, "GET /nothing") * 500
            while not stop.is_set():
                try:
                    flood.sendall(many)
                    flood.recv(1 << 20)
                except TimeoutError:
                    continue
                except OSError:
                    return

        thread = threading.Thread(target=send)
        thread.start()
        try:
            time.sleep(0.2)
            waits = []
            for _ in range(20):
                began = time.monotonic()
                assert Client(serving).raw("/")[0] == 200
                waits.append(time.monotonic() - began)
        finally:
            stop.set()
            thread.join()
    assert sorted(waits)[10] < 0.5


def test_who_reads_nothing_is_let_go(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "ANSWER_S", 0.5)
    with served(design) as serving:
        client = Client(serving)
        page = client.join()["pages"][0]["page"]
        sound = request(
            serving, f"GET /api/audio/{page}/0",
            Codecmark_Session=client.headers["Codecmark-Session"],
        )  # fmt: skip
        with connected(serving) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(sound * 200)  # 10 MB of answers
            deadline = time.monotonic() + 10
            while serving._connections and time.monotonic() < deadline:
                time.sleep(0.05)
            assert serving._connections == {}
        assert client.raw("/")[0] == 200


def test_connections_that_break_off_are_forgotten(
    design: Design, capfd: pytest.CaptureFixture[str]
) -> None:
    with served(design) as serving:
        for part in (b"", b"GET", request(serving, "POST /api/join", b"{}")[:-1]):
            for _ in range(5):
                connection = connected(serving)
                connection.sendall(part)
                # a reset, not an end
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                connection.close()
        deadline = time.monotonic() + 5
        while serving._connections and time.monotonic() < deadline:
            time.sleep(0.02)
        assert serving._connections == {}
        assert Client(serving).raw("/")[0] == 200
        with connected(serving) as left_open:  # the server ends all the same
            left_open.sendall(b"GET / HTT")
    assert capfd.readouterr().err == ""


def test_answers_of_another_tool_are_no_session(design: Design) -> None:
    page = design.plan.pages[0]
    with served(design) as serving:
        serving.journal.take_elsewhere(
            [Elsewhere("webmushra", "u1", page.name, page.items, (1,) * 5, 1.0, "", "now")]
        )
        for session in ("webmushra u1", "u1", "", "None"):
            assert Client(serving, **{"Codecmark-Session": session}).raw("/api/session")[0] == 401


def test_another_tool_brings_no_more_listeners_than_a_test_may_have(
    design: Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or results of all of them would need more memory than there is."""
    monkeypatch.setattr(journal, "MOST_LISTENERS", 3)
    page = design.plan.pages[0]
    given = [
        Elsewhere("webmushra", f"u{n}", page.name, page.items, (1,) * 5, 1.0, "", "now")
        for n in range(4)
    ]
    with Journal(design) as opened:
        assert opened.take_elsewhere(given[:3]) == (3, 0)
        with pytest.raises(InputError, match="more than 3"):
            opened.take_elsewhere(given)
        assert opened.take_elsewhere(given[:3]) == (0, 3)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of POSIX systems")
def test_a_pipe_in_place_of_a_sound_is_not_waited_for(design: Design) -> None:
    for name in design.key.stimuli:
        design.wav(name).unlink()
        os.mkfifo(design.wav(name))
    with served(design) as serving:
        client = Client(serving)
        page = client.join()["pages"][0]["page"]
        assert client.raw(f"/api/audio/{page}/0")[0] == 500


def test_all_addresses_of_one_network_of_ipv6_count_as_one_machine(
    design: Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = iter(f"2001:db8::{n:x}" for n in range(1, 1000))
    taken = socket.socket.accept

    def accept(self: socket.socket) -> tuple[socket.socket, tuple[str, int]]:
        connection, _ = taken(self)
        return connection, (next(addresses), 1)

    monkeypatch.setattr(socket.socket, "accept", accept)
    monkeypatch.setattr(server, "MOST_OF_ONE", 3)
    with served(design) as serving:
        held = [connected(serving) for _ in range(5)]
        try:
            for each in held[3:]:
                with suppress(ConnectionError):
                    assert each.recv(1) == b""
            assert serving._connections == {"2001:db8::/64": 3}
        finally:
            for each in held:
                each.close()


@pytest.mark.skipif(os.name != "posix", reason="access rights of POSIX systems")
def test_other_accounts_of_the_machine_read_nothing_and_times_tell_nothing(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", clips=3)
    stimuli = design.folder / designs.STIMULI
    for folder in (design.folder, stimuli):
        assert folder.stat().st_mode & 0o777 == 0o700
    files = list(stimuli.iterdir())
    assert {path.stem for path in files} == set(design.key.stimuli)
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert len({path.stat().st_mtime_ns for path in files}) == 1
    assert sorted(path.name for path in design.folder.iterdir()) == [
        "key.json",
        "plan.json",
        "stimuli",
    ]


@pytest.mark.skipif(os.name != "posix", reason="access rights of POSIX systems")
def test_other_accounts_of_the_machine_read_neither_plan_nor_key_nor_answers(
    design: Design,
) -> None:
    with served(design, "0.0.0.0") as serving:  # noqa: S104
        token = serving.token
        Client(serving, **{"Codecmark-Token": token}).join()
    for name in (designs.PLAN, designs.KEY, designs.ANSWERS, designs.TOKEN):
        assert (design.folder / name).stat().st_mode & 0o077 == 0, name


def test_a_session_is_told_nothing_that_is_not_on_disk(
    design: Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a page would be called done that a loss of power takes away."""
    with served(design) as serving:
        client = Client(serving)
        page = client.join()["pages"][0]

        def broken(_: int) -> None:
            raise OSError("input/output error")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", broken)
            assert client.answer(page)[0] == 500
        assert client.raw("/api/session")[0] == 500
        assert client.answer(page)[0] == 500
    with served(design) as serving:
        again = Client(serving, **{"Codecmark-Session": client.headers["Codecmark-Session"]})
        assert again.answer(page) == (200, {"stored": True, "new": False})
