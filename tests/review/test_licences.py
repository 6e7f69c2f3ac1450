"""A licence as a requirement: every licence of a codec, its weights' too, has to be among those."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from codecmark import InputError, review
from codecmark.__main__ import main
from codecmark.report.box import box
from codecmark.results import store
from codecmark.review import in_force
from codecmark.review.gate import gate
from codecmark.review.licences import is_among, licence_of, parts
from codecmark.review.requirement import Requirement
from codecmark.review.stored import decoded, encoded
from reviewed import RATIO, codec

FILE = """
title = "A product"
question = "Which may be sold?"
[[requirement]]
name = "terms"
metric = "licence"
among = ["MIT", "Apache-2.0", "BSD-*"]
"""
TERMS = Requirement("terms", "licence", ">=", 1, among=("MIT", "Apache-2.0", "BSD-*"))


def loaded(folder: Path, text: str = FILE) -> review.Requirements:
    path = folder / "terms.toml"
    path.write_text(text)
    return review.load(path)


@pytest.mark.parametrize(
    ("licence", "named"),
    [
        ("MIT", ["MIT"]),
        ("BSD-3-Clause (libopus)", ["BSD-3-Clause"]),
        ("Apache-2.0 (a, b); weights CC-BY-NC-4.0", ["Apache-2.0", "CC-BY-NC-4.0"]),
        ("MIT; weights from a GPL-3.0 repository", ["MIT", "from a GPL-3.0 repository"]),
        ("", []),
    ],
)
def test_a_statement_names_the_licences_of_code_and_weights(licence: str, named: list[str]) -> None:
    assert parts(licence) == named


def test_each_of_them_has_to_fit() -> None:
    allowed = ("mit", "Apache-2.0", "BSD-*")
    assert is_among("BSD-3-Clause (libopus)", allowed)
    assert is_among("MIT; Apache-2.0 (diffusers)", allowed)
    for other in (
        "Apache-2.0 (a); weights CC-BY-NC-4.0", "MIT; weights from a GPL-3.0 repository",
        "Apache-2.0 (b); licence of the weights: see their source", "MITx", "",
    ):  # fmt: skip
        assert not is_among(other, allowed)
    assert is_among("anything at all", ("*",))


def test_the_catalog_says_it_without_building_a_network() -> None:
    assert licence_of("opus@24k") == "BSD-3-Clause (libopus)"
    assert licence_of("encodec:24khz@6k") == "Apache-2.0 (transformers); weights CC-BY-NC-4.0"
    assert licence_of("encodec:24khz@99k") == licence_of("encodec:24khz@6k")
    assert licence_of("nobodys@24k") is None


def test_a_codec_under_another_licence_is_out(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert found.requirements == (TERMS,)
    rows = [
        *codec("opus@16k", stream_bytes=30_000),
        *codec("encodec:24khz@6k", stream_bytes=5_000),
        *codec("nobodys@6k", stream_bytes=2_000),
    ]
    decision = review.decide(rows, replace(found, requirements=(TERMS, RATIO)))
    verdicts = {
        spec: candidate.finding("terms").verdict for spec, candidate in decision.candidates.items()
    }
    assert verdicts == {"opus@16k": "PASS", "encodec:24khz@6k": "FAIL", "nobodys@6k": "NO EVIDENCE"}
    assert decision.recommended == "opus@16k"
    assert gate(decision).lines[1] == (
        "  PASS: terms (hard): BSD-3-Clause (libopus) asked one of MIT, Apache-2.0, BSD-*"
    )
    assert "terms" not in decision.flips  # there is no nearest threshold
    assert decoded(encoded(decision)) == decision


def test_it_stands_in_record_table_and_cards(tmp_path: Path) -> None:
    rows = [*codec("opus@16k"), *codec("encodec:24khz@6k")]
    store.append(tmp_path, rows)
    found = loaded(tmp_path)
    assert main(["review", str(tmp_path / "terms.toml"), "--results", str(tmp_path)]) == 0
    record = (tmp_path / "decisions" / "0001-a-product.md").read_text()
    allowed = "one of MIT, Apache-2.0, BSD-*"
    assert f"Good, because terms is BSD-3-Clause (libopus): {allowed}" in record
    theirs = "Apache-2.0 (transformers); weights CC-BY-NC-4.0"
    assert f"Bad, because terms is {theirs}: not {allowed}" in record
    assert "licence one of MIT, Apache-2.0, BSD-" in (tmp_path / "leaderboard.md").read_text()
    shown = box(in_force.decision_for(tmp_path, rows, "16k-mono"), review.judged(rows, found))
    assert (shown.subject, shown.runner_up) == ("opus@16k", "encodec:24khz@6k")
    (card,) = shown.tiles
    assert (card.value, card.tone, card.margin) == ("BSD-3-Clause (libopus)", "clear", "")
    assert card.beside is not None
    assert (card.beside.value, card.beside.tone) == (theirs, "fail")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('among = ["MIT", "Apache-2.0", "BSD-*"]', "", "among: is for the metric licence; list"),
        ("among =", "threshold = 1\namong =", r"requirement\[1\].threshold: a licence has none"),
        (
            'metric = "licence"',
            'metric = "snr_db"\noperator = ">"\nthreshold = 3',
            "among: is for the metric licence; leave it out",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert old in FILE
    with pytest.raises(InputError, match=complaint):
        loaded(tmp_path, FILE.replace(old, new))


def test_what_a_licence_says_aside_is_found_in_linear_time() -> None:
    assert parts("MIT (transformers); weights CC-BY-4.0") == ["MIT", "CC-BY-4.0"]
    start_s = time.process_time()
    assert parts("(" * 100_000) == ["(" * 100_000]
    assert time.process_time() - start_s < 2
