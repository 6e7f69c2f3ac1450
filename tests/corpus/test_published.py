"""Sets of published audio: their tables, where the files are, and how they are fetched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from codecmark import InputError, UnavailableError, corpus
from codecmark.__main__ import main
from codecmark.corpus import published
from codecmark.corpus.published import Library, Manifest
from codecmark.corpus.published.manifest import DECODED, ORIGINALS, SETS
from codecmark.errors import DamagedAudioError
from codecmark.spec import Spec
from entries import noise, tone
from published_sets import COMMIT, REPOSITORY, library
from served import served

CODEC = "dac:16khz@6k"


@pytest.fixture
def demo(tmp_path: Path) -> Library:
    return library(tmp_path, tone(1.0), {CODEC: noise(16_000)})


@pytest.fixture
def source(demo: Library) -> Iterator[str]:
    """The address of a server that has the files of `demo` by their paths in the repository."""
    root = demo.folders[0] / "served"
    for file in demo.manifest.files_of("demo"):
        target = root / REPOSITORY / COMMIT / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(demo.path(file), target)
    with served(root) as template:
        yield template


def test_the_built_in_tables_hold_what_was_collected() -> None:
    manifest = published.built_in()
    decoded = [file for file in manifest.decoded.values() if file.set != "mushra-2024"]
    assert (len(manifest.sets), len(manifest.originals), len(decoded)) == (16, 96, 274)
    assert len(manifest.decoded) - len(decoded) == 16 * 9
    classes = [manifest.original_of(file).clip_class for file in decoded]
    assert {name: classes.count(name) for name in set(classes)} == {
        "speech": 242, "music": 16, "ambient": 16,
    }  # fmt: skip
    assert len({file.sha256 for file in manifest.originals.values()}) == 95


def test_every_codec_of_the_tables_is_a_spec_once_it_is_replayed() -> None:
    for codec in published.built_in().codecs():
        assert str(Spec.parse(f"replay:{codec}")) == f"replay:{codec}"


def test_no_original_has_two_versions_of_one_codec() -> None:
    manifest = published.built_in()
    pairs = [(manifest.original_of(f).sha256, f.codec) for f in manifest.decoded.values()]
    assert len(set(pairs)) == len(pairs)


def test_an_original_is_a_clip_of_the_corpus(demo: Library) -> None:
    (clip,) = published.load("published:demo", demo)
    assert (clip.name, clip.source, clip.clip_class) == ("demo/clip_1", "speaker", "speech")
    assert clip.read().n_samples == 16_000


def test_an_unknown_set_is_refused_with_the_near_one(demo: Library) -> None:
    with pytest.raises(InputError, match="'dem'; did you mean demo"):
        published.load("published:dem", demo)


def test_corpus_load_knows_the_name(
    demo: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Library, "from_environment", lambda: demo)
    monkeypatch.chdir(tmp_path)
    assert [clip.name for clip in corpus.load("published")] == ["demo/clip_1"]
    (tmp_path / "published").mkdir()  # a folder of that name is the user's own
    with pytest.raises(InputError, match="no audio below"):
        corpus.load("published")


def test_what_is_not_here_says_how_to_get_it(demo: Library, tmp_path: Path) -> None:
    empty = replace(demo, folders=(tmp_path / "elsewhere",))
    with pytest.raises(UnavailableError) as caught:
        published.load("published", empty)
    assert caught.value.remedy == (
        "`codecmark audio fetch demo` with a network, or name a folder that holds "
        "someone/demo-page in CODECMARK_PUBLISHED_AUDIO"
    )


def test_another_file_in_its_place_is_refused_by_name(demo: Library) -> None:
    (file,) = demo.manifest.of_codec(CODEC)
    path = demo.path(file)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedAudioError, match=r"dac-16khz@6k\.wav has SHA-256 .* the published"):
        demo.path(file)


def test_a_set_is_fetched_by_its_commit_and_found_again(
    demo: Library, source: str, tmp_path: Path
) -> None:
    online = replace(
        demo, folders=(), cache=tmp_path / "cache" / "audio", source=source, offline=False
    )
    (file,) = demo.manifest.of_codec(CODEC)
    path = online.fetch(file)
    assert path.is_relative_to(online.cache)
    assert path.read_bytes() == demo.path(file).read_bytes()
    assert replace(online, source="").fetch(file) == path  # it is here now


def test_without_a_network_nothing_is_asked(demo: Library, tmp_path: Path) -> None:
    (file,) = demo.manifest.of_codec(CODEC)
    with pytest.raises(UnavailableError, match="is not here"):
        replace(demo, folders=(), cache=tmp_path / "none", source="nowhere://").fetch(file)


@pytest.mark.parametrize(
    ("table", "old", "new", "problem"),
    [
        (SETS, 'rate = "stated"', 'rate = "guessed"', r"sets\.toml.*rate"),
        (SETS, 'commit = "', 'commit = "x', r"sets\.toml.*commit"),
        (ORIGINALS, ",speech,", ",song,", "bigcodec/1284-1181-0008: class 'song'"),
        (ORIGINALS, ",16000,", ",fast,", r"originals\.csv line 2: .*sample_rate_hz"),
        (DECODED, ",dac:16khz@1k,", ",dac:17khz@1k,", "dac:17khz@1k: no codec of that name"),
        (DECODED, "bigcodec,1284-1181-0008,", "bigcodec,1284,", "bigcodec/1284 .*no original"),
    ],
)
def test_a_wrong_line_is_named(
    tmp_path: Path, table: str, old: str, new: str, problem: str
) -> None:
    ours = Path(published.__file__).parent
    for name in (SETS, ORIGINALS, DECODED):
        text = (ours / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(
            text.replace(old, new, 1) if name == table else text, encoding="utf-8"
        )
    with pytest.raises(InputError, match=problem):
        Manifest.read(tmp_path)


def test_the_command_lists_verifies_and_finds(
    demo: Library, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Library, "from_environment", lambda: demo)
    assert main(["audio"]) == 0
    assert CODEC in capsys.readouterr().out
    assert main(["audio", "path", "demo"]) == 0
    folder = Path(capsys.readouterr().out.strip())
    assert folder == demo.folders[0] / "audio" / "someone+demo-page"
    assert main(["audio", "verify", "demo"]) == 0
    assert "demo: 2 of 2 files as published" in capsys.readouterr().out
    (file,) = demo.manifest.of_codec(CODEC)
    demo.path(file).write_bytes(b"something else")
    assert main(["audio", "verify"]) == 1
    assert "1 of 2 files" in capsys.readouterr().out


def test_the_command_refuses_an_unknown_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audio", "fetch", "bigcodecs"]) == 2
    assert "no set named 'bigcodecs'; did you mean bigcodec?" in capsys.readouterr().err
