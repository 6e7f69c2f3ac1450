"""Anchors: settings whose quality nobody doubts, on many sources, to hold a panel against.

`results/anchors` has their rows, quality only, on one clip of each source of the development half.
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
_BY_ONE_HOUSE = {
    "flac": "PASS",
    "opus@96k": "PASS",
    "opus@6k": "FAIL",
    "codec2@3.2k": "FAIL",
    "lowpass@3.5k": "FAIL",
    "mel:16k-64/griffinlim-64": "UNDECIDED",
}
# plain Griffin-Lim is what its users rate 2 of 5
EXPECTED = {
    "speech": {
        "flac": "PASS",
        "opus@32k": "PASS",
        "opus@6k": "FAIL",
        "codec2@3.2k": "FAIL",
        "lowpass@3.5k": "FAIL",
        "mel:16k-64/griffinlim-64": "FAIL",
    },
    "music": _BY_ONE_HOUSE,
    "ambient": _BY_ONE_HOUSE,
}
# what the panel should fail and cannot: ViSQOL passes it, and there is one voice
WRONG = {("music", "mel:16k-64/griffinlim-64"), ("ambient", "mel:16k-64/griffinlim-64")}


def rows() -> list[ResultRow]:
    """Return the committed rows."""
    return list(store.read(FOLDER, store.run_ids(FOLDER)))


def make() -> None:
    """Measure what is missing, class by class; each class has a run of its own."""
    chosen = condition.named(condition.DEFAULT_CONDITION)
    half = halves.load("development")
    setup = Setup.from_environment()
    store.prepare(FOLDER)
    there = {row.clip_class for row in rows()}
    for clip_class, expected in EXPECTED.items():
        if clip_class in there:
            continue
        ours = [clip for clip in half if clip.clip_class == clip_class]
        of_each_source = {clip.source: clip for clip in reversed(ours)}
        clips, _ = plan.survey(list(of_each_source.values()), chosen)
        wanted = plan.make(tuple(expected), clips, chosen, FOLDER, setup, timed=False, fresh=True)
        for _ in run_plan(wanted, InProcess(), FOLDER):
            pass


if __name__ == "__main__":
    make()
