"""Rows of a plug-in that finds its weights by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from codecmark import catalog
from codecmark.codec import Weights
from codecmark.errors import UnavailableError
from codecmark.networks.setup import Setup
from codecmark.results.builder import RowBuilder
from codecmark.results.row import ResultRow
from codecmark.run.declared_weights import DeclaredWeights


def row(**values: Any) -> ResultRow:
    stated = {"weights": "trained", "weights_sha256": "aa", **values}
    return (
        RowBuilder(run_id="r", spec="own", family="own", condition="16k-mono")
        .put(**stated)
        .finish()
    )


def test_rows_count_while_their_plugin_declares_the_same_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declared = [Weights("trained", "aa")]
    asked = []
    info = catalog.info("pcm16")

    def answer(spec: str, _: Setup) -> Any:
        asked.append(spec)
        if not declared:
            raise UnavailableError("it does not answer", "repair it")
        return replace(info, weights=declared[0])

    monkeypatch.setattr(catalog, "info", answer)
    monkeypatch.setattr(catalog, "is_plugin", lambda family: family == "own")
    known = DeclaredWeights(Setup())
    assert known.are_of(row(weights="none", weights_sha256=None))
    assert known.are_of(row(weights="random", weights_sha256=None))
    assert asked == []
    assert known.are_of(row())
    assert not known.are_of(row(weights_sha256="ab"))
    assert asked == ["own"]
    declared[0] = Weights("trained")  # of which there may be many
    assert not DeclaredWeights(Setup()).are_of(row(weights_sha256=None))
    declared.clear()
    assert not DeclaredWeights(Setup()).are_of(row())
    monkeypatch.setattr(catalog, "is_plugin", lambda _: False)
    assert DeclaredWeights(Setup()).are_of(row())
