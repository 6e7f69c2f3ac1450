"""What listeners are told and asked, by method; the words of ITU-T P.800 and ITU-R BS.1534."""

from __future__ import annotations

from typing import Any

from codecmark.listen.design import TestMethod

_LABELS: dict[TestMethod, list[tuple[int, str]]] = {
    "acr": [(5, "Excellent"), (4, "Good"), (3, "Fair"), (2, "Poor"), (1, "Bad")],
    "dcr": [
        (5, "Inaudible"), (4, "Audible but not annoying"), (3, "Slightly annoying"),
        (2, "Annoying"), (1, "Very annoying"),
    ],
    "mushra": [(90, "Excellent"), (70, "Good"), (50, "Fair"), (30, "Poor"), (10, "Bad")],
    "ab": [(0, "A is better"), (1, "B is better"), (2, "No difference that I hear")],
    "abx": [(0, "X is A"), (1, "X is B")],
}  # fmt: skip
_QUESTIONS: dict[TestMethod, str] = {
    "acr": "How good does it sound?",
    "dcr": "How audible and annoying is what differs from the reference?",
    "mushra": "How good is each sound, compared with the reference? One of them is the reference "
    "itself: that one is 100.",
    "ab": "Which of the two sounds better?",
    "abx": "Is X the same as A or the same as B? If you cannot tell, guess.",
}


def wording(method: TestMethod) -> dict[str, Any]:
    """Return question and labels; a label's number is the answer that it stands for."""
    return {"question": _QUESTIONS[method], "labels": _LABELS[method]}
