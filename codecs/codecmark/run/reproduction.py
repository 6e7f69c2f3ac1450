"""Rows made on another machine, tried again here: the same clip, coded anew, against the row.

A row says which bytes its codec made and which samples came out, by their SHA-256. The same clip
is coded again along the path of every row (see `measure.codec_rows`), decoding in a process that
never saw it; where it gives both again, and everything that the row states beside times follows
from them, the row is reproduced. Times are the other machine's and cannot be tried, nor can what
listeners answered.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from codecmark.corpus import condition, reading
from codecmark.corpus.condition import PreparedClip
from codecmark.corpus.entry import CorpusClip
from codecmark.errors import CodecmarkError, InputError
from codecmark.measure import other_threads
from codecmark.measure.codec_rows import CodecRows
from codecmark.measure.scoring import Scorer
from codecmark.metrics import learned, predictor_weights
from codecmark.metrics.table import NOT_DEFINED, ON_REQUEST, QUALITY_FIELDS
from codecmark.networks.setup import Setup
from codecmark.results import consistency
from codecmark.results.row import AXES, TIME_PROBE, ResultRow

_TOLERANCE = 1e-3  # of a figure: libraries of other processors round otherwise
_ROUNDING = 1e-9  # of what follows from whole numbers by one division
_WITHOUT_BYTES = ("replayed", "elsewhere")
_ROUNDING_DB = 6.0  # of an agreement between two decoders, all of which is rounding
# what follows from codec, clip and stream, beside the figures
_DERIVED = (
    "spec", "family", "weights", "weights_sha256", "parameters", "clip", "clip_sha256", "clip_s",
    "source", "clip_class", "condition", *AXES, "nominal_bitrate_kbps", "stream_bytes",
    "payload_bytes", "bitrate_kbps", "pcm16_bytes", "compression_ratio", "algorithmic_delay_ms",
    "backend", "dtype", "level_difference_db",
)  # fmt: skip
_DIGESTS = ("stream_sha256", "decoded_sha256")  # another one is said in words of its own
_REQUESTED = tuple(metric.field for metric in ON_REQUEST)
_OF_THE_OUTPUT = (
    "lag_samples", *QUALITY_FIELDS, *_REQUESTED,
    *(name for name in ResultRow.__struct_fields__ if name.endswith(learned.REFERENCE)),
    "visqol_mode", "recovery_s", "token_agreement",
)  # fmt: skip
_OF_BACKENDS = ("agreement_db",)
# listeners' answers, which no machine makes again: named where a row has them, never compared
_OF_LISTENERS = (
    "mos", "dmos", "mushra", "listeners", "ratings", "listener_se", "listening_method",
    "listening_plan_sha256",
)  # fmt: skip
# another machine's and another run's own; what is wrong among these no figure of quality shows
_OF_THE_MACHINE = (
    "encode_s", "decode_s", "encode_rtf", "decode_rtf", "encode_min_s", "decode_min_s",
    "encode_p95_s", "decode_p95_s", "encode_first_call_s", "decode_first_call_s", "encode_rounds",
    "decode_rounds", "peak_memory_mib", "row_s", "device", "threads", "host", "versions",
    "schema_version", "run_id", "key", "weight_sets", "status", "reason", "reasons",
)  # fmt: skip
_NOTES_OF_THE_MACHINE = (TIME_PROBE, other_threads.NOTE)
_NEEDS = "needs the package"  # in the reason of a figure whose library is missing


@dataclass(frozen=True)
class Reproduction:
    """What came of trying a row again.

    Attributes
    ----------
    row : ResultRow
    verdict : {"reproduced", "differs", "untried"}
        `untried`: its codec, its weights or its clip are not here.
    what : str
        What differs, or why it, or a figure of it, was not tried.
    """

    row: ResultRow
    verdict: Literal["reproduced", "differs", "untried"]
    what: str = ""


def untriable(rows: Iterable[ResultRow]) -> Counter[str]:
    """Return how many rows cannot be tried, by why."""
    return Counter(reason for row in rows if (reason := _why_untriable(row)))


def written(counts: Counter[str]) -> str:
    """Return counts of `untriable` as a text."""
    return "; ".join(f"{number} {reason}" for reason, number in sorted(counts.items()))


def _why_untriable(row: ResultRow) -> str:
    if row.status != "ok":
        return row.status
    if row.weights in _WITHOUT_BYTES:
        return f"{row.weights}, without bytes"
    if any(value is not None for value in row.axes):
        return "of clips that went through more than the codec"
    if not row.stream_sha256 or not row.decoded_sha256:
        return "without digests of stream and output"
    return ""


def choose(rows: Sequence[ResultRow], count: int, seed: str) -> list[ResultRow]:
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
    usable = [row for row in rows if not _why_untriable(row)]
    if not usable:
        raise InputError(
            "rows: none has digests of stream and output that can be tried again: "
            f"{written(untriable(rows))}"
        )

    def draw(row: ResultRow) -> bytes:
        return hashlib.sha256(f"{seed} {row.spec} {row.clip} {row.condition}".encode()).digest()

    by_family: dict[str, list[ResultRow]] = {}
    for row in sorted(usable, key=draw):
        by_family.setdefault(row.family, []).append(row)
    turns = [(place, row) for rows in by_family.values() for place, row in enumerate(rows)]
    return [row for _, row in sorted(turns, key=lambda turn: turn[0])][:count]


def reproduce(row: ResultRow, clips: Sequence[CorpusClip], setup: Setup) -> Reproduction:
    """Code a row's clip again and compare stream, output and what follows from them."""
    try:
        asked = tuple(name for name in _REQUESTED if getattr(row, name) is not None)
        rules = replace(condition.named(row.condition), predictors=asked)
        clip = _clip(row, clips)
        codec = CodecRows(row.run_id, row.spec, clip, rules, setup)
        if codec.error is not None:
            raise codec.error
        with Scorer(workers=1) as scorer:
            ours = codec.measure([clip], None, scorer)[0]
    except CodecmarkError as error:
        return Reproduction(row, "untried", str(error))
    if ours.weights == "random" and row.weights != "random":
        return Reproduction(row, "untried", ours.reasons.get("snr_db", "its weights are not here"))
    if ours.status != "ok":
        return Reproduction(row, "differs", f"it fails here: {ours.reason}")
    if different := list(_differences(row, ours, setup)):
        return Reproduction(row, "differs", "; ".join(different))
    untried = _untried(row, ours, setup)
    said = [f"without {', '.join(untried)}"] if untried else []
    if rated := [name for name in _OF_LISTENERS if getattr(row, name) is not None]:
        said.append(f"without {', '.join(rated)}, which listeners gave")
    return Reproduction(row, "reproduced", "; ".join(said))


def _clip(row: ResultRow, clips: Sequence[CorpusClip]) -> PreparedClip:
    entry = next((clip for clip in clips if clip.name == row.clip), None)
    if entry is None:
        raise InputError(f"clip: {row.clip} is not here; name the clips with --corpus")
    rules = condition.named(row.condition)
    clip = reading.read(entry, rules)
    start = clip.cropped(rules.untrained_clip_s)  # all that is measured without trained weights
    if row.clip_sha256 not in (clip.audio.sha256(), start.audio.sha256()):
        raise InputError(f"clip: {row.clip} is another one here, by its digest")
    return clip


def _differences(row: ResultRow, ours: ResultRow, setup: Setup) -> Iterator[str]:
    """Yield what differs, and how; of another output no figures, which may well differ."""
    if row.stream_sha256 != ours.stream_sha256:
        yield f"the stream: {ours.stream_bytes} bytes here, {row.stream_bytes} there"
    for name in _DERIVED:
        if not _agree(getattr(ours, name), getattr(row, name), _ROUNDING):
            yield _both(name, ours, row)
    if _notes(row) != _notes(ours):
        yield f"notes: {_notes(ours)} here, {_notes(row)} there"
    if contradiction := consistency.problem(row):
        yield contradiction
    if row.decoded_sha256 != ours.decoded_sha256:
        yield "the output: another one, by its digest"
        return
    untried = _untried(row, ours, setup)
    for name in _OF_THE_OUTPUT:
        is_same = _agree(getattr(ours, name), getattr(row, name), _TOLERANCE)
        if row.is_exact(name) != ours.is_exact(name) or not (is_same or name in untried):
            yield _both(name, ours, row)
    for name in _OF_BACKENDS:
        if not _agree(getattr(ours, name), getattr(row, name), 0.0, _ROUNDING_DB):
            yield _both(name, ours, row)


def _notes(row: ResultRow) -> dict[str, str]:
    """Return the notes that are not of the machine."""
    return {topic: row.notes[topic] for topic in row.notes if topic not in _NOTES_OF_THE_MACHINE}


def _untried(row: ResultRow, ours: ResultRow, setup: Setup) -> list[str]:
    """Return the figures that a row has and whose library or weights are not here."""
    return [
        name
        for name in _OF_THE_OUTPUT
        if getattr(ours, name) is None
        and getattr(row, name) is not None
        and not ours.reasons.get(name, "").startswith(NOT_DEFINED)
        and (_NEEDS in ours.reasons.get(name, "") or _lacks_weights(name, setup))
    ]


def _lacks_weights(name: str, setup: Setup) -> bool:
    predictor = learned.PREDICTORS.get(name.removesuffix(learned.REFERENCE))
    if predictor is None:
        return False
    return predictor_weights.digest_of(predictor.weight_set, setup.weights) == "absent"


def _agree(ours: object, theirs: object, tolerance: float, absolute: float | None = None) -> bool:
    """Return whether two values are equal, or two numbers nearly; None equals itself only."""
    if isinstance(ours, float) and isinstance(theirs, float | int):
        nearly = tolerance if absolute is None else absolute
        return math.isclose(ours, theirs, rel_tol=tolerance, abs_tol=nearly)
    return ours == theirs


def _both(name: str, ours: ResultRow, theirs: ResultRow) -> str:
    return f"{name}: {_stated(ours, name)} here, {_stated(theirs, name)} there"


def _stated(row: ResultRow, name: str) -> str:
    value = getattr(row, name)
    if isinstance(value, float):
        return f"{value:g}"
    reason = row.reasons.get(name)
    return f"none ({reason})" if value is None and reason else str(value)
