"""The row: one flat record for each codec, clip and condition; see `results/README.md`.

A value that was not measured is None, and `reasons` says why under the field's name. Infinite,
failed, unavailable and not applicable are reasons, never numbers.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from codecmark.errors import ResultSchemaError

SCHEMA_VERSION = 1
Status = Literal["ok", "failed", "unavailable"]


@dataclass(kw_only=True)
class ResultRow:
    """See `results/README.md` for every field's meaning and unit."""

    schema_version: int = SCHEMA_VERSION
    run_id: str
    spec: str
    family: str
    weights: str | None = None
    weights_sha256: str | None = None
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
    parameters: int | None = None
    algorithmic_delay_ms: float | None = None
    device: str | None = None
    threads: int | None = None
    backend: str | None = None
    host: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return one line of strict JSON (no NaN, no Infinity)."""
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> ResultRow:
        """Parse one line.

        Raises
        ------
        ResultSchemaError
            If it is not a row, or of a newer schema.
        """
        try:
            record: Any = json.loads(line, parse_constant=_refuse_constant)
        except ValueError as error:
            raise ResultSchemaError(f"not a row of strict JSON: {error}") from error
        if not isinstance(record, dict) or not isinstance(record.get("schema_version"), int):
            raise ResultSchemaError("schema_version: missing, so this is not a row")
        version = record["schema_version"]
        if version > SCHEMA_VERSION:
            raise ResultSchemaError(
                f"schema_version: the row has {version}, this codecmark reads up to "
                f"{SCHEMA_VERSION}; update codecmark"
            )
        known = {f.name for f in fields(cls)}
        if unknown := sorted(record.keys() - known):
            raise ResultSchemaError(f"{unknown[0]}: not a field of schema {version}")
        try:
            return cls(**record)
        except TypeError as error:
            raise ResultSchemaError(f"incomplete row: {error}") from error


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not strict JSON")
