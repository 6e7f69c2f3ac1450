"""Inputs that once crashed, hung, lied or were believed: `tests/data/hostile`, each of them again.

`index.json` says for each file which target of the campaign it is for, what it did, and what comes
of it now. A finding of `make robustness` that is mended goes there.
"""

from __future__ import annotations

import json
import random
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

import robustness
from codecmark.errors import UnavailableError
from codecmark.system import threads
from fuzzing import campaign, faults, kills, operations, streams, targets
from fuzzing.campaign import Count, Counts
from fuzzing.targets import Target
from places import TESTS

FOLDER = TESTS / "data" / "hostile"
INDEX: list[dict[str, Any]] = json.loads((FOLDER / "index.json").read_text())


def built(name: str) -> Target:
    try:
        return targets.named(name)
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: str(entry["file"]))
def test_what_once_did_harm(entry: dict[str, Any]) -> None:
    target = built(entry["target"])
    start_s = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outcome = target.run((FOLDER / entry["file"]).read_bytes())
    assert outcome == entry["outcome"]
    assert time.process_time() - start_s < campaign.HANGS_S


def test_every_file_is_in_the_index() -> None:
    files = {path.name for path in FOLDER.iterdir()} - {"index.json"}
    assert files == {entry["file"] for entry in INDEX}
    assert {entry["target"] for entry in INDEX} <= targets.kinds().keys()


@pytest.mark.parametrize(
    "name",
    ["opus@24k", "flac", "mel:16k-64+wave@snr10", "encodec:24khz@6k+ac", "audio wav", "rows",
     "manifest CSV", "requirements", "listening answers"],
)  # fmt: skip
def test_a_little_of_the_campaign(name: str) -> None:
    """The seeds are taken, and a hundred mutations are taken or refused."""
    threads.limit(1)
    target = built(name)
    pool = target.seeds()
    assert [target.run(seed) for seed in pool] == ["taken"] * len(pool)
    chance = random.Random(name)  # noqa: S311
    outcomes = {target.run(target.mutated(pool, chance)) for _ in range(100)}
    assert outcomes == {"taken", "refused"}


def test_mutations_are_below_checksums_that_hold() -> None:
    target = streams.named("pcm16")
    pool, chance = target.seeds(), random.Random(1)  # noqa: S311
    reasons = []
    for _ in range(200):
        data = target.mutated(pool, chance)
        try:
            target._codec.decode(data)
        except Exception as error:
            reasons.append(str(error))
    assert 200 > len(reasons) > 50
    assert sum("checksum" in reason for reason in reasons) < 20


def test_the_campaign_counts_and_goes_on(tmp_path: Any) -> None:
    counts = Counts(tmp_path / "counts.json")
    count = counts.targets["g722@64k"] = Count("g722@64k", "streams")
    for inputs in (30, 50):
        campaign.turn(count, tmp_path, 60.0, inputs - count.inputs, apart=False, log=lambda _: None)
        counts.save()
        assert count.inputs == count.taken + count.refused == inputs
        assert Counts(tmp_path / "counts.json").targets["g722@64k"] == count
    assert count.findings == []


def test_turns_go_to_every_target_until_nothing_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at once; a target that does not start is a finding, and the others go on."""
    busy: list[str] = []

    def turn(count: Count, *_: Any, **__: Any) -> None:
        assert count.name not in busy
        if count.name == "g722@64k":
            raise campaign.NoStartError("exit status 1")
        busy.append(count.name)
        time.sleep(0.001)
        count.inputs += 40
        count.seconds += 1.0
        busy.remove(count.name)

    monkeypatch.setattr(campaign, "turn", turn)
    words = ["--streams", "1000", "--files", "100", "--faults", "0", "--kills", "0", "--least"]
    words += ["70", "--only", "g722,opus", "--workers", "2"]
    monkeypatch.setattr(sys, "argv", ["", *words, "--work", str(tmp_path), "--out", str(tmp_path)])
    assert robustness.main() == 0
    kept = Counts(tmp_path / "counts.json").targets
    assert kept["g722@64k"].findings == ["exit status 1"]
    others = [each for each in kept.values() if each.name != "g722@64k"]
    assert sum(each.inputs for each in others if each.kind == "streams") >= 1_000
    assert min(each.inputs for each in others) >= 70
    page = (tmp_path / "robustness.md").read_text()
    assert "g722@64k: exit status 1" in page
    assert "of 1,000,000 streams, " in page
    assert "of 200,000 files, 0 of 200 faults, 0 of 60 kills." in page
    assert "Without a turn so far: `g722@64k`." in page


@pytest.mark.parametrize("kind", faults.KINDS)
def test_one_fault_of_each_kind(kind: str) -> None:
    chosen = [each for each in operations.OPERATIONS if each.name in {"rows of a new run", "page"}]
    found = faults.run(tuple(chosen), kinds=(kind,), most=2)
    assert found["findings"] == []
    assert found["count"] >= (kind != "remove")


def test_a_kill_in_a_review_loses_no_word() -> None:
    number = list(kills.TRIALS).index("decision record")
    assert kills.run(number, 1) == {"count": 1, "by": {"decision record": 1}, "findings": []}
