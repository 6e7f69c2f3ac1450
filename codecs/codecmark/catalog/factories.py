"""Classes that build codecs: those of this package by their targets, and those of plug-ins."""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import entry_points
from typing import Protocol

from codecmark.codec import Codec, CodecInfo
from codecmark.errors import CodecError, InputError, UnavailableError
from codecmark.networks.setup import Setup
from codecmark.spec import Spec
from codecmark.system import extras, working_folder

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
    """Return a plug-in's specs, or its name if its class cannot be loaded or lists none of its own.

    Creating it then says why.
    """
    try:
        listed: object = getattr(load(plugins()[name]), "catalog_specs", ())
        if isinstance(listed, tuple | list) and all(_is_of(name, spec) for spec in listed):
            return tuple(listed) or (name,)
    except UnavailableError:
        pass
    return (name,)


def _is_of(family: str, spec: object) -> bool:
    try:
        return isinstance(spec, str) and Spec.parse(spec).family == family
    except InputError:
        return False


def require_codec(codec: object, spec: Spec) -> None:
    """Raise `CodecError` if what a factory returned for a spec is no codec of that family."""
    if not isinstance(codec, Codec):
        raise CodecError(f"{spec}: from_spec returned {type(codec).__name__}; it must be a Codec")
    info: object = getattr(codec, "info", None)
    if not isinstance(info, CodecInfo):
        raise CodecError(f"{spec}: its info is {type(info).__name__}; it must be a CodecInfo")
    if info.family != spec.family or not _is_of(spec.family, info.spec):
        raise CodecError(
            f"{spec}: its info names {info.spec} of the family {info.family}, whose rows are not "
            f"its own; set info.spec and info.family to what from_spec was given"
        )


def load(target: str) -> CodecFactory:
    """Import a class, named `module:Class`.

    Raises
    ------
    UnavailableError
        If it cannot be imported; says what to install, or what is wrong.
    """
    module_name, _, class_name = target.partition(":")
    try:
        with working_folder.kept():
            factory: CodecFactory = getattr(importlib.import_module(module_name), class_name)
    except ImportError as error:
        raise extras.missing(target, error) or _unloadable(target, error) from error
    except (Exception, SystemExit) as error:
        raise _unloadable(target, error) from error
    return factory


def _unloadable(target: str, error: BaseException) -> UnavailableError:
    return UnavailableError(
        f"{target} cannot be loaded ({type(error).__name__}: {error})",
        "repair or uninstall the distribution that provides it",
    )
