"""The campaign: attack every decoder and reader, and write what was found.

    python tests/robustness.py --streams 1000000 --files 200000 --faults 200 --kills 60

It goes on where it was left off: counts are in `.robustness/counts.json`. `results/robustness.md`
is written from them at its end, or by `--page` alone. `make robustness` does all of it.
"""

from __future__ import annotations

import argparse
import copy
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from codecmark.system import whole_files
from fuzzing import campaign, targets
from fuzzing.campaign import WANTED, Count, Counts
from fuzzing.page import markdown
from places import REPOSITORY

WORK = REPOSITORY / ".robustness"
RESULTS = REPOSITORY / "results"


def main() -> int:
    """Run what is asked for and still lacks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--streams", type=int, default=WANTED["streams"], help="mutated")
    parser.add_argument("--files", type=int, default=WANTED["files"], help="mutated")
    parser.add_argument("--faults", type=int, default=WANTED["faults"], help="of the disk")
    parser.add_argument("--kills", type=int, default=WANTED["kills"])
    parser.add_argument("--page", action="store_true", help="only write the page of what is there")
    parser.add_argument("--only", default="", metavar="NAME,...", help="targets with such names")
    parser.add_argument("--seconds", type=float, default=10.0, help="processor's, of a turn")
    parser.add_argument("--most", type=int, default=60_000, help="inputs of a turn")
    parser.add_argument("--least", type=int, default=1_000, help="inputs of each target")
    parser.add_argument("--turns", type=int, default=10**9, help="at most so many")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="targets at once")
    parser.add_argument("--work", type=Path, default=WORK, help="counts and inputs are kept here")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the page goes")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    counts = Counts(arguments.work / "counts.json")
    if not arguments.page:
        attack(counts, arguments)
    page = arguments.out / "robustness.md"
    whole_files.replace(page, markdown(counts))
    print(f"page in {page}")
    return 0


def attack(counts: Counts, arguments: argparse.Namespace) -> None:
    """Try faults and kills, and give every target its turns, those of the fewest seconds first."""
    turns = _Turns(counts, arguments)
    with ThreadPoolExecutor(arguments.workers) as pool:
        jobs = [pool.submit(_trials, counts, arguments)]
        jobs += [pool.submit(turns.take) for _ in range(arguments.workers)]
    for job in jobs:
        job.result()


def _trials(counts: Counts, arguments: argparse.Namespace) -> None:
    campaign.trials(counts, "faults", "fuzzing.faults", arguments.faults, lambda _: [])
    campaign.trials(
        counts, "kills", "fuzzing.kills", arguments.kills,
        lambda done: [done, min(6, arguments.kills - done)],
    )  # fmt: skip


class _Turns:
    """Turns of the targets, some at once; each target has one at a time."""

    def __init__(self, counts: Counts, arguments: argparse.Namespace) -> None:
        self._counts, self._arguments = counts, arguments
        self._wanted: dict[str, int] = {"streams": arguments.streams, "files": arguments.files}
        self._least: int = arguments.least
        asked = [part for part in arguments.only.split(",") if part]
        self._kinds = targets.kinds()
        self._free = [name for name in self._kinds if not asked or any(p in name for p in asked)]
        for name in self._free:
            counts.targets.setdefault(name, Count(name, self._kinds[name]))
        self._lock, self._begun = threading.Lock(), 0

    def take(self) -> None:
        """Take turns until nothing lacks."""
        arguments = self._arguments
        while (name := self._next()) is not None:
            start = time.monotonic()
            count = copy.deepcopy(self._counts.targets[name])
            try:
                campaign.turn(
                    count, arguments.work, arguments.seconds, arguments.most,
                    apart=targets.is_apart(name), log=lambda text: print(text, flush=True),
                )  # fmt: skip
            except campaign.NoStartError as error:  # a finding, and the others go on
                print(error, flush=True)
                count.findings = list(dict.fromkeys([*count.findings, str(error)]))
                with self._lock:
                    self._counts.targets[name] = count
                    self._counts.save()
                continue
            with self._lock:
                self._counts.targets[name] = count
                self._free.append(name)
                self._counts.save()
            print(f"  {time.monotonic() - start:.0f} s, turn {self._begun}", flush=True)

    def _next(self) -> str | None:
        with self._lock:
            lacking = [name for name in self._free if self._lacks(name)]
            if not lacking or self._begun >= self._arguments.turns:
                return None
            name = min(lacking, key=lambda each: self._counts.targets[each].seconds)
            self._free.remove(name)
            self._begun += 1
            return name

    def _lacks(self, name: str) -> bool:
        kind = self._kinds[name]
        return (
            self._counts.total(kind) < self._wanted[kind]
            or self._counts.targets[name].inputs < self._least
        )


if __name__ == "__main__":
    sys.exit(main())
