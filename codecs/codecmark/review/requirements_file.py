"""The TOML file of a decision, see `results/decisions/requirements.toml` for a whole one.

::

    title = "Reconstruction codec"
    question = "Which codec ...?"
    condition = "16k-mono"              # of every requirement that names none
    prefer = ["soft", "bitrate_kbps"]   # order among options that pass
    status = "proposed"                 # and decision_makers, supersedes, accepted

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

    [[option]]
    name = "Opus"
    route = "replace"
    why = "..."
    specs = ["opus@*"]
    bounds = [{ requirement = "SNR", limit = 0, because = "...", witnesses = ["mel:*/*"] }]
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from codecmark.analysis.summary import ALL, FIELDS_OVER_ALL
from codecmark.corpus.condition import CONDITIONS, DEFAULT_CONDITION, named
from codecmark.corpus.entry import CLASSES
from codecmark.errors import InputError
from codecmark.metrics.table import QUALITY_FIELDS
from codecmark.review.requirements import (
    COSTS,
    EACH,
    METRICS,
    MOS,
    SOFT,
    SPEECH_FIELDS,
    Bound,
    Evidence,
    Operator,
    Option,
    Requirement,
    Requirements,
    Statistic,
    evidence_of,
    higher_is_better,
)

_STATUSES = ("proposed", "accepted", "rejected", "deprecated")
_TEXTS, _NUMBER = "a list of texts in quotes", "a number other than 0"


def load(path: Path) -> Requirements:
    """Read and check a file.

    Raises
    ------
    InputError
        If it is not usable; names the key and the remedy.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as TOML ({error})") from error
    try:
        return _requirements(values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


class _Table:
    """One table of the file: hands out checked values, then knows which keys nobody asked for."""

    def __init__(self, where: str, values: object) -> None:
        if not isinstance(values, dict):
            raise InputError(f"{where}: must be a table of keys and values")
        self.where = where
        self.values: Mapping[str, Any] = values
        self.asked: set[str] = set()

    def key(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def get(self, name: str, kind: type, what: str, default: Any = None) -> Any:
        self.asked.add(name)
        if name not in self.values:
            if default is None:
                raise InputError(f"{self.key(name)}: is missing; it is {what}")
            return default
        value = self.values[name]
        if not isinstance(value, kind) or (
            isinstance(value, list) and kind is list and not all(map(_is_text, value))
        ):
            raise InputError(f"{self.key(name)}: must be {what}, not {value!r:.80}")
        if kind is str and not _is_text(value):
            raise InputError(f"{self.key(name)}: must be {what}, not empty, in one line")
        return value

    def choice(self, name: str, choices: Sequence[str], default: str | None = None) -> Any:
        value = self.get(name, str, f"one of {', '.join(choices)}", default)
        if value not in choices:
            raise InputError(f"{self.key(name)}: no {value!r:.80}; choose {', '.join(choices)}")
        return value

    def condition(self, default: str) -> str:
        """Return a condition's name, e.g. 16k-mono, or 16k-mono-4threads."""
        name = self.get("condition", str, f"one of {', '.join(CONDITIONS)}", default)
        try:
            return named(name).name
        except InputError as error:
            raise InputError(
                f"{self.key('condition')}{str(error).removeprefix('condition')}"
            ) from error

    def tables(self, name: str) -> list[_Table]:
        self.asked.add(name)
        values = self.values.get(name, [])
        if not isinstance(values, list):
            raise InputError(f"{self.key(name)}: must be a list of tables")
        return [_Table(f"{self.key(name)}[{n}]", v) for n, v in enumerate(values, start=1)]

    def done(self) -> None:
        if unknown := sorted(self.values.keys() - self.asked):
            known = ", ".join(sorted(self.asked))
            raise InputError(f"{self.key(unknown[0])}: no such key; there are {known}")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _requirements(values: Mapping[str, Any]) -> Requirements:
    table = _Table("", values)
    condition = table.condition(DEFAULT_CONDITION)
    requirements = tuple(_requirement(t, condition) for t in table.tables("requirement"))
    options = tuple(_option(t, requirements) for t in table.tables("option"))
    for name, names in (
        ("requirement", [r.name for one in requirements for r in (one, one.stand_in) if r]),
        ("option", [one.name for one in options]),
    ):
        if not names:
            raise InputError(f"{name}: there is none; add a table [[{name}]]")
        if twice := sorted({one for one in names if names.count(one) > 1}):
            raise InputError(f"{name}: {twice[0]!r} is there twice; give each its own name")
    if len({r.condition for r in requirements}) > 1:
        raise InputError(
            "requirement.condition: all must be of one condition, or no option is the same "
            "under two of them; write one file for each condition"
        )
    prefer = tuple(table.get("prefer", list, _TEXTS, [SOFT, "bitrate_kbps"]))
    choices = (SOFT, *COSTS, *QUALITY_FIELDS)
    if wrong := [name for name in prefer if name not in choices]:
        raise InputError(f"prefer: no {wrong[0]!r:.80}; choose from {', '.join(choices)}")
    accepted = table.get("accepted", str, "the spec that was settled on", "-")
    found = Requirements(
        title=table.get("title", str, "the title of the record"),
        question=table.get("question", str, "what is to be decided"),
        requirements=requirements,
        options=options,
        prefer=prefer,
        status=table.choice("status", _STATUSES, "proposed"),
        decision_makers=tuple(table.get("decision_makers", list, _TEXTS, [])),
        supersedes=tuple(table.get("supersedes", list, _TEXTS, [])),
        accepted=None if accepted == "-" else accepted,
    )
    if not any(character.isalnum() for character in found.title):
        raise InputError("title: needs a letter or digit, since it names the file")
    table.done()
    return found


def _requirement(table: _Table, condition: str, *, stand_in: bool = False) -> Requirement:
    metric = table.choice("metric", METRICS)
    operator = table.choice("operator", get_args(Operator))
    if higher_is_better(metric) != operator.startswith(">"):
        better, remedy = ("higher", "> or >=") if higher_is_better(metric) else ("lower", "< or <=")
        raise InputError(f"{table.key('operator')}: {metric} is better when {better}; use {remedy}")
    threshold = table.get("threshold", object, _NUMBER)
    if type(threshold) not in (int, float) or not math.isfinite(threshold) or not threshold:
        raise InputError(f"{table.key('threshold')}: must be {_NUMBER}, not {threshold!r:.80}")
    default_class = EACH if metric not in (*FIELDS_OVER_ALL, *COSTS, MOS) else ALL
    default_class = "speech" if metric in SPEECH_FIELDS else default_class
    clip_class = table.choice("clip_class", (ALL, EACH, *CLASSES), default_class)
    if metric in SPEECH_FIELDS and clip_class != "speech":
        raise InputError(f"{table.key('clip_class')}: {metric} is for speech; name speech")
    if clip_class == ALL and default_class != ALL:
        raise InputError(
            f"{table.key('clip_class')}: {metric} is on several scales; name one class, or each"
        )
    evidence = table.choice("evidence", get_args(Evidence), evidence_of(metric))
    substitute = None
    if "stand_in" in table.values and not stand_in:
        substitute = _requirement(
            _Table(table.key("stand_in"), table.values["stand_in"]), condition, stand_in=True
        )
        table.asked.add("stand_in")
    found = Requirement(
        name=table.get("name", str, "its heading"),
        metric=metric,
        operator=operator,
        threshold=float(threshold),
        statistic=table.choice("statistic", get_args(Statistic), "mean"),
        condition=table.condition(condition),
        clip_class=clip_class,
        evidence=evidence,
        hard=True if stand_in else table.get("hard", bool, "true or false", True),
        stand_in=substitute,
    )
    table.done()
    return found


def _option(table: _Table, requirements: Sequence[Requirement]) -> Option:
    found = Option(
        name=table.get("name", str, "what it is called"),
        route=table.get("route", str, "the group it is of", "options"),
        why=table.get("why", str, "why it is considered"),
        specs=tuple(table.get("specs", list, _TEXTS)),
        bounds=tuple(_bound(one, requirements) for one in table.tables("bounds")),
    )
    if not found.specs:
        raise InputError(f"{table.key('specs')}: is empty; name a spec, even one without rows yet")
    table.done()
    return found


def _bound(table: _Table, requirements: Sequence[Requirement]) -> Bound:
    names = [one.name for one in requirements]
    limit = table.get("limit", object, "a number, or a list of specs")
    if isinstance(limit, list) and limit and all(map(_is_text, limit)):
        limit = tuple(limit)
    elif type(limit) not in (int, float) or not math.isfinite(limit):
        raise InputError(f"{table.key('limit')}: must be a number or specs, not {limit!r:.80}")
    found = Bound(
        requirement=table.choice("requirement", names),
        limit=limit,
        because=table.get("because", str, "why nothing can be better"),
        witnesses=tuple(table.get("witnesses", list, _TEXTS, [])),
    )
    table.done()
    return found
