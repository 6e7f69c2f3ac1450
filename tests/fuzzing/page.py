"""`results/robustness.md`, from the counts of a campaign."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from codecmark.system import host
from codecmark.system import markdown as text
from fuzzing.campaign import HANGS_S, MOST_BYTES, WANTED, Count, Counts
from places import TESTS

_INDEX = TESTS / "data" / "hostile" / "index.json"


def markdown(counts: Counts) -> str:
    """Return the page."""
    streams, files = (_of(counts, kind) for kind in ("streams", "files"))
    faults, kills = (counts.trials.get(name, {}) for name in ("faults", "kills"))
    mended: list[dict[str, Any]] = json.loads(_INDEX.read_text())
    parts = [
        "# What an attack finds",
        f"{_number(streams)} mutated streams over {len(streams)} decoders, {_number(files)} files "
        f"over {len(files)} readers, {faults.get('count', 0)} injected faults of the disk and "
        f"{kills.get('count', 0)} kills, on {host.host()}. Counted by `make robustness`, which "
        "goes on where it was left off.",
        f"A finding is any exception that is not this package's own, a warning, a death of the "
        f"process, more than {HANGS_S:g} s of processor time for one input, or a process of more "
        f"than {MOST_BYTES >> 30} GiB; of faults and kills, whatever is lost, doubled or said in "
        "more than one line. Mutations are drawn from a seed, most of them below headers and "
        "checksums that hold; those among the first that reach new lines of the package are "
        "mutated further. Networks are tiny ones of the same classes, with the limits of a run.",
        _findings(counts),
        _neither([*streams, *files]),
        *_lacking(counts),
        "## Decoders",
        _table(streams, deaths=False),
        "## Readers",
        "Audio files are read by a process of its own in the suite: where a library dies of one, "
        "that costs this file. Here such deaths are counted.",
        _table(files, deaths=True),
        "## Faults",
        "A file cannot be opened, grows no further, or cannot be synchronised, renamed or removed, "
        "at each place where that can happen. Afterwards what was there is there, and the same "
        "again ends as if nothing had been.",
        _by(faults, ("operation", "fault", "trials")),
        "## Kills",
        "SIGKILL at a random moment, then the same again: every row is there once, and every word "
        "that somebody wrote.",
        _by(kills, ("what was killed", "trials")),
        "## Mended",
        "Inputs that once did harm are run by every test run:",
        text.table(
            ["file", "for", "what it did"],
            [[f"`{each['file']}`", text.escaped(each["target"]), text.escaped(each["what"])]
             for each in mended],
        ),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _of(counts: Counts, kind: str) -> list[Count]:
    targets = [each for _, each in sorted(counts.targets.items()) if each.kind == kind]
    return [each for each in targets if each.inputs or each.findings]


def _lacking(counts: Counts) -> list[str]:
    """Say what the whole campaign has beyond this."""
    totals = {kind: counts.total(kind) for kind in WANTED}
    lacking = [
        f"{totals[kind]:,} of {wanted:,} {kind}"
        for kind, wanted in WANTED.items()
        if totals[kind] < wanted
    ]
    idle = [f"`{name}`" for name, each in sorted(counts.targets.items()) if not each.inputs]
    parts = [f"**It has not ended:** {', '.join(lacking)}."] if lacking else []
    if idle:
        parts.append(f"Without a turn so far: {', '.join(idle)}.")
    return [" ".join(parts)] if parts else []


def _number(targets: Sequence[Count]) -> str:
    return f"{sum(each.inputs for each in targets):,}"


def _findings(counts: Counts) -> str:
    lines = [f"{each.name}: {found}" for each in counts.targets.values() for found in each.findings]
    lines += [found for trials in counts.trials.values() for found in trials["findings"]]
    if not lines:
        return "**No finding is open.**"
    return "**Open findings:**\n\n" + "\n".join(f"- {text.escaped(line)}" for line in lines)


def _neither(targets: Sequence[Count]) -> str:
    """Say how many inputs were findings: the counts are of every version that was attacked."""
    count = sum(each.inputs - each.taken - each.refused for each in targets)
    return (
        f"The campaign went on over several versions of the code. {count:,} of the inputs were "
        "neither taken nor refused, but findings when they were tried; what they found is mended, "
        "but for what is open."
    )


def _table(targets: Sequence[Count], *, deaths: bool) -> str:
    headings = ["target", "inputs", "taken", "refused", "neither"]
    headings += ["processor s", "slowest s", "peak MiB"]
    rows = [
        [
            text.escaped(each.name), f"{each.inputs:,}", f"{each.taken:,}", f"{each.refused:,}",
            f"{each.inputs - each.taken - each.refused:,}",
            f"{each.seconds:.0f}", f"{each.slowest_s:.2f}", f"{each.peak_mib:.0f}",
            *([str(each.deaths)] if deaths else []),
        ]
        for each in targets
    ]  # fmt: skip
    return text.table([*headings, *(["deaths"] if deaths else [])], rows, numbers=7 + deaths)


def _by(trials: dict[str, Any], headings: Sequence[str]) -> str:
    counted: Counter[str] = Counter(trials.get("by", {}))
    rows = [[*name.rsplit(", ", 1), str(count)] for name, count in counted.items()]
    return text.table(headings, rows, numbers=1)
