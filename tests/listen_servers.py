"""Servers of listening tests as processes of their own, and many listeners at once."""

from __future__ import annotations

import asyncio
import json
import random
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
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


class Steady:
    """A listener on one connection, who waits a random time before each page."""

    def __init__(self, number: int, pause_s: float) -> None:
        self.pause_s = pause_s
        self.rng = random.Random(number)  # noqa: S311
        self.seconds: list[float] = []
        self.new: list[bool] = []

    async def take(self, port: int, at_once: Meeting) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.host = f"127.0.0.1:{port}"
        state = await self.post("/api/join", {"consent": True, "headphones": None})
        bodies = [answer_to(page, 3) for page in state["pages"]]
        await at_once.wait()
        for body in bodies:
            await asyncio.sleep(self.rng.uniform(0, 2 * self.pause_s))
            began = time.perf_counter()
            data = await self.post("/api/answer", body, state["session"])
            self.seconds.append(time.perf_counter() - began)
            self.new.append(data["new"])
        self.writer.close()
        await self.writer.wait_closed()

    async def post(self, path: str, body: object, session: str = "") -> Any:
        data = json.dumps(body).encode()
        self.writer.write(
            f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/json\r\n"
            f"Codecmark-Session: {session}\r\nContent-Length: {len(data)}\r\n\r\n".encode()
            + data
        )
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        answer = await self.reader.readexactly(length)
        assert head.startswith(b"HTTP/1.1 200 "), answer
        return json.loads(answer)


class Meeting:
    """Where so many wait for the last of them."""

    def __init__(self, expected: int) -> None:
        self.expected, self.all_here = expected, asyncio.Event()

    async def wait(self) -> None:
        self.expected -= 1
        if not self.expected:
            self.all_here.set()
        await self.all_here.wait()


def crowd(port: int, listeners: int, pause_s: float) -> list[Steady]:
    """Let so many listeners take a whole test at once; return them when all are done.

    One event loop plays all of them: threads that wait for each other would be in the figures.
    """

    async def meet() -> list[Steady]:
        people = [Steady(number, pause_s) for number in range(listeners)]
        at_once = Meeting(listeners)
        async with asyncio.timeout(120):
            await asyncio.gather(*(each.take(port, at_once) for each in people))
        return people

    with ThreadPoolExecutor(1) as thread:  # a browser of another test has a loop in this one
        return thread.submit(lambda: asyncio.run(meet())).result()
