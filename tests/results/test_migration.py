"""Files of schema 1 and 2: read as they are, and brought to this schema without a loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict

from codecmark import InputError, ResultSchemaError
from codecmark.__main__ import main
from codecmark.results import migration, store
from codecmark.results.row import AXES, SCHEMA_VERSION
from made_rows import row, unavailable

NEW = {"stream_sha256", "decoded_sha256", "notes", "encode_min_s", "encode_p95_s", "mos", *AXES}


def record(schema: int, **changes: object) -> dict[str, Any]:
    """Return a row as an earlier version wrote it."""
    made = json.loads(row(**changes).to_json())  # type: ignore[arg-type]
    old = {name: value for name, value in made.items() if name not in NEW}
    if schema == 1:
        old = {name: v for name, v in old.items() if name not in ("key", "weight_sets", "row_s")}
    return {**old, "schema_version": schema}


def write(results: Path, *records: dict[str, Any], torn: str = "") -> Path:
    path = results / store.ROWS / "r1.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in records) + torn)
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file that three versions wrote, and whose last line was cut off."""
    heading = {"schema_version": 2, "versions_id": "v", "versions": {"numpy": "2"}}
    missing = {**record(2), **json.loads(unavailable().to_json()), "schema_version": 2}
    path = write(
        tmp_path,
        record(1, versions={"numpy": "1"}, reasons={"estoi": "too short"}),
        heading,
        {**record(2, clip="b", snr_db=-3.25), "versions": "v"},
        {**record(2, clip="b", snr_db=1e-7), "versions": "v"},
        {name: value for name, value in missing.items() if name not in NEW},
    )
    store.append(tmp_path, [row("flac", loss_percent=3.0)])
    with path.open("a") as file:
        file.write('{"schema_version": 3, "run_')
    return tmp_path


def test_earlier_schemas_are_read_with_reasons_for_what_they_lacked(old: Path) -> None:
    first, second, third, lacking, newest = store.rows_of(old, "r1")
    assert first.reasons["estoi"] == "too short"
    assert first.reasons["stream_sha256"] == "schema 1 did not have it"
    assert second.reasons["decode_p95_s"] == "schema 2 did not have it"
    assert lacking.reasons == newest.reasons == {}
    assert [r.versions.get("numpy") for r in (first, second, third)] == ["1", "2", "2"]
    assert {r.schema_version for r in (first, second, newest)} == {SCHEMA_VERSION}


def test_a_migrated_file_has_the_same_rows(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = old / store.ROWS / "r1.jsonl"
    given = [json.loads(line) for line in path.read_text().splitlines()[:-1]]
    before = list(store.rows_of(old, "r1"))
    assert main(["migrate", str(old)]) == 0
    assert "r1.jsonl: 5 rows, from schema 1 and 2 to 3" in capsys.readouterr().out
    assert list(store.rows_of(old, "r1")) == before
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert all(line["schema_version"] == SCHEMA_VERSION and line["crc32"] for line in lines)
    rows = [line for line in given if "versions_id" not in line]
    for mine, theirs in zip(before, rows, strict=True):  # nothing that was there is lost
        ours = asdict(mine)
        kept = theirs.keys() - {"schema_version", "versions", "reasons", "crc32"}
        assert {name: ours[name] for name in kept} == {name: theirs[name] for name in kept}
        assert theirs["reasons"].items() <= ours["reasons"].items()
    content = path.read_bytes()
    assert main(["migrate", str(old)]) == 0
    assert "5 rows, already as this version writes it" in capsys.readouterr().out
    assert path.read_bytes() == content
    assert not list(path.parent.glob("*.part"))


def test_a_damaged_file_stays_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, record(2), {**record(2), "snr_db": "loud"})
    content = path.read_bytes()
    with pytest.raises(ResultSchemaError, match=r"r1\.jsonl line 2: snr_db: 'loud' is not"):
        list(migration.migrate(tmp_path))
    assert path.read_bytes() == content


def test_a_run_that_is_being_written_is_not_migrated(old: Path) -> None:
    with (
        store.writing(old, "r1"),
        pytest.raises(InputError, match="another run is writing to it"),
    ):
        list(migration.migrate(old))


def test_nothing_to_migrate_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", str(tmp_path)]) == 2
    assert "no rows below" in capsys.readouterr().err


def test_parquet_of_an_earlier_schema_is_migrated(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    duckdb = pytest.importorskip("duckdb")
    store.compact(old, "r1")
    path = old / store.ROWS / "r1.parquet"
    before = store.read(old)
    assert before[0].reasons["stream_sha256"] == "schema 1 did not have it"
    older = old / "older.parquet"
    duckdb.execute(
        f"COPY (SELECT * EXCLUDE ({', '.join(NEW)}) FROM '{path}' WHERE schema_version < 3) "  # noqa: S608
        f"TO '{older}'"
    )
    older.replace(path)
    path.with_suffix(".parquet.sha256").unlink()
    assert store.read(old) == before[:-1]
    assert main(["migrate", str(old)]) == 0
    assert "r1.parquet: 3 rows, from schema 1 and 2 to 3" in capsys.readouterr().out
    assert store.read(old) == before[:-1]
    assert path.with_suffix(".parquet.sha256").is_file()
    assert main(["migrate", str(old)]) == 0
    assert "3 rows, already as this version writes it" in capsys.readouterr().out
    assert not list(path.parent.glob("*.part"))
    path.with_suffix(".parquet.sha256").unlink()
    assert main(["migrate", str(old)]) == 0
    assert "3 rows, its digest was put beside it" in capsys.readouterr().out
