"""Rows made on another machine, tried again here: the same clip, coded anew, against the digests.

A row says which bytes its codec made and which samples came out, by their SHA-256. Where the same
clip gives both again, and the figures that the row states follow from them, the row is reproduced.
Times are the other machine's and cannot be tried.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from codecmark import catalog
from codecmark.corpus import condition, reading
from codecmark.corpus.condition import PreparedClip
from codecmark.corpus.entry import CorpusClip
from codecmark.errors import CodecmarkError, InputError
from codecmark.metrics.score import score
from codecmark.metrics.table import METRICS
from codecmark.networks.setup import Setup
from codecmark.results.row import ResultRow
from codecmark.system import threads

_TOLERANCE = 1e-3  # of a figure: libraries of other processors round otherwise
_WITHOUT_BYTES = ("replayed", "elsewhere")


@dataclass(frozen=True)
class Reproduction:
    """What came of trying a row again.

    Attributes
    ----------
    row : ResultRow
    verdict : {"reproduced", "differs", "untried"}
        `untried`: its codec or its clip is not here.
    what : str
        What differs, or why it was not tried.
    """

    row: ResultRow
    verdict: Literal["reproduced", "differs", "untried"]
    what: str = ""


def choose(rows: Iterable[ResultRow], count: int, seed: str) -> list[ResultRow]:
    """Return some rows that can be tried, of as many families as there are; another seed, others.

    Parameters
    ----------
    count : int
        How many at most.
    seed : str
        What the one who tries them chose, so that nobody knows beforehand.

    Raises
    ------
    InputError
        If no row has digests, or fewer than one is asked for.
    """
    if count < 1:
        raise InputError(f"rows: must be at least 1, got {count}")
    usable = [
        row
        for row in rows
        if row.status == "ok"
        and row.stream_sha256
        and row.decoded_sha256
        and row.weights not in _WITHOUT_BYTES
        and not any(value is not None for value in row.axes)
    ]
    if not usable:
        raise InputError("rows: none has digests of stream and output, so none can be tried again")

    def draw(row: ResultRow) -> bytes:
        return hashlib.sha256(f"{seed} {row.spec} {row.clip} {row.condition}".encode()).digest()

    by_family: dict[str, list[ResultRow]] = {}
    for row in sorted(usable, key=draw):
        by_family.setdefault(row.family, []).append(row)
    turns = [(place, row) for rows in by_family.values() for place, row in enumerate(rows)]
    return [row for _, row in sorted(turns, key=lambda turn: turn[0])][:count]


def reproduce(row: ResultRow, clips: Sequence[CorpusClip], setup: Setup) -> Reproduction:
    """Code a row's clip again and compare stream, output and figures with the row."""
    try:
        clip = _clip(row, clips)
        codec = catalog.create(row.spec, setup)
    except CodecmarkError as error:
        return Reproduction(row, "untried", str(error))
    threads.limit(condition.named(row.condition).threads)
    try:
        stream = codec.encode(clip.audio)
        decoded = codec.decode(stream)
    except CodecmarkError as error:
        return Reproduction(row, "differs", f"it fails here: {error}")
    different = []
    if hashlib.sha256(stream).hexdigest() != row.stream_sha256:
        different.append(f"the stream: {len(stream)} bytes here, {row.stream_bytes} there")
    elif len(stream) != row.stream_bytes:
        different.append(f"stream_bytes: {len(stream)} here, {row.stream_bytes} there")
    if decoded.on_pcm16_grid().sha256() != row.decoded_sha256:
        different.append("the output")
    else:  # otherwise figures may well differ
        scores = score(
            clip.audio.samples, decoded.samples, clip.audio.sample_rate_hz, clip.clip_class,
            setup.weights,
        )  # fmt: skip
        different += _figures(row, scores.values)
    return Reproduction(row, "differs" if different else "reproduced", "; ".join(different))


def _clip(row: ResultRow, clips: Sequence[CorpusClip]) -> PreparedClip:
    entry = next((clip for clip in clips if clip.name == row.clip), None)
    if entry is None:
        raise InputError(f"clip: {row.clip} is not here; name the clips with --corpus")
    clip = reading.read(entry, condition.named(row.condition))
    if clip.audio.sha256() != row.clip_sha256:
        raise InputError(f"clip: {row.clip} is another one here, by its digest")
    return clip


def _figures(row: ResultRow, values: Mapping[str, float]) -> list[str]:
    """Return the figures that both have and that differ."""
    different = []
    for metric in METRICS:
        stated = getattr(row, metric.field)
        if stated is None or metric.field not in values:
            continue
        ours = values[metric.field]
        if not math.isclose(ours, stated, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE):
            different.append(f"{metric.field}: {ours:g} here, {stated:g} there")
    return different
