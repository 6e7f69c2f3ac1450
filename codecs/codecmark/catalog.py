"""The catalog: which codecs there are, and where each one lives.

The table itself is in `families`. Nothing is imported until a codec is created.

Another distribution adds a family with an entry point in the group `codecmark.codecs`::

    [project.entry-points."codecmark.codecs"]
    mycodec = "my_package.codec:MyCodec"

The class is called as `MyCodec.from_spec(spec)` and returns a `Codec`. It may carry a class
attribute `catalog_specs`, the tuple of spec strings that `codecmark list` shows.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points
from typing import Protocol

from codecmark.codec import Codec
from codecmark.corpus import published
from codecmark.errors import (
    CodecError,
    CodecmarkError,
    InputError,
    UnavailableError,
    UnknownCodecError,
)
from codecmark.families import FAMILIES
from codecmark.spec import Spec
from codecmark.system.execution import EAGER, EXECUTED, MARK, Execution, using

ENTRY_POINT_GROUP = "codecmark.codecs"


class CodecFactory(Protocol):
    """What a catalog target names: a class that builds its codecs from specs."""

    def from_spec(self, spec: Spec) -> Codec:
        """Return the codec, or raise `InputError` or `UnavailableError`."""
        ...


REPLAY = "replay"
# where what is imported is not what is installed
DISTRIBUTIONS = {"lc3": "lc3py", "visqol": "visqol-python"}
_RANGE_CODED = "codecmark.neural.range_coded:RangeCodedCodec"


def all_specs(*, default_only: bool = False) -> Iterator[str]:
    """Yield every catalog spec in order, plug-ins last."""
    for family in FAMILIES.values():
        yield from family.default
        if not default_only:
            yield from family.more
    if not default_only:
        for name in _plugins():
            yield from _plugin_specs(name)


def create(spec: str) -> Codec:
    """Build the codec that `spec` names.

    Raises
    ------
    InputError
        If the spec is malformed or its settings are out of range.
    UnknownCodecError
        If no family has that name; suggests near ones and lists all.
    UnavailableError
        If a package or weights that it cannot do without are missing; says what to do.
    """
    parsed = Spec.parse(spec)
    _require_implementation(parsed)
    plain = replace(parsed, execution=EAGER)
    try:
        with using(parsed.execution) as use:
            factory = _load(_RANGE_CODED if parsed.range_coded else target(parsed))
            codec = factory.from_spec(plain)
    except CodecmarkError:
        raise
    except Exception as error:
        raise CodecError(f"{spec} could not be built: {type(error).__name__}: {error}") from error
    if parsed.execution != EAGER:
        use.require_met(str(parsed))
        _label(codec, parsed.execution)
    return codec


def _label(codec: Codec, execution: Execution) -> None:
    """Let a codec, and so its rows, say how it runs."""
    codec.execution = execution
    codec.info = replace(codec.info, spec=f"{codec.info.spec}{MARK}{execution}")
    if execution.changes_the_network:
        how = f"decoder on {execution.backend} in {execution.dtype}, encoder on eager in float32"
        codec.info = replace(
            codec.info,
            backend=execution.backend,
            dtype=execution.dtype,
            notes="; ".join(filter(None, (codec.info.notes, how))),
        )


def target(spec: Spec) -> str:
    """Return where a family's class lives, `module:Class`, or raise `UnknownCodecError`."""
    if spec.family in FAMILIES:
        return FAMILIES[spec.family].target_of(spec)
    if spec.family in _plugins():
        return _plugins()[spec.family]
    raise UnknownCodecError(_did_you_mean(str(spec)))


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


def executed(specs: Iterable[str], chosen: Execution) -> tuple[str, ...]:
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
            way = chosen if family.executed(spec) else Execution(device=chosen.device)
            if not family.on_device(spec):
                way = replace(way, device=None)
            text = str(replace(spec, execution=way))
        found.append(text)
    if chosen != EAGER and not any(MARK in text for text in found):
        raise InputError(
            f"execution: none of the chosen codecs heeds {chosen}: a backend or dtype runs "
            f"{EXECUTED}, a device takes any network; leave out --backend, --dtype and --device, "
            "or choose others, e.g. --codecs dac"
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
