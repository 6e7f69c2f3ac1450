"""Where the figures come from: runs, hosts, versions, weights, and the command to repeat them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from codecmark import catalog, corpus
from codecmark.corpus.condition import DEFAULT_CONDITION
from codecmark.errors import CodecmarkError
from codecmark.results.row import ResultRow


@dataclass(frozen=True)
class Provenance:
    """Facts for the foot of the page.

    `versions` names a package once for each version that a row has; `weights` are evidence, SHA-256
    (empty where there is none) and the specs that it is of.
    """

    runs: tuple[str, ...]
    hosts: tuple[str, ...]
    devices: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    weights: tuple[tuple[str, str, tuple[str, ...]], ...]
    commands: tuple[str, ...]


def provenance(rows: Sequence[ResultRow]) -> Provenance:
    """Collect what the rows say about themselves."""
    versions = {(name, value) for row in rows for name, value in row.versions.items()}
    weights: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.weights is not None and row.weights != "none":
            key = (row.weights, row.weights_sha256 or "")
            weights.setdefault(key, []).append(row.spec)
    devices = dict.fromkeys(
        f"{row.device}, {row.threads} thread{'' if row.threads == 1 else 's'}"
        for row in rows
        if row.device
    )
    return Provenance(
        tuple(dict.fromkeys(row.run_id for row in rows)),
        tuple(dict.fromkeys(row.host for row in rows if row.host)),
        tuple(devices),
        tuple(sorted(versions)),
        tuple((*key, tuple(dict.fromkeys(specs))) for key, specs in weights.items()),
        tuple(_command(rows, name) for name in dict.fromkeys(row.condition for row in rows)),
    )


def _command(rows: Sequence[ResultRow], condition: str) -> str:
    ours = [row for row in rows if row.condition == condition]
    words = ["codecmark", "run"]
    specs = list(dict.fromkeys(row.spec for row in ours))
    if set(specs) == set(catalog.all_specs()):
        words.append("--all")
    elif set(specs) != set(catalog.all_specs(default_only=True)):
        words += ["--codecs", ",".join(specs)]
    if condition != DEFAULT_CONDITION:
        words += ["--condition", condition]
    if not _are_bundled({row.clip for row in ours if row.clip}):
        words += ["--corpus", "PATH"]
    return shlex.join(words)


def _are_bundled(names: set[str]) -> bool:
    try:
        return names == {clip.name for clip in corpus.load()}
    except CodecmarkError:
        return False
