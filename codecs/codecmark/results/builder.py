"""Builds rows: collects values and reasons, then makes one complete, frozen row of them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from codecmark.errors import ResultSchemaError
from codecmark.results.row import IDENTITY, NEEDS_NO_REASON, ResultRow, checked
from codecmark.system.text import shortened, storable

# absent together: the reason of the second is that of the first
_ABSENT_WITH = {
    "lag_samples": "snr_raw_db",
    **{
        f"{phase}_{name}": f"{phase}_s"
        for phase in ("encode", "decode")
        for name in ("rtf", "min_s", "p95_s", "rounds", "first_call_s")
    },
}
_NAMES = frozenset({"run_id", "key", *IDENTITY})  # what finds a row again
_NEVER_ABSENT = frozenset({"schema_version", "versions", "reasons", "notes"})
_FALLBACK = {"ok": "not measured in this run", "failed": "the codec failed"}


class RowBuilder:
    """Collects a row's values, and the reasons of those that are absent.

    Examples
    --------
    >>> builder = RowBuilder(run_id="r1", spec="opus@24k", family="opus", condition="16k-mono")
    >>> row = builder.put(snr_db=12.5).explain("no time was taken", "encode_s").finish()
    >>> row.snr_db, row.reasons["encode_rtf"]
    (12.5, 'no time was taken')
    """

    def __init__(self, *, run_id: str, spec: str, family: str, condition: str) -> None:
        self._values: dict[str, Any] = {
            "run_id": run_id, "spec": spec, "family": family, "condition": condition,
            "status": "ok",
        }  # fmt: skip
        self._reasons: dict[str, str] = {}
        self._notes: dict[str, str] = {}

    def put(self, **values: Any) -> Self:
        """Set fields; None says that a value is absent and leaves its reason to others."""
        for name, value in values.items():
            self._values[name] = value.item() if isinstance(value, np.generic) else value
        return self

    def value(self, name: str) -> Any:
        """Return a field as it was set; None if it was not."""
        return self._values.get(name)

    def explain(self, reason: str, *names: str) -> Self:
        """Give the reason why fields are absent, or what must be said beside their values."""
        self._reasons.update(dict.fromkeys(names, reason))
        return self

    def withhold(self, reason: str, *names: str) -> Self:
        """Remove fields that were set, and give the reason."""
        for name in names:
            self._values.pop(name, None)
        return self.explain(reason, *names)

    def note(self, name: str, text: str) -> Self:
        """Add what a reader must know and no field holds."""
        self._notes[name] = text
        return self

    def fail(self, reason: str) -> Self:
        """Mark the row as failed, with the reason; of several failures the last counts."""
        self._values.update(status="failed", reason=reason)
        return self

    def lack(self, reason: str) -> Self:
        """Mark the codec as unavailable, with what it needs and the remedy."""
        self._values.update(status="unavailable", reason=reason)
        return self

    def finish(self) -> ResultRow:
        """Return the row; absent values without a reason get the one that follows from the others.

        Fields in `NEEDS_NO_REASON` get none; in an unavailable row `reason` is that of all.

        Raises
        ------
        ResultSchemaError
            If a value is not of its field's type, or a reason names no field: says which.
        """
        status = self._values["status"]
        reasons = dict(self._reasons)
        if unknown := sorted(reasons.keys() - set(ResultRow.__struct_fields__)):
            raise ResultSchemaError(f"{unknown[0]}: has a reason and is not a field of the row")
        if status != "unavailable":
            for name in ResultRow.__struct_fields__:
                if self._is_unexplained(name):
                    reasons[name] = self._reasons.get(_ABSENT_WITH.get(name, ""), _FALLBACK[status])
        record = {**self._values, "reasons": reasons, "notes": dict(self._notes)}
        record = {
            # a message, or what a codec says of itself, can be of any length
            name: _storable(value if name in _NAMES else _shortened(value))
            for name, value in record.items()
        }
        return ResultRow(**checked(record))

    def _is_unexplained(self, name: str) -> bool:
        return (
            name not in _NEVER_ABSENT
            and name not in NEEDS_NO_REASON
            and name not in self._reasons
            and self._values.get(name) is None
        )


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {_shortened(name): _shortened(text) for name, text in value.items()}
    return shortened(value) if isinstance(value, str) else value


def _storable(value: Any) -> Any:
    """Escape what no file can hold in a text, or in the texts of a table."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {_storable(name): _storable(text) for name, text in value.items()}
    return value
