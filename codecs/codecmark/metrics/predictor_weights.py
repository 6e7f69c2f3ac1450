"""Where the weights of learned predictors are; a row's key counts which of them were here."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from codecmark.errors import MetricError, UnavailableError
from codecmark.networks.weights import Located, WeightLocator


def folder_of(weight_set: str, weights: WeightLocator) -> Path:
    """Return the folder of a set, fetched if allowed.

    Raises
    ------
    MetricError
        If it is nowhere, with the remedy.
    """
    try:
        return _located(weight_set, weights, fetch=True).folder
    except UnavailableError as error:
        raise MetricError(str(error)) from error


def digest_of(weight_set: str, weights: WeightLocator) -> str:
    """Return the digest of a set that is here, or `absent`; nothing is fetched for it."""
    try:
        located = _located(weight_set, weights, fetch=False)
    except UnavailableError:
        return "absent"
    return located.weights.sha256 or ""


@cache  # files are large, and every row asks
def _located(weight_set: str, weights: WeightLocator, *, fetch: bool) -> Located:
    # a copy, since what a codec asked for is recorded in its own
    return replace(weights, asked=[]).locate(weight_set, fetch=fetch)
