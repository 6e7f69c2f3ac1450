"""Evidence of other rows, as a requirements file names it: kept clips, published sound, figures."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from codecmark.metrics.table import QUALITY_FIELDS
from codecmark.system.schema import one_of

Origin = Literal["measured", "replayed"]  # where a figure comes from


class PublishedSound(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True
):  # fmt: skip
    """Rows of decoded files that others published, to judge quality where nothing was measured.

    Attributes
    ----------
    results : str
        A folder of results within the one that is judged.
    beside : tuple of str
        Specs that ran on the same originals: what they have there stands beside, in pairs.
    caution : str
        What a reader has to know of the files, first of all.
    """

    results: Annotated[str, Meta(description="a folder of results within the results folder")]
    beside: Annotated[tuple[str, ...], Meta(description="a list of texts in quotes")] = ()
    caution: Annotated[str, Meta(description="what to know of the files")] = ""

    def __post_init__(self) -> None:
        """Check that the folder is within the results."""
        _check_folder(self.results, "published")


class KeptBack(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Rows on clips that were kept back: the options are judged there once more.

    Attributes
    ----------
    results : str
        A folder of results within the one that is judged.
    history : str
        What was decided before and after these clips were looked at.
    """

    results: Annotated[str, Meta(description="a folder of results within the results folder")]
    history: Annotated[str, Meta(description="what was decided before and after a look")] = ""

    def __post_init__(self) -> None:
        """Check that the folder is within the results."""
        _check_folder(self.results, "test_half")


def _check_folder(folder: str, example: str) -> None:
    parts = folder.split("/")
    if not folder or "" in parts or ".." in parts or "\\" in folder:
        raise ValueError(
            f"results: must be a folder within the results folder, such as {example!r}"
        )


class StatedFigure(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True
):  # fmt: skip
    """A mean that others state of a spec; it never passes or fails anything.

    `metric` may be another one than the requirement's, where that is what was published.
    """

    spec: Annotated[str, Meta(description="the spec that it is of")]
    requirement: Annotated[str, Meta(description="the name of a requirement or its stand-in")]
    metric: Annotated[str, Meta(description="a quality field of the row")]
    value: Annotated[float, Meta(description="in the metric's unit")]
    where: Annotated[str, Meta(description="where it is stated, and of which clips")]

    def __post_init__(self) -> None:
        """Check the metric and its value."""
        one_of("metric", self.metric, QUALITY_FIELDS)
        if not math.isfinite(self.value):
            raise ValueError("value: must be a number")
