"""Classes that build codecs: those of this package by their targets, and those of plug-ins."""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import entry_points
from typing import Protocol

from codecmark.codec import Codec
from codecmark.errors import UnavailableError
from codecmark.networks.setup import Setup
from codecmark.spec import Spec
from codecmark.system import extras

ENTRY_POINT_GROUP = "codecmark.codecs"


class CodecFactory(Protocol):
    """A class that builds codecs from specs, as catalog targets name it."""

    def from_spec(self, spec: Spec, setup: Setup, /) -> Codec:
        """Return the codec, or raise `InputError` or `UnavailableError`."""
        ...


@cache
def plugins() -> dict[str, str]:
    """Return the `module:Class` of each family that another distribution adds."""
    return {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP)}


def plugin_specs(name: str) -> tuple[str, ...]:
    """Return a plug-in's specs, or its name if it cannot be loaded; creating it then says why."""
    try:
        return getattr(load(plugins()[name]), "catalog_specs", (name,))
    except UnavailableError:
        return (name,)


def load(target: str) -> CodecFactory:
    """Import a class, named `module:Class`.

    Raises
    ------
    UnavailableError
        If it cannot be imported; says what to install, or what is wrong.
    """
    module_name, _, class_name = target.partition(":")
    try:
        factory: CodecFactory = getattr(importlib.import_module(module_name), class_name)
    except ImportError as error:
        raise extras.missing(target, error) or _unloadable(target, error) from error
    except Exception as error:
        raise _unloadable(target, error) from error
    return factory


def _unloadable(target: str, error: Exception) -> UnavailableError:
    return UnavailableError(
        f"{target} cannot be loaded ({type(error).__name__}: {error})",
        "repair or uninstall the distribution that provides it",
    )
