"""Processing stages after the vocoder in a spec: `+consistent-6`, `+wiener`, `+softlimit`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codecmark.clip import Samples
from codecmark.mel import mel_consistency, postfilter


@dataclass(frozen=True)
class AfterVocoder:
    """Processing stages after the vocoder.

    Attributes
    ----------
    consistency_rounds : int
        Rounds of `mel_consistency` on the vocoder's waveform.
    filters : tuple of functions
        Filters for the final waveform at its original level, in order.
    """

    consistency_rounds: int
    filters: tuple[Callable[[Samples], Samples], ...]

    @classmethod
    def named(cls, stages: Sequence[str]) -> AfterVocoder:
        """Build from the names in a spec."""
        rounds = [mel_consistency.rounds_of(stage) for stage in stages]
        filters = [s for s, count in zip(stages, rounds, strict=True) if count is None]
        return cls(sum(count or 0 for count in rounds), tuple(map(postfilter.named, filters)))


def follows_a_vocoder(stage: str) -> bool:
    """Return whether a part of a spec is such a stage, rather than part of the vocoder's name."""
    return stage in postfilter.FILTERS or mel_consistency.rounds_of(stage) is not None
