"""Where the weights of learned predictors are; a row's key counts which of them were here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from codecmark.errors import MetricError, UnavailableError
from codecmark.networks.weights import Located, WeightLocator


def folder_of(weight_set: str) -> Path:
    """Return the folder of a set, fetched if allowed.

    Raises
    ------
    MetricError
        If it is nowhere, with the remedy.
    """
    try:
        return _located(weight_set, WeightLocator.from_environment(), fetch=True).folder
    except UnavailableError as error:
        raise MetricError(str(error)) from error


def digest_of(weight_set: str) -> str:
    """Return the digest of a set that is here, or `absent`; nothing is fetched for it."""
    try:
        found = _located(weight_set, WeightLocator.from_environment(), fetch=False)
    except UnavailableError:
        return "absent"
    return found.weights.sha256 or ""


@cache  # of what was found; files are large, and every row asks
def _located(weight_set: str, locator: WeightLocator, *, fetch: bool) -> Located:
    return locator.locate(weight_set, fetch=fetch)
