"""What somebody who wants the key, the disk or the server's attention tries."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from codecmark.errors import InputError
from codecmark.listen import design as designs
from codecmark.listen import entries, offline, server
from codecmark.listen.addresses import kept_token
from codecmark.listen.design import Design
from codecmark.listen.journal import Journal
from codecmark.listen.ratings import ListeningSet, Rating, Stimulus
from codecmark.listen.server import ListenServer
from listening_tests import Client, answer_to, planned, served

SECRET = b"the secret of somebody else"


@pytest.fixture
def design(tmp_path: Path) -> Design:
    return planned(tmp_path / "t", clips=1)


def asked(serving: ListenServer, request: bytes, wait_s: float = 10) -> bytes:
    """Send bytes and return all that comes back before the server hangs up."""
    address = "127.0.0.1", serving.server_port
    with socket.create_connection(address, timeout=wait_s) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize(
    ("line", "headers", "status"),
    [
        ("GET / HTTP/1.1", "Host: [::1", 403),
        ("GET / HTTP/1.1", "Host: localhost:99999999", 403),
        ("GET / HTTP/1.1", "Host: {host}@evil.example", 403),
        ("GET / HTTP/1.1", "Host: evil.example:{port}", 403),
        ("GET / HTTP/1.1", "Host: 192.0.2.7:{port}", 403),
        ("GET / HTTP/1.1", "", 403),
        ("GET //[ HTTP/1.1", "Host: {host}", 404),
        ("GET http://[/key.json HTTP/1.1", "Host: {host}", 404),
        ("GET /../../key.json HTTP/1.1", "Host: {host}", 404),
        ("DELETE / HTTP/1.1", "Host: {host}", 501),
        ("OPTIONS /api/join HTTP/1.1", "Host: {host}\r\nOrigin: http://evil.example", 501),
        ("<script>alert(1)</script> / HTTP/1.1", "Host: {host}", 501),
        ("GET / HTTP/9.9", "Host: {host}", 505),
        ("GET /", "Host: {host}", 400),  # as in 1991, when answers had no headers
        ("GET / HTTP/1.1", "Host: {host}\r\nHost: evil.example", 400),
        ("GET / HTTP/1.1", "Host: {host}\r\nCodecmark-Token : x", 400),
        ("GET / HTTP/1.1", "Host: {host}\r\n folded", 400),
        ("GET / HTTP/1.1", "Host: {host}\nX: y", 400),
        ("GET / HTTP/1.1", "Host: {host}\r\nContent-Length: 5", 400),
        (
            "POST /api/join HTTP/1.1",
            "Host: {host}\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n{{}}",
            400,
        ),
        ("POST /api/join HTTP/1.1", "Host: {host}\r\nTransfer-Encoding: chunked", 411),
        ("POST /api/join HTTP/1.1", "Host: {host}\r\nContent-Length: -1", 411),
        ("POST /api/join HTTP/1.1", "Host: {host}\r\nContent-Length: 99999999999", 411),
        ("POST /api/join HTTP/1.1", "Host: {host}\r\nContent-Length: 65537", 413),
        ("GET /" + "a" * 70_000 + " HTTP/1.1", "Host: {host}", 414),
        ("GET / HTTP/1.1", "Host: {host}\r\n" + "\r\n".join(["X: y"] * 200), 431),
    ],
)
def test_what_is_no_request_of_ours_is_refused(
    design: Design, capfd: pytest.CaptureFixture[str], line: str, headers: str, status: int
) -> None:
    with served(design) as serving:
        port = serving.server_port
        text = headers.format(host=f"127.0.0.1:{port}", port=port)
        answer = asked(serving, f"{line}\r\n{text}\r\n\r\n".encode())
        assert answer.split(b" ")[1] == str(status).encode()
        assert b"Content-Security-Policy: default-src 'none'" in answer
        assert b"text/html" not in answer
        assert b"pcm@8bit" not in answer
        assert Client(serving).raw("/")[0] == 200
    assert capfd.readouterr().err == ""  # an address of a listener would be in a traceback


def test_a_body_is_not_taken_for_the_next_request(design: Design) -> None:
    with served(design) as serving:
        host = f"Host: 127.0.0.1:{serving.server_port}\r\n"
        inner = f"GET /api/test HTTP/1.1\r\n{host}\r\n"
        for head in (
            f"GET / HTTP/1.1\r\n{host}Content-Length: {len(inner)}\r\n\r\n",
            f"POST /api/join HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n"
            f"Content-Length: {len(inner)}\r\n\r\n",
            f"DELETE / HTTP/1.1\r\n{host}Content-Length: {len(inner)}\r\n\r\n",
        ):
            assert asked(serving, (head + inner).encode()).count(b"HTTP/1.1 ") == 1


def test_who_sends_a_byte_now_and_then_is_let_go(
    design: Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "REQUEST_S", 0.6)
    with served(design) as serving:
        address = "127.0.0.1", serving.server_port
        with socket.create_connection(address, timeout=10) as connection:
            began = time.monotonic()
            with pytest.raises(ConnectionError):  # noqa: PT012 - one of these sends fails
                while time.monotonic() - began < 8:
                    connection.sendall(b"G")
                    time.sleep(0.1)
                    if connection.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) == b"":
                        raise ConnectionError
        assert time.monotonic() - began < 4
        assert Client(serving).raw("/")[0] == 200


def test_idle_connections_keep_nobody_out(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 20)
    with served(design) as serving:
        address = "127.0.0.1", serving.server_port
        held = [socket.create_connection(address, timeout=5) for _ in range(30)]
        try:
            time.sleep(0.3)
            refused = 0
            for each in held:
                each.setblocking(False)
                try:
                    refused += each.recv(1) == b""
                except BlockingIOError:
                    continue
                except ConnectionError:
                    refused += 1
            assert refused == 10
        finally:
            for each in held:
                each.close()
        deadline = time.monotonic() + 5
        while serving._connections and time.monotonic() < deadline:
            time.sleep(0.02)
        assert serving._connections == {}
        assert Client(serving).raw("/")[0] == 200


@pytest.mark.parametrize("kept", ["", "\n", "short"])
def test_an_empty_token_lets_nobody_in(tmp_path: Path, kept: str) -> None:
    """As a kill between making the file and writing it leaves it."""
    design = planned(tmp_path / "t", clips=1)
    (design.folder / designs.TOKEN).write_text(kept)
    with served(design, "0.0.0.0") as serving:  # noqa: S104
        assert len(serving.token) >= 16
        for given in ("", kept.strip(), serving.token + "x"):
            assert Client(serving, **{"Codecmark-Token": given}).raw("/api/test")[0] == 401
        assert Client(serving, **{"Codecmark-Token": serving.token}).raw("/api/test")[0] == 200
    assert kept_token(design.folder) == serving.token
    assert (design.folder / designs.TOKEN).stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.name != "posix", reason="links of this kind are of POSIX systems")
@pytest.mark.parametrize(
    "name", [designs.ANSWERS, designs.PLAN, designs.KEY, designs.LOCK, designs.TOKEN]
)
def test_a_link_in_a_test_is_refused(tmp_path: Path, design: Design, name: str) -> None:
    target = tmp_path / "outside"
    place = design.folder / name
    target.write_bytes(place.read_bytes() if place.exists() else b"")
    before = target.read_bytes()
    place.unlink(missing_ok=True)
    place.symlink_to(target)
    with pytest.raises(InputError, match="is a link"):
        designs.read(design.folder)
    if name == designs.ANSWERS:  # put there after the test was read
        with pytest.raises(OSError, match="symbolic link"):
            Journal(design)
    assert target.read_bytes() == before


def test_a_link_in_place_of_a_sound_reads_nothing(tmp_path: Path, design: Design) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(SECRET)
    for name in design.key.stimuli:
        design.wav(name).unlink()
        design.wav(name).symlink_to(secret)
    with served(design) as serving:
        client = Client(serving)
        page = client.join()["pages"][0]["page"]
        status, data = client.raw(f"/api/audio/{page}/0")
        assert status == 500
        assert b"the sound cannot be read" in data
        assert SECRET not in data
        with pytest.raises(InputError, match="not what was planned"):
            offline.make_files(serving.journal, tmp_path / "files", 1)


def test_scripts_and_formulas_in_what_a_listener_states(design: Design) -> None:
    with served(design) as serving:
        client = Client(serving)
        for name in ("=HYPERLINK(1)", "+1", "-1", "@x", "\x1b[2J", "a\u202eb", "<b>"):
            status, answer = client.call("/api/join", {"consent": True, "listener": name})
            assert (status, "pseudonym" in answer["error"]) == (422, True), name
        page = client.join("Otter <b>")["pages"][0]
        comment = '</script><script>alert(1)</script>\ud800\u2028{"type":"answer"}\n'
        assert client.call("/api/answer", {**answer_to(page), "comment": comment})[0] == 200
    _, (stored,) = entries.read(design)  # one line, whole
    assert stored.comment == comment.replace("\ud800", "?")


def test_numbers_that_break_readers(design: Design) -> None:
    with served(design) as serving:
        client = Client(serving)
        page = client.join()["pages"][0]
        good = json.dumps(answer_to(page))
        for text in (
            good.replace('"page_s": 3.0', '"page_s": 1e999'),
            good.replace('"page_s": 3.0', f'"page_s": {"9" * 5000}'),
            good.replace('"page_s": 3.0', '"page_s": -Infinity'),
            good.replace('"page_s": 3.0', '"page_s": "3"'),
            good.replace("50", "5e1"),
            "[" * 30_000,
            '{"a":' * 10_000,
            "\xff",
            "",
        ):
            assert client.raw("/api/answer", text.encode("latin-1"))[0] in {400, 422}
        assert client.call("/api/session")[1]["done"] == []


def test_another_listeners_page_cannot_be_answered_or_heard(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", "acr", clips=2, pages_each=5)
    with served(design) as serving:
        first, second = Client(serving), Client(serving)
        theirs = {page["page"] for page in first.join()["pages"]}
        own = second.join()["pages"]
        assert not theirs & {page["page"] for page in own}
        for name in theirs:
            assert second.call("/api/answer", {**answer_to(own[0]), "page": name})[0] == 422
            assert second.raw(f"/api/audio/{name}/0")[0] == 404
    assert entries.read(design)[1] == []


def test_one_post_sent_many_times_at_once_counts_once(design: Design) -> None:
    with served(design) as serving:
        client = Client(serving)
        page = client.join()["pages"][0]
        new: list[bool] = []

        def post() -> None:
            new.append(client.answer(page)[1]["new"])

        threads = [threading.Thread(target=post) for _ in range(12)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert sorted(new) == [False] * 11 + [True]
    assert len(entries.read(design)[1]) == 1


def test_names_of_other_tools_cannot_move_the_cursor() -> None:
    stimuli = (Stimulus("c", "a"),)
    for listener in ("\x1b[2J", "a\nb", "a\u202eb"):
        with pytest.raises(InputError, match="no text"):
            ListeningSet("mushra", stimuli, (Rating(listener, "c", "a", 5.0),))
