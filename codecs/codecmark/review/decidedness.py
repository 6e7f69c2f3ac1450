"""How often a panel comes to a verdict: its worth to whoever asks, class of clips by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from codecmark.review.choice import Candidate
from codecmark.review.finding import Verdict

DECIDED: tuple[Verdict, ...] = ("PASS", "FAIL", "UNDECIDED")


def shares(candidates: Iterable[Candidate], panel: str) -> dict[str, Counter[Verdict]]:
    """Count the verdicts of a panel on each class of clips.

    Of what the rows themselves have sound of: without settings that published sound stands for.

    Parameters
    ----------
    panel : str
        Its name.
    """
    counts: dict[str, Counter[Verdict]] = {}
    for candidate in candidates:
        if candidate.rests_on_published:
            continue
        for name, verdict in candidate.finding(panel).classes.items():
            if verdict in DECIDED:
                counts.setdefault(name, Counter())[verdict] += 1
    return counts


def in_words(counts: dict[str, Counter[Verdict]]) -> str:
    """Write them: `speech 120 settings: PASS 20, FAIL 70, UNDECIDED 30 (25 %); ...`."""
    texts = []
    for name, count in counts.items():
        verdicts = ", ".join(f"{verdict} {count[verdict]}" for verdict in DECIDED)
        percent = 100 * count["UNDECIDED"] / count.total()
        texts.append(f"{name} {count.total()} settings: {verdicts} ({percent:.0f} %)")
    return "; ".join(texts)
