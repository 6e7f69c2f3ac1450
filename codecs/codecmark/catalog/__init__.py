"""The catalog: which codecs there are, and where each one lives.

The table itself is in `families`. Nothing is imported until a codec is created.

Another distribution adds a family with an entry point in the group `codecmark.codecs`::

    [project.entry-points."codecmark.codecs"]
    mycodec = "my_package.codec:MyCodec"

The class is called as `MyCodec.from_spec(spec, setup)` and returns a `Codec`. `setup` is a
`networks.setup.Setup`: where weights are, on which device a network runs and how; a codec without
a network has no use for it. The class may carry an attribute `catalog_specs`, the tuple of spec
strings that `codecmark list` shows.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points
from typing import Protocol

from codecmark.catalog.families import FAMILIES
from codecmark.codec import Codec
from codecmark.corpus import published
from codecmark.errors import (
    CodecError,
    CodecmarkError,
    InputError,
    UnavailableError,
    UnknownCodecError,
)
from codecmark.networks.setup import Setup
from codecmark.spec import Spec
from codecmark.system.execution import EAGER, MARK, NETWORKS_ON_BACKENDS, Execution

ENTRY_POINT_GROUP = "codecmark.codecs"


class CodecFactory(Protocol):
    """What a catalog target names: a class that builds its codecs from specs."""

    def from_spec(self, spec: Spec, setup: Setup, /) -> Codec:
        """Return the codec, or raise `InputError` or `UnavailableError`."""
        ...


REPLAY = "replay"
# where what is imported is not what is installed
DISTRIBUTIONS = {"lc3": "lc3py", "visqol": "visqol-python"}


def all_specs(*, default_only: bool = False) -> Iterator[str]:
    """Yield every catalog spec in order, plug-ins last."""
    for family in FAMILIES.values():
        yield from family.default
        if not default_only:
            yield from family.more
    if not default_only:
        for name in _plugins():
            yield from _plugin_specs(name)


def create(spec: str, setup: Setup | None = None) -> Codec:
    """Build the codec that `spec` names.

    Parameters
    ----------
    spec : str
    setup : Setup, optional
        Where weights are, and on which device networks run where `spec` names none; without one,
        what the environment's variables say.

    Raises
    ------
    InputError
        If the spec is malformed or its settings are out of range.
    UnknownCodecError
        If no family has that name; suggests near ones and lists all.
    UnavailableError
        If a package or weights that it cannot do without are missing, or it has no network that
        could run as `spec` says; tells what to do.
    """
    parsed = Spec.parse(spec)
    _require_implementation(parsed)
    setup = (setup or Setup.from_environment()).running(parsed.execution)
    try:
        codec = _load(target(parsed)).from_spec(parsed.plain, setup)
        if parsed.range_coded:
            codec = _range_coded(codec)
    except CodecmarkError:
        raise
    except Exception as error:
        raise CodecError(f"{spec} could not be built: {type(error).__name__}: {error}") from error
    setup.require_heeded(str(parsed))
    if codec.execution != parsed.execution:  # rows would say another thing than what was run
        raise CodecError(
            f"{spec}: names itself {codec.info.spec}, without how it runs; complete its info by "
            "networks.runtime.described"
        )
    return codec


def _range_coded(codec: Codec) -> Codec:
    from codecmark.neural.range_coded import RangeCodedCodec

    return RangeCodedCodec(codec)


def target(spec: Spec) -> str:
    """Return where a family's class lives, `module:Class`, or raise `UnknownCodecError`."""
    if spec.family in FAMILIES:
        return FAMILIES[spec.family].target_of(spec)
    if spec.family in _plugins():
        return _plugins()[spec.family]
    raise UnknownCodecError(_did_you_mean(str(spec)))


def is_sentinel(family: str) -> bool:
    """Return whether a family of codecs is there to check scales and metrics, and no choice."""
    return family in FAMILIES and FAMILIES[family].sentinel


def select(specs: str | None, *, everything: bool = False) -> tuple[str, ...]:
    """Return the specs that a `--codecs` value names: comma-separated specs or families.

    A family name alone stands for its default settings, `replay` for every codec of which decoded
    sound was published. Without a value: the default set, or all
    of the catalog if `everything`.
    """
    if specs is None:
        return tuple(all_specs(default_only=not everything))
    chosen: list[str] = []
    for text in filter(None, (part.strip() for part in specs.split(","))):
        parsed = Spec.parse(text)
        if parsed.family not in FAMILIES and parsed.family not in _plugins():
            raise UnknownCodecError(_did_you_mean(text))
        if text == REPLAY:
            chosen += (f"{REPLAY}:{codec}" for codec in published.built_in().codecs())
        elif text in FAMILIES:
            chosen += FAMILIES[text].default or (text,)
        elif text in _plugins():
            chosen += _plugin_specs(text)
        else:
            chosen.append(text)
    if not chosen:
        raise InputError("codecs: the list is empty; name at least one, e.g. opus@24k")
    return tuple(dict.fromkeys(chosen))


def with_execution(specs: Iterable[str], chosen: Execution) -> tuple[str, ...]:
    """Return the specs with an execution, those that name one themselves or heed none as they are.

    Of those where only the device counts, backend and dtype are left out.

    Raises
    ------
    InputError
        If none of them heeds it.
    """
    found = []
    for text in specs:
        spec = Spec.parse(text)
        family = FAMILIES.get(spec.family)
        if spec.execution == EAGER and family is not None:
            way = chosen if family.takes_backend(spec) else Execution(device=chosen.device)
            if not family.takes_device(spec):
                way = replace(way, device=None)
            text = str(replace(spec, execution=way))
        found.append(text)
    if chosen != EAGER and not any(MARK in text for text in found):
        raise InputError(
            f"execution: none of the chosen codecs heeds {chosen}: a backend or dtype runs "
            f"{NETWORKS_ON_BACKENDS}, a device takes any network; leave out --backend, --dtype "
            "and --device, or choose others, e.g. --codecs dac"
        )
    return tuple(dict.fromkeys(found))


def _require_implementation(spec: Spec) -> None:
    family = FAMILIES.get(spec.family)
    known = family.implementations if family else ()
    if spec.implementation is not None and spec.implementation not in known:
        others = f"one of {', '.join(known)} or nothing" if known else "nothing"
        raise InputError(f"spec: {spec}: after '#' {spec.family} takes {others}")


def _did_you_mean(spec: str) -> str:
    names = [*FAMILIES, *_plugins()]
    near = difflib.get_close_matches(spec, [*all_specs(), *names], n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return f"no codec named {spec!r}; {hint}known families: {', '.join(names)}"


@cache
def _plugins() -> dict[str, str]:
    return {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP)}


def _plugin_specs(name: str) -> tuple[str, ...]:
    """Return what a plug-in offers; of one that cannot be loaded its name, which then says why."""
    try:
        return getattr(_load(_plugins()[name]), "catalog_specs", (name,))
    except UnavailableError:
        return (name,)


def _load(target: str) -> CodecFactory:
    module_name, _, class_name = target.partition(":")
    try:
        factory: CodecFactory = getattr(importlib.import_module(module_name), class_name)
    except ImportError as error:
        package = (error.name or module_name).partition(".")[0]
        package = DISTRIBUTIONS.get(package, package)
        raise UnavailableError(
            f"{target} needs the package {package}", f"install it: pip install {package}"
        ) from error
    except Exception as error:
        raise UnavailableError(
            f"{target} cannot be loaded ({type(error).__name__}: {error})",
            "mend or uninstall the distribution that provides it",
        ) from error
    return factory
