from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from codecmark.system import download

CONTENT = bytes(range(256)) * 4096  # 1 MiB
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Source(ThreadingHTTPServer):
    """A source whose connection breaks, and that may or may not send parts."""

    content = CONTENT
    breaks_after: int | None = None
    sends_parts = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/net.bin"


class Handler(BaseHTTPRequestHandler):
    server: Source

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        content = self.server.content
        begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if begin >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if begin and self.server.sends_parts:
            self.send_response(206)
            content = content[begin:]
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: self.server.breaks_after])

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def source() -> Iterator[Source]:
    with Source() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetch(source: Source, folder: Path, digest: str | None = DIGEST) -> str | None:
    return download.fetch(source.url, folder / "net.bin", digest, lock=folder / "locks" / "net")


def test_a_download_goes_on_where_it_broke_off(source: Source, tmp_path: Path) -> None:
    source.breaks_after = 300_000
    problem = fetch(source, tmp_path)
    assert problem is not None
    assert "broke off after 300000 of 1048576 bytes; run again to go on" in problem
    assert not (tmp_path / "net.bin").exists()
    source.breaks_after = None
    assert fetch(source, tmp_path) is None
    assert source.asked == [None, "bytes=300000-"]
    assert (tmp_path / "net.bin").read_bytes() == CONTENT
    assert not (tmp_path / "net.bin.part").exists()


def test_a_source_that_sends_no_parts_is_read_from_the_start(
    source: Source, tmp_path: Path
) -> None:
    (tmp_path / "net.bin.part").write_bytes(b"x" * 1000)
    source.sends_parts = False
    assert fetch(source, tmp_path) is None
    assert (tmp_path / "net.bin").read_bytes() == CONTENT


def test_a_part_that_is_whole_needs_no_more(source: Source, tmp_path: Path) -> None:
    (tmp_path / "net.bin.part").write_bytes(CONTENT)
    assert fetch(source, tmp_path, digest=None) is None
    assert (tmp_path / "net.bin").read_bytes() == CONTENT


def test_a_part_of_another_file_is_thrown_away(source: Source, tmp_path: Path) -> None:
    (tmp_path / "net.bin.part").write_bytes(CONTENT + b"more")
    problem = fetch(source, tmp_path, digest=None)
    assert problem is not None
    assert "run again to fetch it anew" in problem
    assert fetch(source, tmp_path, digest=None) is None
    assert (tmp_path / "net.bin").read_bytes() == CONTENT


def test_what_was_begun_with_other_bytes_is_refused_by_its_digest(
    source: Source, tmp_path: Path
) -> None:
    (tmp_path / "net.bin.part").write_bytes(b"x" * 1000)
    problem = fetch(source, tmp_path)
    assert problem is not None
    assert "is not the published file" in problem
    assert fetch(source, tmp_path) is None


def test_two_that_want_one_file_fetch_it_once(source: Source, tmp_path: Path) -> None:
    problems: list[str | None] = []
    threads = [
        threading.Thread(target=lambda: problems.append(fetch(source, tmp_path))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == [None] * 4
    assert source.asked == [None]
