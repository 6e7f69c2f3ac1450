"""The TOML file of a decision, see `results/decisions/requirements.toml` for a whole one.

::

    title = "Which codec"
    question = "Which codec ...?"
    condition = "16k-mono"              # of every requirement that names none
    prefer = ["margin", "soft", "bitrate_kbps"]  # order among options that pass
    status = "proposed"                 # and decision_makers, supersedes, accepted
    baseline = ["opus@24k"]             # what is in use today
    present = ["keep"]                  # routes or options that build on what is in use

    [[requirement]]
    name = "SNR"
    metric = "snr_db"                   # a quality field of the row, a cost, or "mos"
    operator = ">"
    threshold = 10
    statistic = "mean"                  # median, p95, worst
    clip_class = "all"                  # speech, music, ambient, audio, each
    evidence = "measured"               # predicted, subjective
    hard = true
    stand_in = { name = "...", metric = "...", ... }
    panel = {}                          # in its place: predictors, each with a voice
    axes = "loss_percent=10"            # judged by rows of `codecmark run --axes loss_percent=10`

    [[requirement]]                     # of code and weights; * stands for anything
    name = "licence"
    metric = "licence"
    among = ["MIT", "Apache-2.0", "BSD-*"]

    [[requirement.panel.voice]]         # none: the default panel, see review/panel.py
    clip_class = "speech"               # left out: every class without a voice of its own
    codecs = "waveform"                 # or "resynthesis"; left out: all
    any_of = [{ metric = "pesq_wb", operator = ">=", threshold = 4 }]  # the best of them speaks

    [[requirement]]                     # relative to another codec on the same machine
    name = "as fast as Opus"
    metric = "decode_rtf"
    operator = "<="
    threshold = 2                       # times
    of = "opus@24k"

    [[option]]                          # none: each codec of the rows is an option
    name = "Opus"
    route = "replace"
    why = "..."
    specs = ["opus@*"]
    to_know = ["..."]                   # what whoever takes it has to live with
    bounds = [{ requirement = "SNR", limit = 0, because = "...", witnesses = ["mel:*/*"] }]
    replayed = ["replay:dac:*"]         # whose published sound may stand for specs of that name
    published = [{ spec = "...", requirement = "SNR", metric = "si_sdr_db", value = 6, where = "" }]

    [replayed]                          # rows of published audio, quality only
    results = "published"               # a folder within the results
    beside = ["opus@12k"]               # shown on the same clips, in pairs
    caution = "..."                     # what to know of the files

    [confirmation]                      # the options once more, on clips that were kept back
    results = "test_half"               # a folder within the results
    history = "..."                     # what was decided before and after a look at them

    [[note]]                            # a part of the record that people write
    name = "argument"
    heading = "Why ..."

The structs in `review.requirements`, `requirement`, `panel` and `options` say what each key means.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from codecmark.corpus.condition import DEFAULT_CONDITION, named
from codecmark.errors import InputError
from codecmark.metrics.table import TABLE
from codecmark.review.requirement import Requirement
from codecmark.review.requirements import Requirements
from codecmark.review.threshold import LICENCE
from codecmark.system import schema

DEFAULT = Path(__file__).with_name("default.toml")


def load(path: Path) -> Requirements:
    """Read and check a file.

    Raises
    ------
    InputError
        If it is not usable; names the key and the remedy.
    """
    values = schema.read_toml(path)
    try:
        schema.require_text(values)
        _spread(values)
        _fill_in_licences(values)
        requirements = schema.convert(values, Requirements)
        for n, requirement in enumerate(requirements.requirements, start=1):
            _check_range(requirement, f"requirement[{n}]")
            for other in requirement.others:
                part = "stand_in" if other == requirement.stand_in else "panel"
                _check_range(other, f"requirement[{n}].{part}")
        return requirements
    except (InputError, RecursionError) as error:
        raise InputError(f"{path}: {error}") from error


def default(condition: str = DEFAULT_CONDITION) -> Requirements:
    """Return the requirements that come with the package, under a condition.

    Raises
    ------
    InputError
        If there is no such condition here, as where rows come from another version.
    """
    named(condition)
    requirements = load(DEFAULT)
    moved = tuple(
        msgspec.structs.replace(requirement, condition=condition)
        for requirement in requirements.requirements
    )
    return msgspec.structs.replace(requirements, requirements=moved, condition=condition)


def _check_range(asked: Requirement, where: str) -> None:
    """Refuse a threshold that no figure can meet."""
    if asked.of:
        return
    metric = TABLE[asked.metric]
    low, high = metric.range
    if not asked.holds(high if metric.higher_is_better else low):
        raise InputError(
            f"{where}.threshold: no codec can have {metric.label} {asked.operator} "
            f"{asked.threshold:g}; {metric.field} goes from {low:g} to {high:g}"
        )


def _fill_in_licences(values: dict[str, Any]) -> None:
    """Give what is no number the threshold that its struct asks for."""
    tables = values.get("requirement")
    for n, table in enumerate(tables if isinstance(tables, list) else (), start=1):
        if isinstance(table, dict) and table.get("metric") == LICENCE:
            for key in ("operator", "threshold"):
                if key in table:
                    raise InputError(f"requirement[{n}].{key}: a licence has none; write among")
            table |= {"operator": ">=", "threshold": 1}


def _spread(values: dict[str, Any]) -> None:
    """Give the file's condition to every requirement that names none; a stand-in also its axes."""
    condition = values.get("condition", DEFAULT_CONDITION)
    tables = values.get("requirement")
    for table in tables if isinstance(tables, list) else ():
        if isinstance(table, dict):
            table.setdefault("condition", condition)
            if isinstance(stand_in := table.get("stand_in"), dict):
                stand_in.setdefault("condition", table["condition"])
                stand_in.setdefault("axes", table.get("axes", ""))
