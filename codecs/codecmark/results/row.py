"""The row: one flat record for each codec, clip and condition; see `results/README.md`.

A value that was not measured is None, and `reasons` says why under the field's name. Infinite,
failed, unavailable and not applicable are reasons, never numbers.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from reprlib import repr as shortened
from typing import Any, Literal, get_args, get_origin, get_type_hints

from codecmark.corpus.entry import CLASSES
from codecmark.errors import ResultSchemaError

SCHEMA_VERSION = 2
Status = Literal["ok", "failed", "unavailable"]
INFINITE = "infinite"  # how the reason of a figure begins where the output equals the input
NEEDS_NO_REASON = frozenset(
    {
        "nominal_bitrate_kbps", "weights_sha256", "visqol_mode", "reason",
        "key", "weight_sets", "row_s", "dtype", "agreement_db",
    }
)  # fmt: skip
# absent together: the reason of the second is that of the first
_ABSENT_WITH = {
    "lag_samples": "snr_raw_db",
    "encode_rounds": "encode_s",
    "decode_rounds": "decode_s",
    "encode_first_call_s": "encode_s",
    "decode_first_call_s": "decode_s",
}
_LARGEST = 2**63  # what others' readers hold in an integer


@dataclass(kw_only=True)
class ResultRow:
    """See `results/README.md` for every field's meaning and unit."""

    schema_version: int = SCHEMA_VERSION
    run_id: str
    key: str | None = None
    spec: str
    family: str
    weights: str | None = None
    weights_sha256: str | None = None
    weight_sets: str | None = None
    clip: str | None = None
    clip_sha256: str | None = None
    clip_s: float | None = None
    source: str | None = None
    clip_class: str | None = None
    condition: str
    status: Status
    reason: str | None = None
    nominal_bitrate_kbps: float | None = None
    bitrate_kbps: float | None = None
    payload_bytes: int | None = None
    stream_bytes: int | None = None
    pcm16_bytes: int | None = None
    compression_ratio: float | None = None
    lag_samples: int | None = None
    snr_db: float | None = None
    snr_raw_db: float | None = None
    si_sdr_db: float | None = None
    segmental_snr_db: float | None = None
    correlation: float | None = None
    lsd_db: float | None = None
    mel_distance_db: float | None = None
    mrstft_distance: float | None = None
    pesq_wb: float | None = None
    estoi: float | None = None
    visqol_mos_lqo: float | None = None
    visqol_mode: str | None = None
    encode_s: float | None = None
    decode_s: float | None = None
    encode_rtf: float | None = None
    decode_rtf: float | None = None
    encode_first_call_s: float | None = None
    decode_first_call_s: float | None = None
    encode_rounds: int | None = None
    decode_rounds: int | None = None
    peak_memory_mib: float | None = None
    row_s: float | None = None
    parameters: int | None = None
    algorithmic_delay_ms: float | None = None
    device: str | None = None
    threads: int | None = None
    backend: str | None = None
    dtype: str | None = None
    agreement_db: float | None = None
    host: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def is_exact(self, name: str) -> bool:
        """Return whether the metric `name` has no figure because the output equals the input."""
        return self.reasons.get(name, "").startswith(INFINITE)

    def explain(self) -> None:
        """Give each absent value without a reason the one that follows from the row.

        Not those in `NEEDS_NO_REASON`; and in an unavailable row `reason` stands for everything.
        """
        if self.status == "unavailable":
            return
        fallback = "the codec failed" if self.status == "failed" else "not measured in this run"
        for name in (f.name for f in fields(self) if f.name not in NEEDS_NO_REASON):
            if getattr(self, name) is None and name not in self.reasons:
                self.reasons[name] = self.reasons.get(_ABSENT_WITH.get(name, ""), fallback)

    def to_json(self, versions: str | None = None) -> str:
        """Return one line of strict JSON (no NaN, no Infinity).

        `versions` stands in for the table of versions, see `store`.
        """
        record = asdict(self)
        if versions is not None:
            record["versions"] = versions
        return json.dumps(record, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> ResultRow:
        """Parse one line.

        Raises
        ------
        ResultSchemaError
            If it is not a row, of a newer schema, or a value is not of its field's type; names
            the field.
        """
        return cls.from_record(parse_line(line))

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> ResultRow:
        """Check and take over the fields of a parsed line.

        A row of schema 1 lacks the fields that later versions added; here it becomes one of this
        version without them.

        Raises
        ------
        ResultSchemaError
            As `from_json`.
        """
        version = record["schema_version"]
        if version > SCHEMA_VERSION:
            raise ResultSchemaError(
                f"schema_version: the row has {version}, this codecmark reads up to "
                f"{SCHEMA_VERSION}; update codecmark"
            )
        known = {f.name for f in fields(cls)}
        if unknown := sorted(record.keys() - known):
            raise ResultSchemaError(f"{unknown[0]}: not a field of schema {version}")
        for name, value in record.items():
            if problem := _problem(_types()[name], value):
                raise ResultSchemaError(f"{name}: {shortened(value)} is not {problem}")
        if record.get("clip_class") not in (None, *CLASSES):
            raise ResultSchemaError(
                f"clip_class: {shortened(record['clip_class'])} is not one of {', '.join(CLASSES)}"
            )
        try:
            return cls(**{**record, "schema_version": SCHEMA_VERSION})
        except TypeError as error:
            raise ResultSchemaError(f"incomplete row: {error}") from error


def parse_line(line: str) -> dict[str, Any]:
    """Return the object that a line of a row file holds, or raise `ResultSchemaError`."""
    try:
        record: Any = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ResultSchemaError(f"not a row of strict JSON: {error}") from error
    if not isinstance(record, dict) or not isinstance(record.get("schema_version"), int):
        raise ResultSchemaError("schema_version: missing, so this is not a row")
    return record


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not strict JSON")


@cache
def _types() -> dict[str, Any]:
    """The fields' types; as text they are of no use."""
    return get_type_hints(ResultRow)


def _problem(kind: Any, value: object) -> str | None:
    """Return what `value` should have been, or None if it is of the type `kind`."""
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        return None if value in choices else f"one of {', '.join(choices)}"
    if get_origin(kind) is dict:
        whole = isinstance(value, dict) and all(map(_is_text, (*value, *value.values())))
        return None if whole else "an object of texts"
    choices = get_args(kind) or (kind,)
    if value is None and type(None) in choices:
        return None
    if str in choices:
        return None if _is_text(value) else "text"
    # true and false are integers in Python only
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, int) and number and abs(value) < _LARGEST:
        return None
    if int in choices:
        return "an integer of at most 64 bits"
    # 1e999 is strict JSON and reads as infinity
    finite = isinstance(value, float) and math.isfinite(value)
    return None if finite else "a finite number"


def _is_text(value: object) -> bool:
    """Half of a surrogate pair can be escaped in JSON but not written to any file."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)
