from __future__ import annotations

import pytest
from msgspec.structs import replace

from codecmark.listen.ratings import ListeningSet, Rating
from codecmark.listen.screening import rules, screen, screened
from listening_sets import panel

DCR = {"reference": 5.0, "low": 1.5, "a": 3.5}


def edited(
    listening: ListeningSet, listener: str, system: str, value: float, items: int
) -> ListeningSet:
    """Return the set with another rating by one listener of a system's first items."""
    clips = listening.clips[:items]
    return replace(
        listening,
        ratings=tuple(
            Rating(r.listener, r.clip, r.system, value)
            if (r.listener, r.system) == (listener, system) and r.clip in clips
            else r
            for r in listening.ratings
        ),
    )


def gone(listening: ListeningSet) -> list[str]:
    return [exclusion.listener for exclusion in screen(listening)]


@pytest.mark.parametrize(("value", "items", "expected"), [
    (89.9, 1, []),  # 12.5 % of 8 items
    (89.9, 2, ["l3"]),
    (90.0, 8, []),  # at the limit is not below it
])  # fmt: skip
def test_the_hidden_reference_rule(value: float, items: int, expected: list[str]) -> None:
    assert gone(edited(panel(), "l3", "reference", value, items)) == expected


@pytest.mark.parametrize(("items", "expected"), [(1, []), (2, ["l3"])])
def test_the_mid_anchor_rule(items: int, expected: list[str]) -> None:
    assert gone(edited(panel(), "l3", "mid", 95.0, items)) == expected


def test_an_item_that_many_find_good_does_not_count_against_them() -> None:
    listening = panel()
    for name in ("l0", "l1", "l2", "l3"):  # 4 of 12 are more than a quarter
        listening = edited(listening, name, "mid", 95.0, 8)
    assert gone(listening) == []
    assert gone(edited(listening, "l3", "mid", 50.0, 8)) == ["l0", "l1", "l2"]


def test_null_pairs_traps_and_votes_without_an_opinion() -> None:
    listening = panel(DCR, method="dcr", spread=0.2)
    assert gone(listening) == []
    assert gone(edited(listening, "l2", "reference", 3.0, 2)) == ["l2"]
    assert gone(edited(listening, "l2", "low", 4.0, 2)) == ["l2"]
    for system in DCR:
        listening = edited(listening, "l5", system, 4.0, 8)
    assert [str(each) for each in screen(listening)] == [
        "l5: low anchor at 4 or above on more than 15 % of the items (8 of 8 items)",
        "l5: votes that hardly differ (variance below 0.1) (24 of 24 items)",
    ]
    assert "l5" not in screened(listening).listeners
    assert "l5" in listening.listeners


def test_rules_are_those_whose_stimuli_are_there() -> None:
    assert len(rules(panel())) == 2
    assert len(rules(panel({"reference": 98.0, "a": 50.0}))) == 1
    assert len(rules(panel({"a": 3.0}, method="acr", spread=0.2))) == 1
