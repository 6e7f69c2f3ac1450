"""The campaign: attack every decoder and reader, and write what was found.

    python tests/robustness.py --streams 1000000 --files 200000 --faults 200 --kills 60

It goes on where it was left off: counts are in `.robustness/counts.json`. `results/robustness.md`
is written from them at its end, or by `--page` alone. `make robustness` does all of it.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from codecmark.system import whole_files
from fuzzing import campaign, targets
from fuzzing.campaign import Count, Counts
from fuzzing.page import markdown
from places import REPOSITORY

WORK = REPOSITORY / ".robustness"
RESULTS = REPOSITORY / "results"


def main() -> int:
    """Run what is asked for and still lacks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--streams", type=int, default=1_000_000, help="mutated, over all decoders")
    parser.add_argument("--files", type=int, default=200_000, help="over all readers")
    parser.add_argument("--faults", type=int, default=200, help="of the disk, injected")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--page", action="store_true", help="only write the page of what is there")
    parser.add_argument("--only", default="", metavar="NAME,...", help="targets with such names")
    parser.add_argument("--seconds", type=float, default=20.0, help="of a turn of one target")
    parser.add_argument("--most", type=int, default=60_000, help="inputs of a turn")
    parser.add_argument("--least", type=int, default=1_000, help="inputs of each target")
    parser.add_argument("--turns", type=int, default=10**9, help="at most so many")
    parser.add_argument("--work", type=Path, default=WORK, help="counts and inputs are kept here")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the page goes")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    counts = Counts(arguments.work / "counts.json")
    if not arguments.page:
        attack(counts, arguments)
        campaign.trials(counts, "faults", "fuzzing.faults", arguments.faults, lambda _: [])
        campaign.trials(
            counts, "kills", "fuzzing.kills", arguments.kills,
            lambda done: [done, min(6, arguments.kills - done)],
        )  # fmt: skip
    page = arguments.out / "robustness.md"
    whole_files.replace(page, markdown(counts))
    print(f"page in {page}")
    return 0


def attack(counts: Counts, arguments: argparse.Namespace) -> None:
    """Give every target its turns, those with the fewest inputs first."""
    wanted = {"streams": arguments.streams, "files": arguments.files}
    asked = [part for part in arguments.only.split(",") if part]
    kinds = targets.kinds()
    names = [name for name in kinds if not asked or any(part in name for part in asked)]
    for name in names:
        counts.targets.setdefault(name, Count(name, kinds[name]))
    turns = 0
    while turns < arguments.turns and (
        lacking := [
            name
            for name in names
            if counts.total(kinds[name]) < wanted[kinds[name]]
            or counts.targets[name].inputs < arguments.least
        ]
    ):
        name = min(lacking, key=lambda n: counts.targets[n].seconds)
        start = time.monotonic()
        campaign.turn(
            counts.targets[name], arguments.work, arguments.seconds, arguments.most,
            apart=targets.is_apart(name), log=lambda text: print(text, flush=True),
        )  # fmt: skip
        counts.save()
        turns += 1
        print(f"  {time.monotonic() - start:.0f} s, turn {turns}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
