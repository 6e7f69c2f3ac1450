"""Content keys: the identity of everything that decides what a row says, speed aside.

A key is the SHA-256 of: the codec's spec; its code and the libraries that this imports, see
`code_digests`; of a plug-in all files of its package and its distribution, the version of this, and
the code that it imports and that no version tells of, see `plugin_code`; of a command file the
programs and files that its commands name; the device; the files of the weight sets that the codec
asked for; the clip as the codec was given it, its name, source and class; the condition; the axes
that apply; and the code and libraries that measure and score, with which metrics apply to which
classes of clips, not with how metrics are labelled.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import cache
from typing import NamedTuple

from codecmark import catalog
from codecmark.classic.command_file import CommandFile
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.errors import CodecmarkError
from codecmark.measure import code_digests, plugin_code
from codecmark.measure.code_digests import code_digest
from codecmark.metrics import learned, predictor_weights
from codecmark.metrics.table import METRICS, QUALITY_FIELDS
from codecmark.networks import trained_sets
from codecmark.networks.setup import Setup
from codecmark.networks.weights import WeightLocator
from codecmark.replay import codec as replay
from codecmark.spec import Spec
from codecmark.system.digest import text_sha256

_JUDGE = "codecmark.measure.measurement"
_RANGE_CODED = "codecmark.neural.range_coded"
_BESIDE = "codecmark.layered.beside"
_REPLAYED = "codecmark.measure.replayed"
_BACKENDS = "codecmark.networks.backends"


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
    parts = {
        "codec": codec_digest(spec, setup),
        "device": setup.device,
        "condition": asdict(condition),
        "weights": weights_digests(weight_sets, setup.weights),
        "judge": scored_by(_JUDGE),
        "predictors": predictors_here(condition, setup.weights),
    }
    return text_sha256(json.dumps(parts, sort_keys=True))


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
    return text_sha256(json.dumps([codec_key, clip, applied], sort_keys=True))


@cache
def codec_digest(spec: str, setup: Setup) -> str:
    """Return the digest of a codec's settings, code, libraries and files other than weights.

    As this process first read them, see `changed`.
    """
    parsed = Spec.parse(spec)
    module_names = _modules_of(parsed)
    plugin = plugin_code.digest(parsed.family, module_names[0])
    sound = replay.sound_digest(parsed, setup) if parsed.family == replay.FAMILY else ""
    others = [plugin] if plugin else []
    codes = map(code_digest, module_names)
    return text_sha256("\n".join([spec, *codes, _first_programs(parsed, setup), sound, *others]))


def changed(spec: str, setup: Setup) -> list[str]:
    """Return what of a codec, and of what scores, is not as this process first read it, by name.

    Its key is of that first reading; what a process has loaded, or runs later, may be either.
    """
    parsed = Spec.parse(spec)
    module_names = _modules_of(parsed)
    others = code_digests.changed([*module_names, _JUDGE])
    others += plugin_code.changed(parsed.family, module_names[0])
    if _programs(parsed, setup) != _first_programs(parsed, setup):
        others.append("its command file, or a file that this names")
    return others


def unseen(spec: str, loaded_before: frozenset[str]) -> list[str]:
    """Return the code of a plug-in that its key does not tell of, see `plugin_code.unseen`."""
    parsed = Spec.parse(spec)
    return plugin_code.unseen(parsed.family, _modules_of(parsed)[0], loaded_before)


def of_no_other_process(key: str) -> str:
    """Return a key that no other process asks for, so that the row is made again."""
    return text_sha256(f"{key} {plugin_code.NEVER_AGAIN}")


def weights_digests(weight_sets: str | None, weights: WeightLocator) -> dict[str, str]:
    """Return the digests of sets of weights that are named as in `codec_key`, as they are now."""
    names = [name for name in (weight_sets or "").split(",") if name]
    return {name: _weights_digest(name, weights) for name in names}


def _modules_of(spec: Spec) -> list[str]:
    """Return the modules of a codec; that of its class is first."""
    module_names = [catalog.target(spec).partition(":")[0]]
    if spec.range_coded:
        module_names.append(_RANGE_CODED)
    if spec.layer is not None:
        module_names.append(_BESIDE)
    if spec.execution.changes_the_network:
        module_names.append(_BACKENDS)
    if spec.family == replay.FAMILY:
        module_names.append(_REPLAYED)
    return module_names


def scored_by(module_name: str) -> str:
    """Return the digest of a module that scores, and of which metrics it gives to which clips."""
    applied = [(metric.field, metric.classes) for metric in METRICS]
    return text_sha256(json.dumps([code_digest(module_name), applied]))


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


@cache
def _first_programs(spec: Spec, setup: Setup) -> str:
    return _programs(spec, setup)


def _programs(spec: Spec, setup: Setup) -> str:
    """What a command file says, and the digests of its programs and of the files it names."""
    if spec.family != "command":
        return ""
    try:
        file = CommandFile.load(spec.variant or "", setup.command_folder)
    except CodecmarkError as error:
        return str(error)
    files = [f"{path.name} {plugin_code.files_digest([path])}" for path in file.named_paths()]
    return "\n".join([file.path.read_text(encoding="utf-8"), *files])
