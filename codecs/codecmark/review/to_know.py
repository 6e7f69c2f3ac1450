"""What whoever takes a codec has to live with, as far as its rows and the catalog say it."""

from __future__ import annotations

from collections.abc import Sequence

from codecmark.catalog import facts
from codecmark.metrics.table import two_digits
from codecmark.networks.trained_sets import PREFIX
from codecmark.results.row import ResultRow
from codecmark.spec import without_setting


def to_know(rows: Sequence[ResultRow]) -> tuple[str, ...]:
    """Return a few words on each: delay, processor and memory, licence, training data."""
    scored = [row for row in rows if row.clip]
    if not scored:
        return ()
    texts = [_delay(scored[0]), _cost(scored), *_weights(scored[0])]
    return tuple(text for text in texts if text)


def _delay(row: ResultRow) -> str:
    if row.algorithmic_delay_ms is not None:
        return f"delay {row.algorithmic_delay_ms:.4g} ms" if row.algorithmic_delay_ms else ""
    if "algorithmic_delay_ms" not in row.reasons:
        return ""
    return "states no bound of its delay: not made for live use here"


def _cost(rows: Sequence[ResultRow]) -> str:
    timed = [row for row in rows if row.decode_s is not None and row.clip_s]
    seconds = sum(row.clip_s or 0.0 for row in timed)
    texts = []
    if seconds:
        spent = sum(row.decode_s or 0.0 for row in timed) / seconds
        texts.append(f"decoding takes {two_digits(spent)} s for 1 s of audio")
    memory = [row.peak_memory_mib for row in rows if row.peak_memory_mib is not None]
    if memory:
        texts.append(f"{max(memory):.0f} MiB")
    return ", ".join(texts)


def _weights(row: ResultRow) -> list[str]:
    """Say whose the weights are and what they were trained on."""
    if row.weights in {None, "none"}:
        return []
    known, codec = facts.table(), without_setting(row.spec)
    same = (entry for spec, entry in known.items() if without_setting(spec) == codec)
    entry = known.get(row.spec) or next(same, None)
    texts = [] if entry is None else [f"licence {entry.licence}"]
    if row.weights == "random":
        texts.append("its published weights are not here")
    if row.weights == "trained" and entry is not None:
        names = [name for asked in entry.asked for name in asked.names if name.startswith(PREFIX)]
        cards = ", ".join(f"`{name.removeprefix(PREFIX)}`" for name in names)
        texts.append(f"trained by this project: the card of {cards} names the data")
    return texts
