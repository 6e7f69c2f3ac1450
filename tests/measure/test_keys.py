"""Keys hold what a module says, not where it lives."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from codecmark.corpus import condition
from codecmark.measure import code_digests, content_key, syntax
from codecmark.metrics.table import METRICS
from codecmark.networks.setup import Setup
from codecmark.networks.weights import WeightLocator
from tiny_networks import write_tiny_sets

LEVELS = "HALF = 0.5\n"
TABLES = "STEP = 2\n\n\ndef scaled(x):\n    return x * STEP\n"
CODEC = "from {0}.levels import HALF\nfrom {0} import tables\n\nVALUE = tables.scaled(HALF)\n"
_names = (f"keyed{number}" for number in itertools.count())


@pytest.fixture
def digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], str]:
    """Write a package and return the digest of its module `codec`; `{0}` is the package's name."""
    monkeypatch.syspath_prepend(tmp_path)

    def of(files: dict[str, str]) -> str:
        package = next(_names)
        for name, text in files.items():
            path = tmp_path / package / name
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / "__init__.py").touch()
            path.write_text(text.format(package))
        (tmp_path / package / "__init__.py").touch()
        return code_digests.code_digest(f"{package}.codec")

    return of


def test_a_moved_or_renamed_module_keeps_the_key(digest: Callable[[dict[str, str]], str]) -> None:
    before = digest({"codec.py": CODEC, "levels.py": LEVELS, "tables.py": TABLES})
    moved = CODEC.replace("{0}.levels", "{0}.room.levels").replace("{0} import", "{0}.hall import")
    assert digest({"codec.py": moved, "room/levels.py": LEVELS, "hall/tables.py": TABLES}) == before
    renamed = CODEC.replace("levels import", "amounts import").replace("tables", "lists")
    assert digest({"codec.py": renamed, "amounts.py": LEVELS, "lists.py": TABLES}) == before
    commented = '"""Halves."""\n\n' + LEVELS + "# why\n"
    assert digest({"codec.py": CODEC, "levels.py": commented, "tables.py": TABLES}) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("levels.py", "0.5", "0.25"),
        ("tables.py", "STEP = 2", "STEP = 3"),
        ("codec.py", "scaled(HALF)", "scaled(HALF, HALF)"),
        ("codec.py", "import HALF", "import HALF as HALVES"),
        ("codec.py", "tables.scaled", "tables.STEP"),
    ],
)
def test_a_change_of_code_changes_the_key(
    digest: Callable[[dict[str, str]], str], name: str, old: str, new: str
) -> None:
    files = {"codec.py": CODEC, "levels.py": LEVELS, "tables.py": TABLES}
    assert old in files[name]
    changed = {**files, name: files[name].replace(old, new)}
    assert digest(changed) != digest(files)


def test_an_import_that_reaches_other_code_changes_the_key(
    digest: Callable[[dict[str, str]], str],
) -> None:
    """Even where both modules were reached before."""
    files = {
        "codec.py": "from {0}.a import X\nfrom {0}.b import Y\n",
        "a.py": "X = 1\nY = 2\n",
        "b.py": "X = 3\nY = 4\n",
    }
    other = {**files, "codec.py": "from {0}.b import X\nfrom {0}.a import Y\n"}
    assert digest(files) != digest(other)


def test_imports_of_libraries_stay_what_they_are() -> None:
    def of(text: str) -> str:
        return syntax.digest(ast.parse(text), lambda _: None)

    assert of("import numpy as np\n") != of("import scipy as np\n")
    assert of("from math import sin\n") == of("from math import sin  # radians\n")


def test_wording_of_metrics_keeps_keys_and_what_applies_to_which_clips_changes_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scoring = "codecmark.metrics.score"
    before = content_key.scored_by(scoring)
    first, *others = METRICS
    relabelled = replace(first, label="another label", decimals=5, hears="something else")
    monkeypatch.setattr(content_key, "METRICS", (relabelled, *others))
    assert content_key.scored_by(scoring) == before
    for metrics in ((replace(first, classes=("music",)), *others), tuple(others)):
        monkeypatch.setattr(content_key, "METRICS", metrics)
        assert content_key.scored_by(scoring) != before


def test_what_prepares_a_clip_is_in_the_key() -> None:
    rules = condition.named("16k-mono")
    prepared_otherwise = [
        rules,
        replace(rules, speech_dbov=-36.0),
        replace(rules, speech_dbov=None),
        replace(rules, loudness_lufs=-20.0),
        replace(rules, loudness_lufs=None),
        replace(rules, high_pass_hz=50.0),
        replace(rules, high_pass_hz=None),
    ]
    keys = {content_key.codec_key("pcm16", each, None, Setup()) for each in prepared_otherwise}
    assert len(keys) == len(prepared_otherwise)


def test_a_key_asks_its_setup_and_not_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def key(setup: Setup) -> str:
        rules = condition.named("16k-mono")
        return content_key.codec_key("pcm16", rules, "trained/harmonic", setup)

    before = key(Setup())
    monkeypatch.setenv("CODECMARK_DEVICE", "cuda")
    monkeypatch.setenv("CODECMARK_TRAINED", str(tmp_path))
    setup = Setup()
    assert key(setup) == before
    assert setup.weights.asked_names == []
    assert key(Setup(device="cuda")) != before
    write_tiny_sets(tmp_path)
    assert key(setup) == before
    assert key(Setup(WeightLocator(trained=tmp_path))) != before
