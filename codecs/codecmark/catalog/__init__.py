"""The catalog: the available codecs, and where their classes are.

The table itself is in `families`, what builds codecs in `factories`. A codec's module is imported
when the codec is created.

Another distribution adds a family with an entry point in the group `codecmark.codecs`::

    [project.entry-points."codecmark.codecs"]
    mycodec = "my_package.codec:MyCodec"

`MyCodec.from_spec(spec, setup)` returns the `Codec`. `setup` is a `networks.setup.Setup`: where
weights are, on which device a network runs, and how; a codec without a network can ignore it. The
class may have an attribute `catalog_specs`: the tuple of spec strings that `codecmark list` shows.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from codecmark.catalog import factories, plugin_questions
from codecmark.catalog.families import FAMILIES
from codecmark.classic import command_file
from codecmark.codec import Codec, CodecInfo
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
from codecmark.system import extras, working_folder
from codecmark.system.execution import EAGER, MARK, NETWORKS_ON_BACKENDS, Execution

REPLAY = "replay"
COMMAND = "command"


def all_specs(*, default_only: bool = False) -> Iterator[str]:
    """Yield every spec of the package's own catalog, in order."""
    for family in FAMILIES.values():
        yield from family.default
        if not default_only:
            yield from family.more


def create(spec: str, setup: Setup | None = None) -> Codec:
    """Build the codec that `spec` names.

    Parameters
    ----------
    spec : str
    setup : Setup, optional
        Where weights and other files are, and the device for networks if `spec` names none; by
        default as the environment variables say.

    Raises
    ------
    InputError
        If the spec is malformed or its settings are out of range.
    UnknownCodecError
        If no family has that name; suggests similar names and lists all.
    UnavailableError
        If a required package or set of weights is missing, or the codec has no network that can
        run as `spec` says; states the remedy.
    """
    parsed = Spec.parse(spec)
    _require_implementation(parsed)
    setup = (setup or Setup.from_environment()).running(parsed.execution)
    try:
        with working_folder.kept():
            codec = factories.load(target(parsed)).from_spec(parsed.plain, setup)
        factories.require_codec(codec, parsed)
        if parsed.range_coded:
            codec = _range_coded(codec)
        if parsed.layer is not None:
            codec = _with_layers(parsed, codec)
    except CodecmarkError:
        raise
    except ModuleNotFoundError as error:
        lacks = extras.missing(spec, error)
        raise lacks or CodecError(f"{spec} could not be built: {error}") from error
    except BaseException as error:
        if factories.is_ctrl_c(error):
            raise
        raise CodecError(f"{spec} could not be built: {type(error).__name__}: {error}") from error
    setup.require_heeded(str(parsed))
    if codec.execution != parsed.execution:  # rows would not say how the network ran
        raise CodecError(
            f"{spec}: the codec's info.spec is {codec.info.spec}, which does not say how its "
            "network runs; complete its info with networks.runtime.described"
        )
    return codec


def info(spec: str, setup: Setup | None = None) -> CodecInfo:
    """Return what a codec declares about itself; code of a plug-in is not run here.

    Raises
    ------
    InputError, UnknownCodecError, UnavailableError
        As `create`, and if a plug-in does not answer in time.
    """
    parsed = Spec.parse(spec)
    target(parsed)
    setup = setup or Setup.from_environment()
    if is_plugin(parsed.family):
        return plugin_questions.info_of(parsed, setup)
    return create(spec, setup).info


def _range_coded(codec: Codec) -> Codec:
    if not extras.is_here("constriction"):
        raise UnavailableError(
            f"{codec.info.spec}+ac needs the package constriction", extras.remedy("constriction")
        )
    from codecmark.neural.range_coded import RangeCodedCodec

    return RangeCodedCodec(codec)


def _with_layers(spec: Spec, codec: Codec) -> Codec:
    from codecmark.layered.beside import BesideCodec

    return BesideCodec(spec, codec)


def target(spec: Spec) -> str:
    """Return the `module:Class` of a spec, or raise `UnknownCodecError`."""
    if spec.family in FAMILIES:
        return FAMILIES[spec.family].target_of(spec)
    if spec.family in factories.plugins():
        return factories.plugins()[spec.family]
    if spec.family in factories.refused_plugins():
        raise UnknownCodecError(f"{spec}: {factories.refused_plugins()[spec.family]}")
    raise UnknownCodecError(_did_you_mean(str(spec)))


def require_importable(spec: Spec) -> None:
    """Raise `UnavailableError` if a package is missing that the class of a spec imports.

    Nothing is imported where all packages are here, as networks' libraries take seconds.
    """
    if not extras.is_complete(target(spec)):
        factories.load(target(spec))


def is_known(family: str) -> bool:
    """Return whether the catalog or a plug-in has a family."""
    return family in FAMILIES or family in factories.plugins()


def refused_plugins() -> tuple[str, ...]:
    """Return why entry points of other distributions are left out, a line for each name."""
    return tuple(factories.refused_plugins().values())


def is_plugin(family: str) -> bool:
    """Return whether another distribution's code is what builds codecs of a family."""
    return family not in FAMILIES


def is_sentinel(family: str) -> bool:
    """Return whether a family only checks scales and metrics, and is not a codec to choose."""
    return family in FAMILIES and FAMILIES[family].sentinel


def select(
    specs: str | None,
    *,
    everything: bool = False,
    setup: Setup | None = None,
    limit_s: float = plugin_questions.LIMIT_S,
) -> tuple[str, ...]:
    """Return the specs that a `--codecs` value names: comma-separated specs or families.

    A family name alone selects its default settings, or where it has none all that are listed:
    `replay` every codec whose decoded audio was published, `command` every command file. None
    selects the default set, or if `everything` the whole catalog and what plug-ins list, which they
    are given `limit_s` to answer. `setup` is as in `create`.

    Raises
    ------
    InputError
        If the list is empty, a spec is malformed, or there are no command files.
    UnknownCodecError
        If no family has that name.
    """
    if specs is None:
        families = factories.plugins() if everything else ()
        of_plugins = [spec for name in families for spec in expanded(name, setup, limit_s)]
        return (*all_specs(default_only=not everything), *of_plugins)
    chosen: list[str] = []
    for text in filter(None, (part.strip() for part in specs.split(","))):
        parsed = Spec.parse(text)
        target(parsed)
        chosen += expanded(text, setup, limit_s) if text == parsed.family else (text,)
    if not chosen:
        raise InputError("codecs: the list is empty; name at least one, e.g. opus@24k")
    return tuple(dict.fromkeys(chosen))


def expanded(
    family: str, setup: Setup | None = None, limit_s: float = plugin_questions.LIMIT_S
) -> tuple[str, ...]:
    """Return what a family's name alone stands for; see `select`."""
    if family == REPLAY:
        return tuple(f"{REPLAY}:{codec}" for codec in published.built_in().codecs())
    if family == COMMAND:
        folder = (setup or Setup.from_environment()).command_folder
        return tuple(f"{COMMAND}:{name}" for name in command_file.names(folder))
    if family in FAMILIES:
        return FAMILIES[family].default or FAMILIES[family].more
    return plugin_questions.specs_of(family, setup or Setup.from_environment(), limit_s)


def listed(family: str, setup: Setup | None = None) -> tuple[str, ...]:
    """Return every spec that the catalog lists of a family, or raise `UnknownCodecError`."""
    target(Spec(family))
    if family in FAMILIES and (known := (*FAMILIES[family].default, *FAMILIES[family].more)):
        return known
    return expanded(family, setup)


def described(family: str, setup: Setup) -> str:
    """Return what a plug-in's class says of itself; nothing if it cannot be loaded."""
    return plugin_questions.words_of(family, setup)


def with_execution(specs: Iterable[str], chosen: Execution) -> tuple[str, ...]:
    """Apply an execution to the specs that support it and name none themselves.

    Codecs that support a device only get the device, without backend and dtype. All other specs
    are returned unchanged.

    Raises
    ------
    InputError
        If no spec supports the execution.
    """
    executed_specs = []
    for text in specs:
        spec = Spec.parse(text)
        family = FAMILIES.get(spec.family)
        if spec.execution == EAGER and family is not None:
            execution = chosen if family.takes_backend(spec) else Execution(device=chosen.device)
            if not family.takes_device(spec):
                execution = replace(execution, device=None)
            text = str(replace(spec, execution=execution))
        executed_specs.append(text)
    if chosen != EAGER and not any(MARK in text for text in executed_specs):
        raise InputError(
            f"execution: none of the chosen codecs supports {chosen}: a backend or dtype runs "
            f"{NETWORKS_ON_BACKENDS}, a device takes any network; leave out --backend, --dtype "
            "and --device, or choose others, e.g. --codecs dac"
        )
    return tuple(dict.fromkeys(executed_specs))


def _require_implementation(spec: Spec) -> None:
    family = FAMILIES.get(spec.family)
    known = family.implementations if family else ()
    if spec.implementation is not None and spec.implementation not in known:
        others = f"one of {', '.join(known)} or nothing" if known else "nothing"
        raise InputError(f"spec: {spec}: after '#' {spec.family} takes {others}")


def _did_you_mean(spec: str) -> str:
    names = [*FAMILIES, *factories.plugins()]
    near = difflib.get_close_matches(spec, [*all_specs(), *names], n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return f"no codec named {spec!r}; {hint}known families: {', '.join(names)}"
