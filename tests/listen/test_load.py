"""Two hundred listeners at once, on two cores: every page is stored once, and soon."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from codecmark.listen import entries
from listen_servers import Served, crowd
from listening_tests import planned

LISTENERS, PAGES = 200, 10
MOST_S, TRIES = 0.2, 4  # a machine that does other things at the time may need another


def busy() -> float:
    """Return how many programs share a core, at least one: each gets that much less of it."""
    if not hasattr(os, "getloadavg"):
        return 1.0
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def test_two_hundred_listeners_are_answered_in_time(tmp_path: Path) -> None:
    """Each hands in the next page as soon as the one before is acknowledged."""
    p95_s = []
    for n in range(TRIES):
        design = planned(tmp_path / f"t{n}", "acr", clips=2)
        assert len(design.plan.pages) == PAGES
        server = Served(design.folder)
        try:
            people = crowd(server.port, LISTENERS, pause_s=0)
        finally:
            server.kill()
        assert [each.new for each in people] == [[True] * PAGES] * LISTENERS
        joined, answers = entries.read(design)
        assert len(joined) == LISTENERS
        assert len({(each.session, each.page) for each in answers}) == LISTENERS * PAGES
        assert len(answers) == LISTENERS * PAGES
        p95_s.append(float(np.quantile([s for each in people for s in each.seconds], 0.95)))
        if p95_s[-1] < MOST_S:
            break
    assert min(p95_s) < MOST_S * busy()
