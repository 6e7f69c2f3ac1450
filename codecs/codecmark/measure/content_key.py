"""Content keys: the identity of everything that decides what a row says, speed aside.

A key is the SHA-256 of: the codec's spec; its code (the wrapper's module and every module of its
package that this one imports, as syntax trees without docstrings, so that comments cost nothing,
nor does a move of a module, see `syntax`); the versions of the distributions that this code
imports; the device; the files of the weight sets that the codec asked for; the clip as the codec
was given it, its name, source and class; the condition; the axes that apply; and the code and
libraries that measure and score, with which metrics apply to which classes of clips, not with how
metrics are labelled. No code is imported for it: sources are read, torch stays unloaded.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import NamedTuple

from codecmark import catalog
from codecmark.classic.command_file import CommandFile
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.errors import CodecmarkError
from codecmark.measure import syntax
from codecmark.metrics import learned, predictor_weights
from codecmark.metrics.table import METRICS, QUALITY_FIELDS
from codecmark.networks import trained_sets
from codecmark.networks.setup import Setup
from codecmark.networks.weights import WeightLocator
from codecmark.replay import codec as replay
from codecmark.spec import Spec
from codecmark.system import extras

_JUDGE = "codecmark.measure.measurement"
_RANGE_CODED = "codecmark.neural.range_coded"
_REPLAYED = "codecmark.measure.replayed"
_BACKENDS = "codecmark.networks.backends"
_IGNORED = frozenset(
    {
        # lists of what there is: a new entry changes no figure of the others
        "codecmark", "codecmark.catalog", "codecmark.catalog.families", "codecmark.catalog.family",
        "codecmark.networks.published_sets",
        "codecmark.corpus.entry",  # reads clips, and what it read has a digest of its own
        "codecmark.measure.memory",  # asks the system
        "codecmark.metrics.table",  # labels and wording; what decides figures is in `scored_by`
        "codecmark.metrics.predictor_weights",  # finds files whose digests count
        "codecmark.networks.backends",  # counts where a spec asks for it
        "codecmark.system.extras",  # wording of what is missing
    }
)  # fmt: skip


def codec_key(spec: str, condition: Condition, weight_sets: str | None, setup: Setup) -> str:
    """Return the part of a key that all clips share.

    Parameters
    ----------
    spec : str
        As it was asked for.
    condition : Condition
    weight_sets : str or None
        The names that `WeightLocator.asked_names` has once the codec is built, comma-separated.
    setup : Setup
        The device, and where weights and other files are.
    """
    names = [name for name in (weight_sets or "").split(",") if name]
    parts = {
        "codec": codec_digest(spec, setup),
        "device": setup.device,
        "condition": asdict(condition),
        "weights": {name: _weights_digest(name, setup.weights) for name in names},
        "judge": scored_by(_JUDGE),
        "predictors": predictors_here(condition, setup.weights),
    }
    return _sha256(json.dumps(parts, sort_keys=True))


class KeyedClip(NamedTuple):
    """What of a clip its rows depend on: they are stored under its name, class and source.

    `sha256` is that of the clip as the condition presents it.
    """

    name: str
    source: str
    clip_class: str
    sha256: str

    @classmethod
    def of(cls, clip: PreparedClip) -> KeyedClip:
        """Return what a prepared clip is known by."""
        return cls(clip.name, clip.source, clip.clip_class, clip.audio.sha256())


def predictors_here(condition: Condition, weights: WeightLocator) -> dict[str, str]:
    """Return the digests of the weights of the learned predictors that judge; `absent` is one.

    Where weights come or go, figures do.
    """
    asked = {*QUALITY_FIELDS, *condition.predictors}
    return {
        name: predictor_weights.digest_of(predictor.weight_set, weights)
        for name, predictor in learned.PREDICTORS.items()
        if name in asked
    }


def row_key(codec_key: str, clip: KeyedClip | None, **axes: float | str | None) -> str:
    """Return the key of a row, 64 hexadecimal digits.

    Parameters
    ----------
    clip : KeyedClip or None
        None for a codec that could not be built.
    **axes
        What the clip went through beside the codec, see `results.row.AXES`; None is nothing.
    """
    applied = {name: value for name, value in axes.items() if value is not None}
    return _sha256(json.dumps([codec_key, clip, applied], sort_keys=True))


@cache
def codec_digest(spec: str, setup: Setup) -> str:
    """Return the digest of a codec's settings, code, libraries and files other than weights."""
    parsed = Spec.parse(spec)
    module_names = [catalog.target(parsed).partition(":")[0]]
    if parsed.range_coded:
        module_names.append(_RANGE_CODED)
    if parsed.execution.changes_the_network:
        module_names.append(_BACKENDS)
    programs = _programs(parsed.variant, setup) if parsed.family == "command" else ""
    sound = ""
    if parsed.family == replay.FAMILY:
        module_names.append(_REPLAYED)
        sound = replay.sound_digest(parsed, setup)
    return _sha256("\n".join([spec, *map(code_digest, module_names), programs, sound]))


def scored_by(module_name: str) -> str:
    """Return the digest of a module that scores, and of which metrics it gives to which clips."""
    applied = [(metric.field, metric.classes) for metric in METRICS]
    return _sha256(json.dumps([code_digest(module_name), applied]))


@cache
def code_digest(module_name: str) -> str:
    """Return the digest of a module, what it imports of its own package, and their libraries."""
    reached: dict[str, _Source] = {}
    waiting = [module_name]
    own = {"codecmark", module_name.partition(".")[0]}
    libraries: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in reached or (name in _IGNORED and name != module_name):
            continue
        reached[name] = source = _source(name)
        for imported in source.imports:
            top = imported.partition(".")[0]
            if top not in own:
                libraries.add(top)
            elif (module := _module_of(imported)) is not None:
                waiting.append(module)
    lines = sorted(source.digest for source in reached.values())  # wherever they live
    lines += [f"{name} {_version(name)}" for name in sorted(libraries - sys.stdlib_module_names)]
    return _sha256("\n".join(lines))


@dataclass(frozen=True)
class _Source:
    digest: str
    imports: tuple[str, ...]


@cache
def _source(module_name: str) -> _Source:
    path = _path(module_name)
    if path is None:  # an extension module, or not here: its distribution's version must do
        return _Source(_version(module_name.partition(".")[0]), ())
    tree = ast.parse(path.read_bytes())
    imports = tuple(_imports(tree))
    own = {"codecmark", module_name.partition(".")[0]}
    return _Source(syntax.digest(tree, lambda name: _reached(name, own)), imports)


def _reached(imported: str, own: set[str]) -> syntax.Reached | None:
    module = _module_of(imported) if imported.partition(".")[0] in own else None
    if module is None:
        return None
    return syntax.Reached(_digest_alone(module), module == imported)


@cache
def _digest_alone(module_name: str) -> str:
    """Return the digest of a module, whatever its imports reach."""
    path = _path(module_name)
    if module_name in _IGNORED or path is None:
        return ""
    own = {"codecmark", module_name.partition(".")[0]}

    def reached(imported: str) -> syntax.Reached | None:
        module = _module_of(imported) if imported.partition(".")[0] in own else None
        return None if module is None else syntax.Reached("", module == imported)

    return syntax.digest(ast.parse(path.read_bytes()), reached)


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module_of(imported: str) -> str | None:
    """Return the module that an import of a module, or of a name in one, reaches."""
    parent = imported.rpartition(".")[0]
    return next((name for name in (imported, parent) if name and _path(name)), None)


@cache
def _path(module_name: str) -> Path | None:
    top, *rest = module_name.split(".")
    try:
        package = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if package is None or package.origin is None:
        return None
    base = Path(package.origin).parent.joinpath(*rest) if rest else Path(package.origin)
    candidates = [base.with_name(f"{base.name}.py"), base / "__init__.py"] if rest else [base]
    return next((path for path in candidates if path.suffix == ".py" and path.is_file()), None)


@cache
def _version(module_name: str) -> str:
    try:
        return version(extras.DISTRIBUTIONS.get(module_name, module_name))
    except PackageNotFoundError:
        pass
    names = packages_distributions().get(module_name, ())  # reads every distribution: slow
    return " ".join(sorted(f"{name} {version(name)}" for name in set(names))) or "absent"


def _weights_digest(name: str, weights: WeightLocator) -> str:
    locator = replace(weights, asked=[])  # a key asks for nothing
    try:
        if name.startswith(trained_sets.PREFIX):
            located = trained_sets.locate_trained(name.removeprefix(trained_sets.PREFIX), locator)
        else:
            located = locator.locate(name, fetch=False)
        return located.weights.sha256 or ""
    except CodecmarkError:
        return "absent"


def _programs(name: str | None, setup: Setup) -> str:
    """What a command file says, and which files its programs are."""
    try:
        file = CommandFile.load(name or "", setup.command_folder)
    except CodecmarkError as error:
        return str(error)
    programs = []
    for command in (file.encode, file.decode):
        path = shutil.which(command.split()[0])
        stat = Path(path).stat() if path else None
        programs.append(f"{command} {path} {stat and (stat.st_size, stat.st_mtime_ns)}")
    return "\n".join([file.path.read_text(encoding="utf-8"), *programs])


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
