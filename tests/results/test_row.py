"""The row: strict JSON, types, what is documented."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import fields

from codecmark import ResultSchemaError
from codecmark.results.row import NEEDS_NO_REASON, SCHEMA_VERSION, ResultRow
from made_rows import row
from places import COMMITTED


def test_a_row_survives_json() -> None:
    original = row(reasons={"estoi": "ESTOI: too short"}, versions={"numpy": "2"})
    assert ResultRow.from_json(original.to_json()) == original


def test_rows_are_strict_json() -> None:
    for value in (float("inf"), float("nan")):
        with pytest.raises(ResultSchemaError, match=r"snr_db: (inf|nan) is not a finite number"):
            row(snr_db=value).to_json()
    with pytest.raises(ResultSchemaError, match=r"clip: .* is not text"):
        row(clip="\udcff.wav").to_json()
    line = row().to_json().replace("15.0", "NaN")
    with pytest.raises(ResultSchemaError, match="snr_db: nan is not a finite number"):
        ResultRow.from_json(line)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": SCHEMA_VERSION + 1}, "update codecmark"),
        ({"schema_version": None}, "schema_version: missing"),
        ({"mystery": 1}, "'mystery': not a field"),
    ],
)
def test_unreadable_rows(change: dict[str, object], message: str) -> None:
    record = {**json.loads(row().to_json()), **change}
    with pytest.raises(ResultSchemaError, match=message):
        ResultRow.from_json(json.dumps(record))
    with pytest.raises(ResultSchemaError):
        ResultRow.from_json('{"schema_version": 1}')
    with pytest.raises(ResultSchemaError):
        ResultRow.from_json("not json")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("snr_db", '"abc"', "snr_db: 'abc' is not a finite number"),
        ("snr_db", "1e999", "snr_db: inf is not a finite number"),
        ("snr_db", "true", "snr_db: True is not a finite number"),
        ("stream_bytes", "1.5", "stream_bytes: 1.5 is not an integer"),
        ("stream_bytes", "1" + "0" * 400, "is not an integer of at most 64 bits"),
        ("clip_s", "1" + "0" * 400, "is not a finite number"),
        ("schema_version", "true", "schema_version: missing or no integer"),
        ("spec", "null", "spec: None is not text"),
        ("source", "5", "source: 5 is not text"),
        ("clip", '"\\ud800"', "is not text"),
        ("status", '"great"', "status: 'great' is not one of ok, failed, unavailable"),
        ("status", "[]", r"status: \[\] is not one of"),
        ("clip_class", '"podcast"', "clip_class: 'podcast' is not one of speech, music"),
        ("reasons", '{"snr_db": 1}', "reasons: .* is not an object of texts"),
        ("versions", "null", "versions: None is not an object"),
        ("snr_db", "[" * 100_000, "not strict JSON"),
        ("weights", '"guessed"', "weights: 'guessed' is not one of none, published, trained"),
        ("notes", '["a"]', "notes: .* is not an object of texts"),
        ("passes", "2.0", "passes: 2.0 is not an integer"),
    ],
)
def test_a_value_of_another_type_is_named(name: str, value: str, message: str) -> None:
    record = {**json.loads(row().to_json()), name: "HERE"}
    with pytest.raises(ResultSchemaError, match=message):
        ResultRow.from_json(json.dumps(record).replace('"HERE"', value))


def test_whole_numbers_and_absent_values_are_figures_too() -> None:
    line = row(estoi=None).to_json().replace("15.0", "15")
    assert ResultRow.from_json(line).snr_db == 15


def test_rows_do_not_change() -> None:
    with pytest.raises(AttributeError):
        row().snr_db = 1.0  # type: ignore[misc]


def test_values_that_need_no_reason_are_documented() -> None:
    text = (COMMITTED / "README.md").read_text()
    paragraph = text.partition("without a reason")[2].partition("\n\n")[0]
    assert all(f"`{name}`" in paragraph for name in NEEDS_NO_REASON)


def test_every_field_is_documented() -> None:
    text = (COMMITTED / "README.md").read_text()
    missing = [f.name for f in fields(ResultRow) if f"`{f.name}`" not in text]
    assert not missing
