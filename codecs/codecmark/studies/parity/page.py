"""The record of parity as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from codecmark.spec import Spec
from codecmark.studies.parity.checkpoint import SEED, Checkpoint
from codecmark.studies.parity.comparison import TOLERANCE, TensorComparison

_HEAD = """\
# Parity with the reference implementations

Written by `make parity`; not edited. Both sides get one checkpoint at the published size and one
clip. Tokens are taken from the bytes that the wrapper wrote, audio from decoding them.

| | |
| --- | --- |
"""
_COLUMNS = (
    "codec", "codebooks", "samples", "tokens", "different", "values seen", "levels", "`.ecdc`",
    "`#original`", "audio RMS", "largest difference", "holds",
)  # fmt: skip
_FOOT = f"""
## What it says

- *tokens*, *different*: compared one by one, and how many differ. *values seen*: different tokens
  that occur, summed over codebooks: a network that always says the same would prove nothing.
- *levels*: the scales of EnCodec's 48 kHz segments, equal to the bit.
- *`.ecdc`*: the stream of the package's own `compress`, read with its own bit reader, carries the
  same tokens and levels.
- *`#original`*: the package behind this project's interface writes the same bytes, and decodes
  them to the same audio.
- *largest difference*: of a decoded sample; {TOLERANCE:g} or less holds.
- Checkpoints are in the authors' own format and are read with `torch.load(weights_only=True)`.
  Every tensor but one flag is random, so an exchange of two would show; loading
  refuses a name that is left over or absent.

## What it does not say

- Weights are random numbers, not the published ones: it proves the computation, not their files.
- DAC is compared by `preprocess`, `encode`, `from_codes` and `decode` on the whole clip. Its
  `compress` first brings the clip to -16 LUFS and cuts it up; the wrapper does neither.
- At 16 and 24 kHz DAC returns 8 samples less than it was given, and the wrapper puts 8 zeros in
  front; audio is compared behind them. That published weights answer 8 samples early is others'
  measurement: random weights cannot show it.
- EnCodec's language model for entropy coding is not part of the wrapper.
"""


def markdown(
    facts: Mapping[str, str],
    checkpoints: Sequence[Checkpoint],
    comparisons: Sequence[TensorComparison],
) -> str:
    """Return the page; `facts` are the labels and values of its first table."""
    lines = [f"| {label} | {value} |" for label, value in facts.items()]
    verdict = "**Parity holds.**" if holds(comparisons) else "**Parity does not hold.**"
    return (
        _HEAD
        + "\n".join(lines)
        + f"\n\n{verdict}\n\n## Codecs\n\n"
        + _table(_COLUMNS, [_row(list(group)) for _, group in _groups(comparisons)])
        + "\n## Checkpoints\n\n"
        + _table(
            ("file", "tensors", "numbers", f"SHA-256 of the tensors, seed {SEED}"),
            [(c.file, str(c.tensors), f"{c.numbers:,}", f"`{c.sha256}`") for c in checkpoints],
        )
        + _FOOT
    )


def holds(comparisons: Sequence[TensorComparison]) -> bool:
    """Return whether there are comparisons, and all of them hold."""
    return bool(comparisons) and all(comparison.holds for comparison in comparisons)


def _groups(comparisons: Sequence[TensorComparison]) -> groupby[tuple[str, int], TensorComparison]:
    """Group comparisons by line: each EnCodec setting and clip; DAC's settings on one clip."""
    return groupby(comparisons, key=lambda c: (c.spec, c.samples))


def _row(group: Sequence[TensorComparison]) -> tuple[str, ...]:
    books = [c.codebooks for c in group]
    first = group[0]
    return (
        f"{Spec.parse(first.spec).family}:{Spec.parse(first.spec).variant}"
        if len(group) > 1
        else first.spec,
        str(books[0]) if len(books) == 1 else f"{min(books)} to {max(books)}, each",
        f"{first.samples:,}",
        f"{sum(c.tokens for c in group):,}",
        str(sum(c.differing for c in group)),
        f"{sum(c.distinct for c in group):,}",
        _agreement([c.levels for c in group]),
        _agreement([c.ecdc for c in group]),
        _agreement([c.twin for c in group]),
        f"{min(c.rms for c in group):.3f}",
        f"{max(c.deviation for c in group):.1e}",
        "yes" if holds(group) else "**no**",
    )


def _agreement(answers: Sequence[bool | None]) -> str:
    if all(answer is None for answer in answers):
        return "-"
    return "equal" if False not in answers else "**differ**"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = [f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"
