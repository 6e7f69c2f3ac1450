"""Classes that build codecs: those of this package by their targets, and those of plug-ins."""

from __future__ import annotations

import importlib
import signal
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from math import isfinite
from numbers import Real
from typing import Protocol

from codecmark.catalog.families import FAMILIES
from codecmark.codec import Codec, CodecInfo
from codecmark.errors import CodecError, InputError, UnavailableError
from codecmark.networks.setup import Setup
from codecmark.spec import Spec
from codecmark.system import extras, working_folder

ENTRY_POINT_GROUP = "codecmark.codecs"
_NUMBERS = (
    "sample_rate_hz", "channels", "nominal_bitrate_kbps", "algorithmic_delay_samples", "parameters",
)  # fmt: skip


class CodecFactory(Protocol):
    """A class that builds codecs from specs, as catalog targets name it."""

    def from_spec(self, spec: Spec, setup: Setup, /) -> Codec:
        """Return the codec, or raise `InputError` or `UnavailableError`."""
        ...


def plugins() -> dict[str, str]:
    """Return the `module:Class` of each family that another distribution adds."""
    return scan()[0]


def refused_plugins() -> dict[str, str]:
    """Return the names of entry points that are left out, each with the reason."""
    return scan()[1]


@cache
def scan() -> tuple[dict[str, str], dict[str, str]]:
    """Return the targets of entry points that name a family, and why others are left out."""
    by_name: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        by_name.setdefault(point.name, []).append(point)
    targets: dict[str, str] = {}
    refused: dict[str, str] = {}
    for name, points in by_name.items():
        owners = " and ".join(sorted(point.dist.name if point.dist else "?" for point in points))
        if name in FAMILIES:
            refused[name] = f"{owners}: {name}, which is codecmark's own; rename its entry point"
        elif not is_of(name, name):
            refused[name] = (
                f"{owners}: {name!r}, which is no name of a family: small letters, digits, "
                "'_' and '-', a letter first; rename its entry point"
            )
        elif len(points) > 1:
            refused[name] = f"{owners} both add {name}; uninstall all but one"
        else:
            targets[name] = points[0].value
    return targets, refused


def is_of(family: str, spec: object) -> bool:
    """Return whether something is a spec of a family."""
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
    require_info(info, spec)


def require_info(info: CodecInfo, spec: Spec) -> None:
    """Raise `CodecError` if what a codec declares is of another family, or no number."""
    if info.family != spec.family or not is_of(spec.family, info.spec):
        raise CodecError(
            f"{spec}: its info names {info.spec} of the family {info.family}, whose rows are not "
            f"its own; set info.spec and info.family to what from_spec was given"
        )
    for name in _NUMBERS:
        value: object = getattr(info, name)
        is_count = isinstance(value, Real) and isfinite(value) and float(value) >= 0
        if value is not None and not is_count:
            raise CodecError(f"{spec}: info.{name} is {value!r:.80}; it must be 0 or more, or None")


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
    except BaseException as error:
        if is_ctrl_c(error):
            raise
        raise _unloadable(target, error) from error
    return factory


def is_ctrl_c(error: BaseException) -> bool:
    """Return whether the user interrupts; in a worker, which leaves that to its parent, never."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    return isinstance(error, KeyboardInterrupt) and not ignored


def _unloadable(target: str, error: BaseException) -> UnavailableError:
    return UnavailableError(
        f"{target} cannot be loaded ({type(error).__name__}: {error})",
        "repair or uninstall the distribution that provides it",
    )
