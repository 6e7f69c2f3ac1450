"""The row: one flat, frozen record of a codec on a clip; see `results/README.md`.

A value that was not measured is None, and `reasons` says why under the field's name. Infinite,
failed, unavailable and not applicable are reasons, never numbers. Rows are made complete by
`results.builder`; nothing changes one afterwards.
"""

from __future__ import annotations

import json
import math
from functools import cache
from operator import attrgetter
from reprlib import repr as shortened
from typing import Any, Literal, get_type_hints

import msgspec

from codecmark.codec import Evidence
from codecmark.corpus.entry import ClipClass
from codecmark.errors import ResultSchemaError
from codecmark.results import field_types as types
from codecmark.results.field_types import Count, Figure, Integer, OneToFive, Positive

SCHEMA_VERSION = 3
Status = Literal["ok", "failed", "unavailable"]
INFINITE = "infinite"  # how the reason of a figure begins where the output equals the input
TIME_PROBE = "time probe"  # the note with the seconds of `measure.time_probe`, beside each phase
# what a clip went through beside the codec; None is untouched
AXES = (
    "loss_percent", "loss_pattern", "concealment", "bit_error_rate", "passes", "passed_through",
    "noise_snr_db", "level_db", "overdrive_db", "shift_samples",
)  # fmt: skip
# the fields that a later row of the same run shares with the one that it replaces
IDENTITY = ("spec", "clip", "condition", *AXES)
_RATINGS = frozenset(
    {
        "mos", "dmos", "mushra", "listeners", "ratings", "listener_se",
        "listening_method", "listening_plan_sha256",
    }
)  # fmt: skip
# predictors that rows of this schema lack that were made before them; newer ones have reasons
_PREDICTORS = frozenset(
    {
        "zimtohrli", "distillmos", "distillmos_reference", "dnsmos_ovrl", "dnsmos_ovrl_reference",
        "plcmos", "plcmos_reference", "speaker_similarity", "nmr_db",
    }
)  # fmt: skip
# not of every row: written only where there is a value, and absent without a reason
OCCASIONAL = (
    _RATINGS | {*AXES, "level_difference_db", "recovery_s", "token_agreement"} | _PREDICTORS
)
NEEDS_NO_REASON = OCCASIONAL | {
    "nominal_bitrate_kbps", "weights_sha256", "visqol_mode", "reason",
    "key", "weight_sets", "row_s", "dtype", "agreement_db",
}  # fmt: skip

# what schema 3 brought that is not occasional
_SINCE_3 = (
    "stream_sha256", "decoded_sha256", "encode_min_s", "decode_min_s", "encode_p95_s",
    "decode_p95_s",
)  # fmt: skip
_axes, _identity = attrgetter(*AXES), attrgetter(*IDENTITY)


class ResultRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """See `results/README.md` for every field's meaning and unit.

    To have a row with other values, `msgspec.structs.replace(row, field=value)` makes another.
    """

    schema_version: Integer = SCHEMA_VERSION
    run_id: str
    key: str | None = None
    spec: str
    family: str
    weights: Evidence | None = None
    weights_sha256: str | None = None
    weight_sets: str | None = None
    clip: str | None = None
    clip_sha256: str | None = None
    clip_s: Positive | None = None
    source: str | None = None
    clip_class: ClipClass | None = None
    condition: str
    loss_percent: types.Percent | None = None
    loss_pattern: str | None = None
    concealment: str | None = None
    bit_error_rate: types.Share | None = None
    passes: Count | None = None
    passed_through: str | None = None
    noise_snr_db: Figure | None = None
    level_db: Figure | None = None
    overdrive_db: Figure | None = None
    shift_samples: Integer | None = None
    status: Status
    reason: str | None = None
    nominal_bitrate_kbps: Positive | None = None
    bitrate_kbps: Positive | None = None
    payload_bytes: Count | None = None
    stream_bytes: types.Size | None = None
    stream_sha256: str | None = None
    pcm16_bytes: Count | None = None
    compression_ratio: Positive | None = None
    decoded_sha256: str | None = None
    lag_samples: Integer | None = None
    level_difference_db: Figure | None = None
    snr_db: Figure | None = None
    snr_raw_db: Figure | None = None
    si_sdr_db: Figure | None = None
    segmental_snr_db: types.SegmentalSnr | None = None
    correlation: types.Correlation | None = None
    lsd_db: Positive | None = None
    mel_distance_db: Positive | None = None
    mrstft_distance: Positive | None = None
    pesq_wb: types.Pesq | None = None
    estoi: types.Correlation | None = None
    visqol_mos_lqo: OneToFive | None = None
    visqol_mode: str | None = None
    zimtohrli: OneToFive | None = None
    distillmos: OneToFive | None = None
    distillmos_reference: OneToFive | None = None
    dnsmos_ovrl: OneToFive | None = None
    dnsmos_ovrl_reference: OneToFive | None = None
    plcmos: OneToFive | None = None
    plcmos_reference: OneToFive | None = None
    speaker_similarity: types.Correlation | None = None
    nmr_db: Figure | None = None
    recovery_s: Positive | None = None
    token_agreement: types.Share | None = None
    mos: OneToFive | None = None
    dmos: OneToFive | None = None
    mushra: types.Percent | None = None
    listeners: Count | None = None
    ratings: Count | None = None
    listener_se: Positive | None = None
    listening_method: str | None = None
    listening_plan_sha256: str | None = None
    encode_s: Positive | None = None
    decode_s: Positive | None = None
    encode_rtf: Positive | None = None
    decode_rtf: Positive | None = None
    encode_min_s: Positive | None = None
    decode_min_s: Positive | None = None
    encode_p95_s: Positive | None = None
    decode_p95_s: Positive | None = None
    encode_first_call_s: Positive | None = None
    decode_first_call_s: Positive | None = None
    encode_rounds: Count | None = None
    decode_rounds: Count | None = None
    peak_memory_mib: Positive | None = None
    row_s: Positive | None = None
    parameters: Count | None = None
    algorithmic_delay_ms: Positive | None = None
    device: str | None = None
    threads: Count | None = None
    backend: str | None = None
    dtype: str | None = None
    agreement_db: Figure | None = None
    host: str | None = None
    versions: dict[str, str] = msgspec.field(default_factory=dict)
    reasons: dict[str, str] = msgspec.field(default_factory=dict)
    notes: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def axes(self) -> tuple[float | str | None, ...]:
        """What the clip went through beside the codec, in the order of `AXES`."""
        return _axes(self)

    @property
    def identity(self) -> tuple[float | str | None, ...]:
        """The values of `IDENTITY`."""
        return _identity(self)

    def is_exact(self, name: str) -> bool:
        """Return whether the metric `name` has no figure because the output equals the input."""
        return self.reasons.get(name, "").startswith(INFINITE)

    def to_json(self, versions: str | None = None) -> str:
        """Return one line of strict JSON.

        `versions` stands in for the table of versions, see `store`.

        Raises
        ------
        ResultSchemaError
            If a value is not of its field's type, as not a number is: names the field.
        """
        record = checked(msgspec.structs.asdict(self))
        if versions is not None:
            record["versions"] = versions
        for name in (*OCCASIONAL, "notes"):
            if record[name] is None or record[name] == {}:
                del record[name]
        try:
            return msgspec.json.encode(record).decode()
        except UnicodeEncodeError as error:
            raise ResultSchemaError(_problem(record) or str(error)) from error

    @classmethod
    def from_json(cls, line: str | bytes) -> ResultRow:
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

        A row of an earlier schema lacks the fields that later ones added; here it becomes one of
        this version without them.

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
        try:
            return msgspec.convert(of_this_schema(record), cls)
        except msgspec.ValidationError as error:
            raise ResultSchemaError(_problem(record) or f"incomplete row: {error}") from error


def of_this_schema(record: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a row of an earlier schema, those it did not have with their reasons."""
    if record["schema_version"] == SCHEMA_VERSION:
        return record
    reasons = record.get("reasons")
    if isinstance(reasons, dict) and record.get("status") != "unavailable":
        reason = f"schema {record['schema_version']} did not have it"
        reasons = {**dict.fromkeys(_SINCE_3, reason), **reasons}
    return {**record, "schema_version": SCHEMA_VERSION, "reasons": reasons}


def checked(record: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a row that is being made, or raise `ResultSchemaError`."""
    for name, value in record.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ResultSchemaError(
                f"{name}: {value} is not a finite number; leave it out and give a reason"
            )
    try:
        msgspec.convert(record, ResultRow)
    except msgspec.ValidationError as error:
        raise ResultSchemaError(_problem(record) or f"incomplete row: {error}") from error
    return record


def parse_line(line: str | bytes) -> dict[str, Any]:
    """Return the object that a line of a row file holds, or raise `ResultSchemaError`."""
    try:
        record: Any = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ResultSchemaError(_unparsable(line) or f"not strict JSON: {error}") from error
    if not isinstance(record, dict) or type(record.get("schema_version")) is not int:
        raise ResultSchemaError("schema_version: missing or no integer, so this is not a row")
    return record


def _unparsable(line: str | bytes) -> str | None:
    """Return which field has a value that JSON cannot hold, as far as that can be told."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return _problem(record) if isinstance(record, dict) else None


def _problem(record: dict[str, Any]) -> str | None:
    unknown = sorted(record.keys() - _types())
    if unknown:
        return f"{shortened(unknown[0])}: not a field of schema {SCHEMA_VERSION}"
    return types.first_mismatch(record, _types()) or types.first_out_of_range(
        record, get_type_hints(ResultRow, include_extras=True)
    )


@cache
def _types() -> dict[str, Any]:
    """The types of the fields, resolved from their annotations."""
    return get_type_hints(ResultRow)
