"""Runs as Parquet."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

import committed as committed_run
from codecmark import ResultSchemaError
from codecmark.__main__ import main
from codecmark.results import parquet, salvage, store
from made_rows import FAILED, failing, row, unavailable


def test_a_compacted_run_reads_as_its_lines_and_can_go_on(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    committed = committed_run.rows()[:200]
    rows = [
        replace(original, run_id="r1", versions={**original.versions, "x": str(index // 90)})
        for index, original in enumerate(committed)
    ]
    store.append(tmp_path, rows)
    store.append(tmp_path, [replace(rows[7], snr_db=-1.0), replace(rows[3], weights="random")])
    before = store.read(tmp_path)
    assert store.compact(tmp_path, "r1") == len(before)
    names = {path.name for path in (tmp_path / "rows").glob("r1.*")}
    assert names == {"r1.parquet", "r1.parquet.sha256"}
    assert store.run_ids(tmp_path) == ["r1"]
    assert store.read(tmp_path) == before
    later = replace(rows[9], snr_db=-2.0)
    store.append(tmp_path, [later])
    grown = store.read(tmp_path)
    assert grown[-1].snr_db == -2.0
    assert len(grown) == len(before)
    assert store.compact(tmp_path, "r1") == len(grown)
    assert store.read(tmp_path) == grown


def test_a_damaged_line_is_not_compacted_away(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    store.append(tmp_path, [row()])
    path = tmp_path / "rows" / "r1.jsonl"
    path.write_text(path.read_text().replace("15.0", '"loud"'))
    with pytest.raises(ResultSchemaError, match=r"r1\.jsonl"):
        store.compact(tmp_path, "r1")
    assert path.is_file()
    assert not path.with_suffix(".parquet").exists()


def test_a_parquet_run_has_the_tables_of_its_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("duckdb")
    # of a run that is summed up, no interval of differences in pairs is known: DistillMOS is silent
    silent = {"distillmos": None, "distillmos_reference": None}
    committed = [replace(r, run_id="r1", **silent) for r in committed_run.rows()]
    late = [
        replace(r, spec="late", lag_samples=lag)
        for r, lag in zip(committed[:3], (5, -3, 0), strict=True)
    ]
    broken = [replace(late[0], spec="broken", **FAILED)]
    rows = [*committed, *late, *broken, replace(unavailable(), spec="gone@6k")]
    store.append(tmp_path, rows)
    assert main(["leaderboard", str(tmp_path), "--markdown"]) == 0
    lines = capsys.readouterr().out
    assert main(["compact", str(tmp_path)]) == 0
    assert f"{len(rows)} rows in" in capsys.readouterr().out
    assert main(["leaderboard", str(tmp_path), "--markdown"]) == 0
    page = capsys.readouterr().out
    # curves and ranks compare clip by clip, which sums do not hold
    by_clip = ("At which rate", "How many bits", "Which differences")
    contents = "".join(
        line for line in lines.splitlines(keepends=True) if not line.startswith(tuple(
            f"- [{question}" for question in by_clip
        ))
    )  # fmt: skip
    intro, *parts = contents.split("\n## ")
    kept = [part for part in parts if not part.startswith(by_clip)]
    assert len(kept) == len(parts) - len(by_clip)
    assert page == "\n## ".join([intro, *kept])


def test_many_failures_of_a_parquet_run_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("duckdb")
    store.append(tmp_path, [row(), *(failing("opus@6k", clip) for clip in "abc")])
    store.compact(tmp_path, "r1")
    assert main(["leaderboard", str(tmp_path), "--markdown"]) == 0
    assert "opus@6k on 3 clips: failed: encode: broke" in capsys.readouterr().out


def test_a_flipped_bit_in_parquet_is_named(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    store.append(tmp_path, [row(), row("flac")])
    store.compact(tmp_path, "r1")
    path = tmp_path / "rows" / "r1.parquet"
    whole = path.read_bytes()
    for index in (4, len(whole) // 2, len(whole) - 1):
        damaged = bytearray(whole)
        damaged[index] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(ResultSchemaError, match=r"r1\.parquet: its SHA-256 .* restore it"):
            store.read(tmp_path)
    path.write_bytes(whole)
    assert len(store.read(tmp_path)) == 2


def test_an_interruption_of_compacting_leaves_a_file_that_is_read(tmp_path: Path) -> None:
    """Between the two digests and the new file, and between it and the one digest."""
    pytest.importorskip("duckdb")
    store.append(tmp_path, [row()])
    store.compact(tmp_path, "r1")
    path = tmp_path / "rows" / "r1.parquet"
    digests = path.with_suffix(".parquet.sha256")
    old, old_digest = path.read_bytes(), digests.read_text()
    store.append(tmp_path, [row("flac")])
    store.compact(tmp_path, "r1")
    new, new_digest = path.read_bytes(), digests.read_text()
    digests.write_text(old_digest + new_digest)
    for content, count in ((old, 1), (new, 2)):
        path.write_bytes(content)
        assert len(store.read(tmp_path)) == count


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("snr_db", "'NaN'::DOUBLE", "snr_db: nan is not a finite number"),
        ("payload_bytes", "true", "payload_bytes"),
        ("status", "'maybe'", "status"),
        ("spec", "NULL", "spec"),
        ("schema_version", "NULL", "schema_version: missing"),
        ("reasons", "'{'", "not strict JSON"),
        ("notes", "'[1]'", "is no table"),
    ],
)
def test_what_is_no_row_in_parquet_is_named(
    tmp_path: Path, column: str, value: str, problem: str
) -> None:
    duckdb = pytest.importorskip("duckdb")
    store.append(tmp_path, [row(), row("flac")])
    store.compact(tmp_path, "r1")
    path = tmp_path / "rows" / "r1.parquet"
    was = f"{column}::VARCHAR" if column in parquet.TEXTS else column
    changed = f"CASE WHEN spec = 'flac' THEN {value} ELSE {was} END AS {column}"
    if column == "payload_bytes":
        changed = f"{value} AS {column}"
    duckdb.sql(
        f"COPY (SELECT * REPLACE ({changed}) FROM read_parquet('{path}')) "  # noqa: S608
        f"TO '{path}.new' (FORMAT parquet)"
    )
    path.with_name("r1.parquet.new").replace(path)
    parquet.write_digest(path)
    with pytest.raises(ResultSchemaError, match=rf"r1\.parquet row \d: .*{problem}"):
        store.read(tmp_path)
    assert [found.problem for found in salvage.damages(tmp_path, "r1")]


def test_a_parquet_file_without_a_digest_is_not_said_to_be_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("duckdb")
    store.append(tmp_path, [row()])
    store.compact(tmp_path, "r1")
    digest = tmp_path / "rows" / "r1.parquet.sha256"
    whole = digest.read_bytes()
    for content in (None, b"\xff\xfe"):
        digest.unlink() if content is None else digest.write_bytes(content)
        assert main(["verify", str(tmp_path)]) == 1
        assert "r1.parquet: " in " ".join(capsys.readouterr().out.split())
    digest.write_bytes(whole)
    assert main(["verify", str(tmp_path)]) == 0
