"""Options of a decision, bounds on what has no rows yet, and parts that people write."""

from __future__ import annotations

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from codecmark.review.elsewhere import StatedFigure

Specs = Annotated[tuple[str, ...], Meta(description="a list of texts in quotes")]


class Bound(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an option without rows cannot do better than.

    `limit` is a number, or specs whose best measured figure it is. `witnesses` are specs that a
    number has to hold for wherever they were measured; one that is better voids the bound.
    """

    requirement: Annotated[str, Meta(description="the name of a requirement")]
    limit: Annotated[float | tuple[str, ...], Meta(description="a number or specs")]
    because: Annotated[str, Meta(description="why nothing can be better")]
    witnesses: Specs = ()

    def __post_init__(self) -> None:
        """Check the limit."""
        limit = self.limit
        if not limit if isinstance(limit, tuple) else not math.isfinite(limit):
            shown = list(limit) if isinstance(limit, tuple) else limit
            raise ValueError(f"limit: must be a number or specs, not {shown!r}")


class Option(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One way to go: a name and the specs that stand for it, patterns such as `opus@*` included.

    `route` groups options, e.g. into those that keep a system and those that replace it.
    `replayed` are the published codecs, patterns such as `replay:dac:*` included, whose sound may
    stand for a spec of the same name; `published` are means that others state; `to_know` is what
    whoever takes it has to live with, as far as rows and catalog do not say it.
    """

    name: Annotated[str, Meta(description="what it is called")]
    route: Annotated[str, Meta(description="the group it is of")] = "options"
    why: Annotated[str, Meta(description="why it is considered")] = ""
    specs: Specs = ()
    bounds: tuple[Bound, ...] = ()
    replayed: Specs = ()
    published: tuple[StatedFigure, ...] = ()
    to_know: Specs = ()

    def __post_init__(self) -> None:
        """Check that it stands for something."""
        if not self.specs:
            raise ValueError("specs: is empty; name a spec, even one without rows yet")


class Note(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of the record that people write, beyond those that every record has.

    `name` marks it in the record, in small letters; `heading` stands above it.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z-]*$", description="small letters and hyphens")]
    heading: Annotated[str, Meta(description="what stands above it")]
