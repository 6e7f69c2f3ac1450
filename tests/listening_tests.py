"""Small listening tests, planned for real on made-up clips, and servers of them."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from codecmark.clip import AudioClip
from codecmark.corpus.condition import PreparedClip, named, presented
from codecmark.listen.design import Design, TestMethod
from codecmark.listen.journal import Journal
from codecmark.listen.making import Wanted, make
from codecmark.listen.server import ListenServer

CONDITION = named("16k-mono")
SPECS = ("pcm@8bit", "noise@20db")


def clip(number: int, seconds: float = 0.5) -> PreparedClip:
    rng = np.random.default_rng(number)
    times = np.arange(int(16_000 * seconds)) / 16_000
    tone = 0.2 * np.sin(2 * np.pi * (200 + 50 * number) * times)
    noise = 0.05 * rng.standard_normal(len(times))
    audio = AudioClip((tone + noise)[None].astype(np.float32), 16_000)
    return presented(audio, CONDITION, f"clip{number}", f"speaker{number}", "speech")


def planned(
    folder: Path,
    method: TestMethod = "mushra",
    clips: int = 2,
    specs: Sequence[str] = SPECS,
    *,
    training: bool = False,
    seconds: float = 0.5,
    **options: Any,
) -> Design:
    return make(
        folder,
        Wanted(
            method, "A test", CONDITION, specs, [clip(n, seconds) for n in range(clips)],
            [clip(99, seconds)] if training else [], **options,
        ),
    )  # fmt: skip


@contextmanager
def served(design: Design, host: str = "127.0.0.1") -> Iterator[ListenServer]:
    with Journal(design) as journal:
        server = ListenServer(journal, host)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class Client:
    """A listener's browser as far as requests go."""

    def __init__(self, server: ListenServer, **headers: str) -> None:
        self.base = f"http://127.0.0.1:{server.server_port}"
        self.headers = {"Content-Type": "application/json", **headers}

    def raw(self, path: str, data: bytes | None = None, **headers: Any) -> tuple[int, bytes]:
        request = urllib.request.Request(self.base + path, data, {**self.headers, **headers})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def call(self, path: str, body: object = None) -> tuple[int, Any]:
        status, data = self.raw(path, None if body is None else json.dumps(body).encode())
        return status, json.loads(data)

    def join(self, listener: str = "") -> dict[str, Any]:
        status, state = self.call(
            "/api/join", {"consent": True, "listener": listener, "headphones": True}
        )
        assert status == 200, state
        self.headers["Codecmark-Session"] = state["session"]
        joined: dict[str, Any] = state
        return joined

    def answer(self, page: dict[str, Any], value: int = 50) -> tuple[int, Any]:
        return self.call("/api/answer", answer_to(page, value))


def answer_to(page: dict[str, Any], value: int = 50) -> dict[str, Any]:
    sounds = page["items"] + page["reference"]
    return {
        "page": page["page"], "values": [value] * page["answers"],
        "heard_s": [page["hear_s"]] * sounds, "page_s": 3.0, "comment": "",
    }  # fmt: skip
