"""`codecmark verify`: one damaged line costs that line."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from codecmark.__main__ import main
from codecmark.errors import InputError, ResultSchemaError
from codecmark.results import salvage, store
from made_rows import row

SPECS = ("pcm16", "flac", "opus@24k", "mp3@64k")


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    store.append(tmp_path, [row(spec) for spec in SPECS])
    return tmp_path / "rows" / "r1.jsonl"


def damage(path: Path, number: int, content: bytes | None = None) -> bytes:
    """Change one byte of a line, or all of it; return the line as it was."""
    lines = path.read_bytes().splitlines(keepends=True)
    was = lines[number - 1]
    lines[number - 1] = was.replace(b'"', b"'", 1) if content is None else content
    path.write_bytes(b"".join(lines))
    return was


def test_whole_rows_are_verified(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(stored.parents[1])]) == 0
    assert "r1: every row is what was written" in capsys.readouterr().out
    assert main(["verify", str(stored.parents[1]), "--run", "r2"]) == 2


def test_lines_without_a_checksum_are_not_said_to_be_whole(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = json.loads(row("pcm16", snr_db=99.0).to_json()) | {"schema_version": 2}
    with stored.open("a") as file:
        file.write(json.dumps(record) + "\n")
    assert main(["verify", str(stored.parents[1])]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "r1: 1 line of schema 1 or 2 without a checksum: nothing says whether" in said


@pytest.mark.parametrize(
    "content", [None, b"\xff\n", b"\n", b"[]\n", b'{"schema_version":3}\n', b"cut\rin two\n"]
)
def test_a_damaged_line_is_named_and_costs_itself(
    stored: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    damage(stored, 3, content)
    damaged = stored.read_bytes()
    results = str(stored.parents[1])
    assert main(["verify", results]) == 1
    assert "r1.jsonl line 3: " in capsys.readouterr().out
    assert stored.read_bytes() == damaged  # it only looks
    with pytest.raises(ResultSchemaError, match=r"line 3: .*codecmark verify DIR --salvage"):
        store.read(stored.parents[1])
    assert main(["verify", results, "--salvage"]) == 0
    assert "1 line moved to" in capsys.readouterr().out
    kept = [found.spec for found in store.read(stored.parents[1])]
    assert kept == [spec for spec in SPECS if spec != "flac"]
    aside = stored.with_name("r1.jsonl.damaged")
    assert aside.read_bytes() == damaged.split(b"\n")[2] + b"\n"
    assert store.run_ids(stored.parents[1]) == ["r1"]
    assert main(["verify", results]) == 0


def test_an_edited_row_is_found(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = stored.read_text()
    stored.write_text(text.replace('"snr_db":15.0', '"snr_db":25.0', 1))
    assert stored.read_text() != text
    assert main(["verify", str(stored.parents[1])]) == 1
    assert "line 2: crc32: the line is not what was written" in capsys.readouterr().out


def test_rows_stay_where_their_versions_are_damaged(stored: Path) -> None:
    before = store.read(stored.parents[1])
    damage(stored, 1)
    removed, _ = salvage.salvage(stored.parents[1], "r1")
    after = store.read(stored.parents[1])
    assert removed == 1
    assert [found.spec for found in after] == list(SPECS)
    assert [found.snr_db for found in after] == [found.snr_db for found in before]
    assert {found.notes["versions"] for found in after} == {"they were on a line that was damaged"}


def test_what_is_put_aside_twice_is_kept_twice(stored: Path) -> None:
    lines = [damage(stored, 4, b"one\n"), salvage.salvage(stored.parents[1], "r1")]
    lines += [damage(stored, 2, b"two\n"), salvage.salvage(stored.parents[1], "r1")]
    assert stored.with_name("r1.jsonl.damaged").read_bytes() == b"one\ntwo\n"
    assert len(store.read(stored.parents[1])) == 2


def test_a_newer_schema_is_no_damage(stored: Path) -> None:
    content = b'{"schema_version":99}'
    line = content[:-1] + b',"crc32":"%08x"}\n' % zlib.crc32(content)
    damage(stored, 3, line)
    before = stored.read_bytes()
    with pytest.raises(ResultSchemaError, match="update codecmark"):
        salvage.salvage(stored.parents[1], "r1")
    assert stored.read_bytes() == before


def test_a_run_that_is_written_to_is_left_alone(stored: Path) -> None:
    damage(stored, 3)
    before = stored.read_bytes()
    with store.locked(stored.parents[1], "r1"), pytest.raises(InputError, match="is writing"):
        salvage.salvage(stored.parents[1], "r1")
    assert stored.read_bytes() == before


@pytest.mark.parametrize("value", ["1e999", "-1e999", "NaN", '"\\ud800"'])
def test_reader_and_writer_refuse_the_same(stored: Path, value: str) -> None:
    line = stored.read_bytes().splitlines()[1]
    content = line[: line.rindex(b',"crc32"')] + b"}"
    content = content.replace(b'"snr_db":15.0', b'"snr_db":' + value.encode())
    damage(stored, 2, content[:-1] + b',"crc32":"%08x"}\n' % zlib.crc32(content))
    with pytest.raises(ResultSchemaError, match="line 2"):
        store.read(stored.parents[1])
