"""Readers: of audio, manifests, rows, records, requirements, listening sets, weights, commands."""

from __future__ import annotations

import atexit
import gzip
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import msgspec

from codecmark import corpus
from codecmark.classic.command_file import CommandFile
from codecmark.errors import CodecmarkError
from codecmark.listen import ratings, tables
from codecmark.listen.entries import Answer, Elsewhere, Joined, entry_of
from codecmark.networks import trained_sets
from codecmark.results import parquet, store
from codecmark.results.lines import sealed
from codecmark.review import handwritten, requirements_file, stored
from codecmark.review.files import _superseded
from fuzzing import sealed_lines, sounds
from fuzzing.mutation import damaged, encoded, reworded
from fuzzing.streams import _sealed_pages
from fuzzing.targets import FoundError, Outcome
from listening_sets import panel
from made_rows import row
from places import COMMITTED, TESTS

_MEMORY = Path("/dev/shm")  # noqa: S108 - files that nobody keeps


@dataclass(frozen=True)
class FileTarget:
    """A reader of one kind of file; `how` says what its mutations keep whole."""

    name: str
    file: str
    start: Callable[[Path], list[bytes]]
    read: Callable[[Path], object]
    how: str = "bytes"
    apart: bool = False
    kind: str = "files"

    def seeds(self) -> list[bytes]:
        """Return valid files."""
        with TemporaryDirectory() as folder:
            return self.start(Path(folder))

    def mutated(self, pool: Sequence[bytes], chance: random.Random) -> bytes:
        """Return a changed file."""
        data = chance.choice(pool)
        if self.how == "pages" and chance.random() < 0.8:
            return _sealed_pages(damaged(data, pool, chance))
        if self.how == "packed":
            text = damaged(gzip.decompress(pool[0]), [b"{}"], chance)
            packed = gzip.compress(text, 1)
            return packed if chance.random() < 0.7 else damaged(packed, pool, chance)
        if self.how == "lines" and chance.random() < 0.8:
            return sealed_lines.with_another(data, chance)
        if self.how in {"text", "lines"} and chance.random() < 0.6:
            return encoded(reworded(data.decode("utf-8", "surrogateescape"), chance))
        return damaged(data, pool, chance)

    def run(self, data: bytes) -> Outcome:
        """Write the file and read it."""
        path = _folder() / self.file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        try:
            self.read(path)
        except CodecmarkError as error:
            if "MemoryError" in str(error) or "Warning:" in str(error):
                raise FoundError(str(error)) from error
            return "refused"
        finally:
            path.unlink(missing_ok=True)
        return "taken"


@cache
def _folder() -> Path:
    """Return a folder of this process, in memory where there is one."""
    base = _MEMORY if _MEMORY.is_dir() else Path(gettempdir())
    kept = TemporaryDirectory(dir=base, prefix="codecmark-fuzzing-")
    atexit.register(kept.cleanup)
    return Path(kept.name)


def _audio() -> Iterator[FileTarget]:
    for name in sounds.LIBSNDFILE:
        suffix = {"wavex": "wav", "rf64": "wav"}.get(name, name.rpartition(".")[2])
        how = "pages" if name in {"ogg", "opus"} else "bytes"
        yield FileTarget(
            f"audio {name}",
            f"a.{suffix}",
            partial(sounds.by_libsndfile, name),
            sounds.read,
            how,
            apart=True,
        )
    for name in sounds.FFMPEG:
        file = f"a.{name.rpartition('.')[2]}"
        yield FileTarget(
            f"audio {name}", file, partial(sounds.by_ffmpeg, name), sounds.read, apart=True
        )


def _table(folder: Path) -> list[bytes]:
    store.append(folder, [row(), row("flac")])
    store.compact(folder, "r1")
    return [(folder / "rows" / "r1.parquet").read_bytes()]


def _read_table(path: Path) -> None:
    parquet.write_digest(path)
    for _ in parquet.rows(path):
        pass


def _listening(folder: Path) -> list[bytes]:
    ratings.write_set(folder, panel(listeners=2, clips=1))
    return [(folder / ratings.HEAD).read_bytes()]


def _read_listening(path: Path) -> None:
    (path.parent / ratings.RATINGS).write_text("listener,clip,system,rating\nl0,c0,a,50\n")
    ratings.read_set(path.parent)


def _weights(folder: Path) -> list[bytes]:
    import torch

    path = folder / "a.safetensors"
    trained_sets.write(path, "harmonic", {"width": 8}, {"a": torch.zeros(4), "b": torch.ones(2, 2)})
    return [path.read_bytes()]


def _texts(*texts: str) -> Callable[[Path], list[bytes]]:
    return lambda _: [text.encode() for text in texts]


def _those(*paths: Path) -> Callable[[Path], list[bytes]]:
    return lambda _: [path.read_bytes() for path in paths]


_NEMO = '{"audio_filepath": "a.wav", "offset": 0.5, "duration": 1.0, "speaker": 7}\n'
_LHOTSE = json.dumps(
    [{"id": "a", "start": 0.1, "duration": 2, "recording": {"id": "r", "sources": [
        {"type": "file", "source": "a.wav", "channels": [0]}]},
      "supervisions": [{"speaker": "s"}]}]
)  # fmt: skip
_CSV = "name,source,class,sha256\na.wav,s,speech,\nb.wav,t,music," + "0" * 64 + "\n"
_WEBMUSHRA = (
    "session_uuid,session_test_id,trial_id,rating_stimulus,rating_score,rating_time\n"
    "u,t,c1,reference,98,1000\nu,t,c1,a,55,900\n"
)
_ANSWERS = (
    Joined("s", "l", 0, True, "2026-01-01T00:00:00Z"),
    Answer("s", "p", ("a", "b"), (50, 90), (1.5, 2.0), 9.5, "", "2026-01-01T00:00:00Z"),
    Elsewhere("webmushra", "m", "p", ("a", "b"), (5, 9), 9.5, "good", "2026-01-01T00:00:00Z"),
)


def _answer_lines(_: Path) -> list[bytes]:
    return [b"".join(sealed(msgspec.json.encode(each).decode()) for each in _ANSWERS)]


def _others() -> Iterator[FileTarget]:
    record = COMMITTED / "decisions" / "0001-reconstruction-codec.md"
    yield FileTarget("manifest CSV", "clips.csv", _texts(_CSV), corpus.load, "text")
    yield FileTarget(
        "manifest NeMo", "m.jsonl", _texts(_NEMO + _NEMO.replace("0.5", "2.5")), corpus.load, "text"
    )
    yield FileTarget("manifest lhotse", "m.json", _texts(_LHOTSE), corpus.load, "text")
    yield FileTarget(
        "manifest packed", "m.jsonl.gz", lambda _: [gzip.compress(_NEMO.encode())], corpus.load,
        "packed",
    )  # fmt: skip
    yield FileTarget("rows", "rows/r1.jsonl", sealed_lines.of_rows, sealed_lines.read, "lines")
    yield FileTarget("rows as Parquet", "rows/r1.parquet", _table, _read_table)
    yield FileTarget(
        "requirements", "a.toml",
        _those(*sorted((COMMITTED / "decisions" / "examples").glob("*.toml"))),
        requirements_file.load, "text",
    )  # fmt: skip
    yield FileTarget("decision", "a.json", _those(record.with_suffix(".json")), stored.read, "text")
    yield FileTarget("record", "a.md", _texts(record.read_text()[:6_000] + _PARTS), _parts, "text")
    yield FileTarget(
        "command", "top-byte.toml", _those(TESTS / "data" / "commands" / "top-byte.toml"),
        lambda path: CommandFile.load("top-byte", path.parent), "text",
    )  # fmt: skip
    yield FileTarget("listening set", ratings.HEAD, _listening, _read_listening, "text")
    yield FileTarget("listening ratings", "a.csv", _texts(_WEBMUSHRA), tables.read_table, "text")
    yield FileTarget("listening answers", "a.jsonl", _answer_lines, _entries, "lines")
    yield FileTarget(
        "weights", "a.safetensors", _weights, lambda path: trained_sets.read(path, "harmonic")
    )


_PARTS = "\n<!-- hand-written: notes -->\nwords\n<!-- /hand-written: notes -->\n"


def _parts(path: Path) -> None:
    text = path.read_text(encoding="utf-8", errors="replace")
    handwritten.parts(text)
    _superseded(text)


def _entries(path: Path) -> None:
    for line in path.read_bytes().splitlines(keepends=True):
        entry_of(path, line)


_ALL = {target.name: target for target in (*_audio(), *_others())}


def names() -> list[str]:
    """Return the readers."""
    return list(_ALL)


def named(name: str) -> FileTarget:
    """Return a reader."""
    return _ALL[name]
