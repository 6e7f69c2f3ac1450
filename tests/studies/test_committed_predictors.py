"""What the committed page says of predictors against people, from the committed figures."""

from __future__ import annotations

import csv
import re
from functools import cache

import numpy as np
import pytest

from codecmark.review import kinds
from codecmark.studies import predictors
from codecmark.studies.predictors import Floats
from places import COMMITTED

# means over signals and 19 listeners, as the set's authors published them
PUBLISHED = {
    "AudioDec": 66.71, "Proposed 5.51": 60.44, "Proposed 1.38": 54.28,
    "Proposed 5.51 16kHz": 48.64, "Proposed 1.38 16kHz": 47.30, "Lyra 6": 45.55, "Lyra 3": 29.64,
}  # fmt: skip
# per cent of 173 clear pairs, as counted once before with another program, and the page's label
KNOWN = {
    "visqol_mos_lqo": (65, "ViSQOL"), "pesq_wb": (42, "PESQ-WB"), "zimtohrli": (85, "Zimtohrli"),
    "distillmos": (73, "DistillMOS"),
}  # fmt: skip


@cache
def page() -> str:
    return (COMMITTED / "predictors.md").read_text(encoding="utf-8")


@cache
def table() -> dict[str, Floats]:
    """Return each column of the figures over signals and systems."""
    with (COMMITTED / "predictors.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    signals = list(dict.fromkeys(line["signal"] for line in lines))
    by_stimulus = {(line["signal"], line["condition"]): line for line in lines}
    return {
        field: np.array(
            [[float(by_stimulus[s, system][field]) for system in PUBLISHED] for s in signals]
        )
        for field in ("mean_rating", "si_sdr_db", *KNOWN)
    }


def test_the_means_are_those_that_were_published() -> None:
    # over signals, which have not all as many ratings: so near, and not the same
    means = table()["mean_rating"].mean(axis=0)
    assert dict(zip(PUBLISHED, means, strict=True)) == pytest.approx(PUBLISHED, abs=0.3)
    shown = dict(re.findall(r"^\| ([\w. ]+?) \| [\w ]+ \| ([\d.]+) \|", page(), re.MULTILINE))
    assert {name: float(shown[name]) for name in PUBLISHED} == PUBLISHED
    assert (shown["Reference"], shown["Anchor"]) == ("99.07", "19.42")


@pytest.mark.parametrize("field", KNOWN)
def test_the_shares_of_clear_pairs_are_within_three_points(field: str) -> None:
    known, label = KNOWN[field]
    share = predictors.ordered(table()[field], table()["mean_rating"])
    assert share.pairs == 173
    assert 100 * share.right == pytest.approx(known, abs=3)
    assert re.search(rf"^\| {label} \|[^|]+\| {100 * share.right:.0f} % of 173 \|", page(), re.M)


def test_where_pesq_and_visqol_vote_on_neural_codecs_they_were_tried_on_ten_pairs_of_one() -> None:
    """Of those that listeners heard AudioDec does not keep the waveform, so they have no vote."""
    systems, figures = list(PUBLISHED), table()
    si_sdr_db = dict(zip(systems, figures["si_sdr_db"].mean(axis=0), strict=True))
    assert si_sdr_db["AudioDec"] < -15
    voting = [systems.index(name) for name in ("Lyra 3", "Lyra 6")]
    assert all(si_sdr_db[systems[index]] > 4 for index in voting)
    for field in kinds.HARDLY_TRIED:
        share = predictors.ordered(figures[field][:, voting], figures["mean_rating"][:, voting])
        assert share == predictors.Share(1.0, 10)
        assert re.search(rf"^\| {KNOWN[field][1]} \| 100 % of 10 \| \d+ % of 28 \|", page(), re.M)
    assert kinds.HOW_FAR == "10 pairs, one codec"
