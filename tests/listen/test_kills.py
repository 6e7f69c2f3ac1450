"""A server that is killed while many listeners answer: what was acknowledged is there, once."""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

from codecmark.listen import entries
from listen_servers import Served
from listening_tests import answer_to, planned

KILLS, LISTENERS = 20, 20


class Listener(threading.Thread):
    """Answers page after page, the same page again until it is acknowledged."""

    def __init__(self, server: list[Served], stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.server, self.stop = server, stop
        self.session = ""
        self.acknowledged: list[str] = []

    def post(self, path: str, body: object) -> Any:
        while not self.stop.is_set():
            with contextlib.suppress(urllib.error.URLError, HTTPException, OSError, ValueError):
                request = urllib.request.Request(
                    self.server[0].base + path, json.dumps(body).encode(),
                    {"Content-Type": "application/json", "Codecmark-Session": self.session},
                )  # fmt: skip
                with urllib.request.urlopen(request, timeout=5) as answer:
                    return json.load(answer)
            time.sleep(0.02)
        return None

    def run(self) -> None:
        state = self.post("/api/join", {"consent": True, "headphones": None})
        if state is None:
            return
        self.session = state["session"]
        for page in state["pages"]:
            if self.post("/api/answer", answer_to(page, 3)) is None:
                return
            self.acknowledged.append(page["page"])
            time.sleep(0.15)


def test_no_acknowledged_page_is_lost_or_doubled(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", "acr", clips=90, seconds=0.1)
    rng = random.Random(7)  # noqa: S311
    server = [Served(design.folder)]
    stop = threading.Event()
    listeners = [Listener(server, stop) for _ in range(LISTENERS)]
    for listener in listeners:
        listener.start()
    try:
        for _ in range(KILLS):
            time.sleep(rng.uniform(0.05, 0.6))
            server[0].kill()
            server[0] = Served(design.folder)
    finally:
        stop.set()
        for listener in listeners:
            listener.join()
        server[0].kill()
    _, answers = entries.read(design)  # refuses a page that is there twice
    stored = {(each.session, each.page) for each in answers}
    acknowledged = {(one.session, page) for one in listeners for page in one.acknowledged}
    assert len(acknowledged) > KILLS
    assert acknowledged <= stored
    # at most one page each was on its way
    assert len(stored - acknowledged) <= LISTENERS
