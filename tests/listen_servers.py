"""Servers of listening tests as processes of their own, and many listeners at once."""

from __future__ import annotations

import http.client
import json
import random
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from listening_tests import answer_to

_URL = re.compile(r"http://127\.0\.0\.1:(\d+)/")


class Served:
    """`codecmark listen serve` as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "codecmark", "listen", "serve", str(folder), "--port", "0"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        found = _URL.search(self.process.stdout.readline())
        assert found is not None
        self.port = int(found[1])

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


class Steady(threading.Thread):
    """A listener on one connection, who waits a random time before each page."""

    def __init__(self, port: int, start: threading.Barrier, number: int, pause_s: float) -> None:
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.at_once, self.pause_s = start, pause_s
        self.rng = random.Random(number)  # noqa: S311
        self.seconds: list[float] = []
        self.new: list[bool] = []

    def post(self, path: str, body: object, session: str = "") -> Any:
        self.connection.request(
            "POST", path, json.dumps(body),
            {"Content-Type": "application/json", "Codecmark-Session": session},
        )  # fmt: skip
        answer = self.connection.getresponse()
        data = json.load(answer)
        assert answer.status == 200, data
        return data

    def run(self) -> None:
        state = self.post("/api/join", {"consent": True, "headphones": None})
        self.at_once.wait(60)
        for page in state["pages"]:
            time.sleep(self.rng.uniform(0, 2 * self.pause_s))
            body = answer_to(page, 3)
            began = time.perf_counter()
            data = self.post("/api/answer", body, state["session"])
            self.seconds.append(time.perf_counter() - began)
            self.new.append(data["new"])
        self.connection.close()


def crowd(port: int, listeners: int, pause_s: float) -> list[Steady]:
    """Let so many listeners take a whole test at once; return them when all are done."""
    start = threading.Barrier(listeners)
    people = [Steady(port, start, number, pause_s) for number in range(listeners)]
    for each in people:
        each.start()
    for each in people:
        each.join(120)
    return people
