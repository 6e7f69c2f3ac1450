"""Lines of a row file: whatever is changed in one of them is noticed and named."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path

import pytest

from codecmark import ResultSchemaError
from codecmark.results import salvage, store
from codecmark.results.lines import sealed, unsealed
from made_rows import row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    store.append(tmp_path, [row(versions={"numpy": "2"}), row("flac", snr_db=None)])
    return tmp_path / "rows" / "r1.jsonl"


def test_the_checksum_is_that_of_the_line_without_it() -> None:
    line = sealed('{"a":1}')
    assert line == b'{"a":1,"crc32":"%08x"}\n' % zlib.crc32(b'{"a":1}')
    assert json.loads(line)["a"] == 1
    assert unsealed(line) == (b'{"a":1}', True)
    assert unsealed(b'{"a": 1}\n') == (b'{"a": 1}', False)


def test_any_flipped_bit_is_an_error_that_names_file_line_and_remedy(path: Path) -> None:
    whole = path.read_bytes()
    for index in range(len(whole)):
        damaged = bytearray(whole)
        damaged[index] ^= 1 << (index % 8)
        path.write_bytes(damaged)
        with pytest.raises(ResultSchemaError, match=r"r1\.jsonl line \d+: .*; restore the file"):
            store.read(path.parents[1])


def test_a_figure_that_was_edited_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"snr_db":15.0', b'"snr_db":16.0'))
    with pytest.raises(ResultSchemaError, match="line 2: crc32: the line is not what was written"):
        store.read(path.parents[1])


def test_a_checksum_cannot_be_left_out(path: Path) -> None:
    path.write_bytes(re.sub(rb',"crc32":"\w+"', b"", path.read_bytes()))
    with pytest.raises(ResultSchemaError, match="line 1: crc32: not at the end of the line"):
        store.read(path.parents[1])


def test_a_line_that_is_cut_off_anywhere_costs_itself_only(path: Path) -> None:
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for end in range(last, len(whole) - 1):
        path.write_bytes(whole[:end])
        assert [found.spec for found in store.read(path.parents[1])] == ["opus@24k"]
        store.append(path.parents[1], [row("flac", snr_db=None)])
        assert [found.spec for found in store.read(path.parents[1])] == ["opus@24k", "flac"]


def test_a_whole_last_line_counts_without_its_end(path: Path) -> None:
    results, whole = path.parents[1], path.read_bytes()
    path.write_bytes(whole.removesuffix(b"\n"))
    assert [found.spec for found in store.read(results)] == ["opus@24k", "flac"]
    assert salvage.damages(results, "r1") == []
    store.append(results, [row("pcm16")])
    assert [found.spec for found in store.read(results)] == ["opus@24k", "flac", "pcm16"]


def test_an_old_last_line_counts_without_its_end(path: Path) -> None:
    record = json.loads(row("mp3@32k").to_json()) | {"schema_version": 2}
    path.write_text(json.dumps(record))
    assert [found.spec for found in store.read(path.parents[1])] == ["mp3@32k"]


@pytest.mark.parametrize("change", ["end", "figure"])
def test_a_damaged_last_line_is_never_cut_off(path: Path, change: str) -> None:
    results, whole = path.parents[1], path.read_bytes()
    damaged = whole[:-1] + b"x"
    if change == "figure":
        damaged = whole[:-1].replace(b'"spec":"flac"', b'"spec":"flab"')
    path.write_bytes(damaged)
    assert len(salvage.damages(results, "r1")) == 1
    for write in (
        lambda: store.append(results, [row("pcm16")]),
        lambda: store.compact(results, "r1"),
    ):
        with pytest.raises(ResultSchemaError, match=r"(last line|line 4): .*--salvage"):
            write()
        assert path.read_bytes() == damaged
    assert salvage.salvage(results, "r1")[0] == 1
    assert [found.spec for found in store.read(results)] == ["opus@24k"]


@pytest.mark.parametrize("name", ['["a"]', '{"a":1}', "null", "5"])
def test_a_table_of_versions_without_a_name_is_refused(path: Path, name: str) -> None:
    path.write_text(f'{{"schema_version":1,"versions_id":{name},"versions":{{}}}}\n')
    with pytest.raises(ResultSchemaError, match="line 1: versions_id: must be a text"):
        store.read(path.parents[1])


def test_files_are_joined_by_cat(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    store.append(other, [row("mp3@32k", versions={"numpy": "3"})])
    joined = path.read_bytes() + (other / "rows" / "r1.jsonl").read_bytes()
    path.write_bytes(joined.replace(b"\n", b"\r\n"))  # nor does it matter who ended its lines how
    rows = store.read(path.parents[1])
    assert [(found.spec, found.versions.get("numpy")) for found in rows] == [
        ("opus@24k", "2"), ("flac", None), ("mp3@32k", "3"),
    ]  # fmt: skip
