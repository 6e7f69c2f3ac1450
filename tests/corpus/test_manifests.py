"""Manifests: CSV, NeMo and lhotse, as they should be and as they should not."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_on_disk import memory_below, put
from codecmark import InputError, corpus
from codecmark.corpus import CorpusClip, manifest_text
from codecmark.corpus.audio_files import read_audio
from codecmark.corpus.entry import distinct


def test_csv_manifest(tmp_path: Path) -> None:
    put(tmp_path / "a.wav")
    manifest = tmp_path / "list.csv"
    manifest.write_text("path,class,source\na.wav,speech,anna\n")
    (clip,) = corpus.load(manifest)
    assert (clip.source, clip.clip_class, clip.read().n_samples) == ("anna", "speech", 800)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,class\na.wav,speech\n", "line 1: needs a column 'name' .* it has 'file', 'class'"),
        ("name\n", "lists no clips"),
        ("name,class\n,speech\n", "line 2: column 'name' is empty"),
        ("name,class\na.wav,noise\n", "line 2: class: a.wav has 'noise'; use one of speech, music"),
        ("name\n\na.wav\nb,c.wav\n", "line 4: has more cells than line 1 has columns .* quotes"),
        ("name,sha256\na.wav,123\n", "line 2: sha256: a.wav has '123'; it must be 64 hex"),
        ("name\na.wav\na.wav\n", "listed more than once"),
    ],
)
def test_bad_csv_manifests(tmp_path: Path, text: str, message: str) -> None:
    manifest = tmp_path / "list.csv"
    manifest.write_text(text)
    with pytest.raises(InputError, match=message):
        corpus.load(manifest)


def test_csv_from_a_spreadsheet(tmp_path: Path) -> None:
    put(tmp_path / "a.wav")
    manifest = tmp_path / "list.csv"
    manifest.write_bytes("name,class\r\na.wav,speech\r\n".encode("utf-8-sig"))
    (clip,) = corpus.load(manifest)
    assert (clip.name, clip.clip_class) == ("a.wav", "speech")


@pytest.mark.parametrize(
    "content",
    ["name\nmüller.wav\n".encode("latin-1"), b"name\n" + b"a" * 200_000, "name".encode("utf-16")],
)
def test_csv_that_is_not_utf8_or_not_a_table(tmp_path: Path, content: bytes) -> None:
    manifest = tmp_path / "list.csv"
    manifest.write_bytes(content)
    with pytest.raises(InputError, match="not a CSV manifest in UTF-8"):
        corpus.load(manifest)


def test_nemo_manifest_with_offsets(tmp_path: Path) -> None:
    put(tmp_path / "a.wav", seconds=1.0)
    manifest = tmp_path / "nemo.json"
    entries = [{"audio_filepath": "a.wav", "offset": 0.25, "duration": 0.5, "text": "x"}]
    manifest.write_text("\n".join(map(json.dumps, entries)))
    (clip,) = corpus.load(manifest)
    assert clip.read().n_samples == 8_000
    assert clip.clip_class == "speech"


@pytest.mark.parametrize("field", ["offset", "duration"])
@pytest.mark.parametrize(
    "value", ["-1", '"1"', '"x"', "[1]", "{}", "true", "NaN", "Infinity", "-Infinity", "9" * 400]
)
def test_nemo_offsets_that_are_no_seconds(tmp_path: Path, field: str, value: str) -> None:
    put(tmp_path / "a.wav")
    manifest = tmp_path / "nemo.json"
    manifest.write_text(f'{{"audio_filepath": "a.wav", "{field}": {value}}}')
    with pytest.raises(InputError, match=f"entry 1: {field}: must be a number of seconds"):
        corpus.load(manifest)


def test_nemo_duration_of_nothing(tmp_path: Path) -> None:
    manifest = tmp_path / "nemo.json"
    manifest.write_text('{"audio_filepath": "a.wav", "duration": 0}')
    with pytest.raises(InputError, match=r"a\.wav: duration 0 s"):
        corpus.load(manifest)


def test_nemo_segments_close_to_each_other_late_in_a_file(tmp_path: Path) -> None:
    manifest = tmp_path / "nemo.json"
    entries = [{"audio_filepath": "a.wav", "offset": at} for at in (3, 36010.41, 36010.44)]
    manifest.write_text("\n".join(map(json.dumps, entries)))
    names = [clip.name for clip in corpus.load(manifest)]
    assert names == ["a.wav@3s", "a.wav@36010.41s", "a.wav@36010.44s"]


def test_nemo_text_with_a_line_separator(tmp_path: Path) -> None:
    manifest = tmp_path / "nemo.json"
    entry = json.dumps({"audio_filepath": "a.wav", "text": "a\u2028b\x85c"}, ensure_ascii=False)
    manifest.write_bytes(f"{entry}\r\n\r\n".encode("utf-8-sig"))
    assert [clip.name for clip in corpus.load(manifest)] == ["a.wav"]


def test_a_long_manifest_is_read_in_linear_time(tmp_path: Path) -> None:
    compared = 0

    class Name(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other) is True

    clips = [CorpusClip(Name(number), tmp_path, "a", "speech") for number in range(2_000)]
    distinct(clips, tmp_path)
    assert compared < 10 * len(clips)
    with pytest.raises(InputError, match="'7' is listed more than once"):
        distinct([*clips, clips[7]], tmp_path)


def test_lhotse_manifest_compressed(tmp_path: Path) -> None:
    put(tmp_path / "a.wav")
    recording = {"id": "rec-1", "sampling_rate": 16_000, "num_samples": 800,
                 "sources": [{"type": "file", "channels": [0], "source": "a.wav"}]}  # fmt: skip
    manifest = tmp_path / "recordings.jsonl.gz"
    manifest.write_bytes(gzip.compress(json.dumps(recording).encode()))
    (clip,) = corpus.load(manifest)
    assert (clip.name, clip.read().n_samples) == ("rec-1", 800)


def lhotse_cut(**changes: Any) -> dict[str, Any]:
    recording = {"id": "rec-1", "sampling_rate": 16_000, "num_samples": 16_000, "duration": 1.0,
                 "sources": [{"type": "file", "channels": [0], "source": "a.wav"}]}  # fmt: skip
    return {"id": "cut-1", "start": 0.25, "duration": 0.5, "channel": 0, "type": "MonoCut",
            "supervisions": [{"id": "s", "speaker": "anna"}], "recording": recording,
            **changes}  # fmt: skip


def test_lhotse_cuts(tmp_path: Path) -> None:
    path = put(tmp_path / "a.wav", seconds=1.0)
    manifest = tmp_path / "cuts.jsonl"
    other = lhotse_cut(id="cut-2", start=0.75, duration=0.25, supervisions=[])
    manifest.write_text("\n".join(map(json.dumps, [lhotse_cut(), other])))
    first, second = corpus.load(manifest)
    assert (first.name, first.source, first.clip_class) == ("cut-1", "anna", "speech")
    assert (second.name, second.source) == ("cut-2", "rec-1")
    whole = read_audio(path).samples
    assert np.array_equal(first.read().samples, whole[:, 4_000:12_000])
    assert np.array_equal(second.read().samples, whole[:, 12_000:])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recording": None}, "entry 1: recording: must be a table of keys and values, not None"),
        ({"recording": "a.wav"}, "recording: must be a table of keys and values, not 'a.wav'"),
        ({"supervisions": ["x"]}, r"supervisions\[1\]: must be a table of keys and values"),
        ({"recording": {"id": "r", "sources": []}}, "recording.sources: must be a list with one"),
        ({"recording": {"id": "r", "sources": [{"type": "url", "source": "x"}]}},
         r"sources\[1\].type: 'url'; only 'file' is read"),
        ({"recording": {"id": "r", "sources": [{"type": "file"}]}},
         r"recording.sources\[1\].source: is missing; it is the path of a file"),
        ({"class": "noise"}, "entry 1: class: cut-1 has 'noise'; use one of speech, music"),
        ({"start": -1}, "start: must be a number of seconds from 0 on, not -1"),
        ({"duration": "1"}, "duration: must be a number of seconds from 0 on, not '1'"),
        ({"recording": lhotse_cut()["recording"] | {"transforms": [{"name": "Speed"}]}},
         "cut-1 is to be transformed"),
        ({"recording": {"id": "r", "sources": [{"type": "file", "channels": [0, 1],
                                               "source": "a.wav"}]}},
         "cut-1 takes one channel of several"),
    ],
)  # fmt: skip
def test_lhotse_cuts_that_cannot_be_read(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    manifest = tmp_path / "cuts.jsonl"
    manifest.write_text(json.dumps(lhotse_cut(**changes)))
    with pytest.raises(InputError, match=message):
        corpus.load(manifest)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"id": "x"}, "is neither a NeMo entry .* nor a lhotse recording .* it has id"),
        ({}, "is neither a NeMo entry .* it has no fields"),
        ({"audio_filepath": 3}, "audio_filepath: must be the path of a file, not 3"),
        ({"audio_filepath": ""}, "audio_filepath: must be the path of a file, not ''"),
        ({"audio_filepath": "a.wav", "speaker": [1]}, "speaker: must be text or a whole number"),
        ({"audio_filepath": "a.wav", "class": 2}, "class: must be text, not 2"),
        ({"audio_filepath": "a.wav", "class": "hum"}, "class: a.wav has 'hum'; use one of"),
    ],
)
def test_entries_that_are_none_are_named_by_number(
    tmp_path: Path, entry: dict[str, Any], message: str
) -> None:
    manifest = tmp_path / "m.json"
    manifest.write_text(json.dumps([{"audio_filepath": "b.wav"}, entry]))
    with pytest.raises(InputError, match=rf"m\.json entry 2: {message}"):
        corpus.load(manifest)


def test_a_speaker_may_be_a_number(tmp_path: Path) -> None:
    manifest = tmp_path / "m.json"
    manifest.write_text('{"audio_filepath": "a.wav", "speaker": 84, "lang": "en", "text": null}')
    (clip,) = corpus.load(manifest)
    assert (clip.source, clip.clip_class) == ("84", "speech")


@pytest.mark.parametrize("depth", [900, 980, 990, 1_000, 100_000])
def test_deeply_nested_json(tmp_path: Path, depth: int) -> None:
    manifest = tmp_path / "m.jsonl"
    manifest.write_text('{"id": ' + "[" * depth + "]" * depth + "}")
    with pytest.raises(InputError):
        corpus.load(manifest)


def test_damaged_gzip(tmp_path: Path) -> None:
    manifest = tmp_path / "m.jsonl.gz"
    whole = gzip.compress(b'{"audio_filepath": "a.wav"}')
    manifest.write_bytes(whole)
    expected = corpus.load(manifest)
    unheeded = range(4, 10)  # the time and system of writing, which say nothing about the data
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        manifest.write_bytes(damaged)
        if position in unheeded:
            assert corpus.load(manifest) == expected
        else:
            with pytest.raises(InputError, match=r"m\.jsonl\.gz: not a JSON manifest"):
                corpus.load(manifest)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"{", b"[1]", b"\xff\xfe", b'{"id": ' + b"9" * 5_000 + b"}"]
)
def test_bad_json_manifests(tmp_path: Path, content: bytes) -> None:
    manifest = tmp_path / "m.jsonl"
    manifest.write_bytes(content)
    with pytest.raises(InputError):
        corpus.load(manifest)


@pytest.mark.parametrize("name", ["m.jsonl.gz", "m.jsonl", "clips.csv"])
def test_a_manifest_that_unpacks_to_far_more_is_refused(tmp_path: Path, name: str) -> None:
    manifest = tmp_path / name
    packed = gzip.compress(b"{}\n" * (manifest_text.LARGEST_BYTES // 3 + 1), 1)
    manifest.write_bytes(packed if name.endswith("gz") else gzip.decompress(packed))
    with (
        memory_below(3 * manifest_text.LARGEST_BYTES),
        pytest.raises(InputError, match=rf"{name}: more than 64 MiB of text; split it"),
    ):
        corpus.load(manifest)


def test_a_manifest_of_many_entries_ends_at_the_first_that_is_none(tmp_path: Path) -> None:
    manifest = tmp_path / "m.jsonl"
    manifest.write_bytes(b"{}\n" * 3_000_000)
    with memory_below(100_000_000), pytest.raises(InputError, match="entry 1: is neither a NeMo"):
        corpus.load(manifest)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of POSIX systems")
def test_a_pipe_with_a_digest_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    clip = CorpusClip("pipe", tmp_path / "pipe.wav", "s", "speech", sha256="0" * 64)
    with pytest.raises(InputError, match="is no file that can be read"):
        clip.read()
