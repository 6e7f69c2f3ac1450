"""Anchors: settings whose quality nobody doubts, on many voices, to hold a panel against.

`results/anchors` has their rows, quality only, on one clip of each speaker of the development half.
`python tests/anchors.py` makes them anew, and needs that half and DistillMOS' weights.
"""

from __future__ import annotations

from codecmark.corpus import condition, halves
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.run import plan
from codecmark.run.engines.inprocess import InProcess
from codecmark.run.runner import run as run_plan
from places import COMMITTED

FOLDER = COMMITTED / "anchors"
# plain Griffin-Lim is what its users rate 2 of 5
EXPECTED = {
    "flac": "PASS",
    "opus@32k": "PASS",
    "opus@6k": "FAIL",
    "codec2@3.2k": "FAIL",
    "lowpass@3.5k": "FAIL",
    "mel:16k-64/griffinlim-64": "FAIL",
}


def rows() -> list[ResultRow]:
    """Return the committed rows."""
    return list(store.read(FOLDER, store.run_ids(FOLDER)))


def make() -> None:
    """Measure them."""
    chosen = condition.named(condition.DEFAULT_CONDITION)
    speech = [clip for clip in halves.load("development") if clip.clip_class == "speech"]
    of_each_speaker = {clip.source: clip for clip in reversed(speech)}
    clips, _ = plan.survey(list(of_each_speaker.values()), chosen)
    setup = Setup.from_environment()
    wanted = plan.make(tuple(EXPECTED), clips, chosen, FOLDER, setup, timed=False, fresh=True)
    store.prepare(FOLDER)
    for _ in run_plan(wanted, InProcess(), FOLDER):
        pass


if __name__ == "__main__":
    make()
