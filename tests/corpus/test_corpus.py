from __future__ import annotations

import gzip
import json
import math
import random
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from codecmark import AudioClip, InputError, corpus
from codecmark.corpus import CorpusClip, condition
from codecmark.corpus.audio_files import read_audio, write_wav
from entries import noise, tone
from places import REPOSITORY


def put(path: Path, seconds: float = 0.05, channels: int = 1, rate_hz: int = 16_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise(round(seconds * rate_hz), channels=channels).samples.T, rate_hz)
    return path


def put_with_ffmpeg(path: Path, codec: str, seconds: float = 1.0, **options: str) -> Path:
    import av

    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(
            noise(round(seconds * 48_000), rate_hz=48_000).samples, "fltp", "mono"
        )
        frame.sample_rate, frame.pts = 48_000, 0
        resampler = av.AudioResampler(format=stream.format.name)
        for ready in resampler.resample(frame):
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    return path


def cut(path: Path, fraction: float = 0.5) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: round(fraction * len(data))])
    return path


def with_stated_length(flac: Path, n_samples: int) -> Path:
    data = bytearray(flac.read_bytes())
    field = int.from_bytes(data[18:26], "big")  # its last 36 bits count the samples
    data[18:26] = ((field >> 36 << 36) | n_samples).to_bytes(8, "big")
    flac.write_bytes(data)
    return flac


@contextmanager
def memory_below(limit_bytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < limit_bytes


def test_the_bundled_corpus_is_whole() -> None:
    clips = corpus.load()
    classes = [clip.clip_class for clip in clips]
    assert (classes.count("speech"), classes.count("music"), classes.count("ambient")) == (9, 11, 3)
    for clip in clips:
        audio = clip.read()  # holds each file against its SHA-256
        assert audio.duration_s == 5.0


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "a.wav")
    clip = CorpusClip("a.wav", path, "a", "speech", sha256="0" * 64)
    with pytest.raises(InputError, match="is not the manifest's"):
        clip.read()


def test_plain_folder_with_classes_and_nested_sources(tmp_path: Path) -> None:
    put(tmp_path / "top.wav")
    put(tmp_path / "Music" / "band" / "b.flac")
    (tmp_path / "notes.txt").write_text("no audio")
    clips = corpus.load(tmp_path)
    assert [(c.name, c.source, c.clip_class) for c in clips] == [
        ("Music/band/b.flac", "Music/band", "music"),
        ("top.wav", "top", "audio"),
    ]


def test_the_named_folder_itself_can_be_the_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "Speech" / "0.wav")
    put(tmp_path / "Speech" / "anna" / "1.wav")
    expected = [("0", "speech"), ("anna", "speech")]
    assert [(c.source, c.clip_class) for c in corpus.load(tmp_path / "Speech")] == expected
    monkeypatch.chdir(tmp_path / "Speech")
    assert [(c.source, c.clip_class) for c in corpus.load(Path())] == expected


def test_the_innermost_folder_gives_the_class(tmp_path: Path) -> None:
    for name in ("audio/speech/x.wav", "music/Ambient/x.wav", "speech/audio/x.wav", "audio/x.wav"):
        put(tmp_path / "speech" / name)
    assert {c.name: c.clip_class for c in corpus.load(tmp_path / "speech")} == {
        "audio/speech/x.wav": "speech",
        "audio/x.wav": "speech",
        "music/Ambient/x.wav": "ambient",
        "speech/audio/x.wav": "speech",
    }


def test_files_of_a_class_folder_are_sources_of_their_own(tmp_path: Path) -> None:
    for name in ("0", "1", "2"):
        put(tmp_path / "speech" / f"{name}.wav")
        put(tmp_path / "audio" / f"{name}.wav")
    put(tmp_path / "speech" / "anna" / "0.wav")
    put(tmp_path / "speech" / "anna" / "1.wav")
    sources = [clip.source for clip in corpus.load(tmp_path)]
    assert sources == [
        "audio/0", "audio/1", "audio/2", "speech/0", "speech/1", "speech/2",
        "speech/anna", "speech/anna",
    ]  # fmt: skip


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside" / "secret.wav")
    inside = tmp_path / "inside"
    put(inside / "a.wav")
    (inside / "link.wav").symlink_to(outside)
    assert [clip.name for clip in corpus.load(inside)] == ["a.wav"]


def test_librispeech_vctk_and_musdb_layouts(tmp_path: Path) -> None:
    put(tmp_path / "libri" / "test-clean" / "84" / "121123" / "84-121123-0001.flac")
    put(tmp_path / "tts" / "dev" / "84" / "1211" / "84_1211_000001_000000.wav")
    put(tmp_path / "vctk" / "wav48_silence_trimmed" / "p225" / "p225_001_mic1.flac")
    put(tmp_path / "musdb" / "test" / "A Band - Song" / "mixture.wav", channels=2)
    put(tmp_path / "musdb" / "test" / "A Band - Song" / "vocals.wav", channels=2)
    found = {
        name: [(c.source, c.clip_class) for c in corpus.load(tmp_path / name)]
        for name in ("libri", "tts", "vctk", "musdb")
    }
    assert found == {
        "libri": [("84", "speech")],
        "tts": [("84", "speech")],
        "vctk": [("p225", "speech")],
        "musdb": [("A Band - Song", "music")],
    }


def test_csv_manifest(tmp_path: Path) -> None:
    put(tmp_path / "a.wav")
    manifest = tmp_path / "list.csv"
    manifest.write_text("path,class,source\na.wav,speech,anna\n")
    (clip,) = corpus.load(manifest)
    assert (clip.source, clip.clip_class, clip.read().n_samples) == ("anna", "speech", 800)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file\na.wav\n", "needs a column 'name'"),
        ("name\n", "lists no clips"),
        ("name,class\n,speech\n", "line 2: column 'name' is empty"),
        ("name,class\na.wav,noise\n", "class: a.wav has 'noise'"),
        ("name\na.wav\na.wav\n", "listed more than once"),
    ],
)
def test_bad_csv_manifests(tmp_path: Path, text: str, message: str) -> None:
    manifest = tmp_path / "list.csv"
    manifest.write_text(text)
    with pytest.raises(InputError, match=message):
        corpus.load(manifest)


def test_nemo_manifest_with_offsets(tmp_path: Path) -> None:
    put(tmp_path / "a.wav", seconds=1.0)
    manifest = tmp_path / "nemo.json"
    entries = [{"audio_filepath": "a.wav", "offset": 0.25, "duration": 0.5, "text": "x"}]
    manifest.write_text("\n".join(map(json.dumps, entries)))
    (clip,) = corpus.load(manifest)
    assert clip.read().n_samples == 8_000
    assert clip.clip_class == "speech"


def test_lhotse_manifest_compressed(tmp_path: Path) -> None:
    put(tmp_path / "a.wav")
    recording = {"id": "rec-1", "sampling_rate": 16_000, "num_samples": 800,
                 "sources": [{"type": "file", "channels": [0], "source": "a.wav"}]}  # fmt: skip
    manifest = tmp_path / "recordings.jsonl.gz"
    manifest.write_bytes(gzip.compress(json.dumps(recording).encode()))
    (clip,) = corpus.load(manifest)
    assert (clip.name, clip.read().n_samples) == ("rec-1", 800)


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


@pytest.mark.parametrize("field", ["offset", "duration"])
@pytest.mark.parametrize(
    "value", ["-1", '"1"', '"x"', "[1]", "{}", "true", "NaN", "Infinity", "-Infinity", "9" * 400]
)
def test_nemo_offsets_that_are_no_seconds(tmp_path: Path, field: str, value: str) -> None:
    put(tmp_path / "a.wav")
    manifest = tmp_path / "nemo.json"
    manifest.write_text(f'{{"audio_filepath": "a.wav", "{field}": {value}}}')
    with pytest.raises(InputError, match=f"{field} must be a number of seconds"):
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
    corpus.manifests._distinct(clips, tmp_path)
    assert compared < 10 * len(clips)
    with pytest.raises(InputError, match="'7' is listed more than once"):
        corpus.manifests._distinct([*clips, clips[7]], tmp_path)


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
        ({"recording": None}, "neither a NeMo entry"),
        ({"recording": "a.wav"}, "neither a NeMo entry"),
        ({"supervisions": ["x"]}, "neither a NeMo entry"),
        ({"start": -1}, "start must be a number of seconds"),
        ({"duration": "1"}, "duration must be a number of seconds"),
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


def test_missing_and_empty_paths(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        corpus.load(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no audio below"):
        corpus.load(tmp_path)


def test_limit_is_spread_over_classes_and_stable() -> None:
    clips = corpus.load()
    chosen = corpus.limited(clips, 6, seed=0)
    classes = [clip.clip_class for clip in chosen]
    assert {name: classes.count(name) for name in set(classes)} == {
        "speech": 2, "music": 2, "ambient": 2,
    }  # fmt: skip
    assert chosen == corpus.limited(list(reversed(clips)), 6, seed=0)[::-1]
    assert chosen != corpus.limited(clips, 6, seed=1)
    assert corpus.limited(clips, None, seed=0) == clips
    with pytest.raises(InputError, match="limit"):
        corpus.limited(clips, 0, seed=0)


def test_a_cut_off_wav_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "a.wav", seconds=1.0)
    path.write_bytes(path.read_bytes()[:16_000])
    with pytest.raises(InputError, match="the file is cut off"):
        read_audio(path)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", {"format": "WAV", "endian": "BIG"}),
        ("a.wav", {"format": "WAVEX"}),
        ("a.wav", {"format": "RF64"}),
        ("a.aiff", {}),
        ("a.aif", {"format": "AIFF", "subtype": "ULAW"}),
        ("a.w64", {}),
        ("a.caf", {}),
        ("a.flac", {}),
    ],
)
def test_cut_off_files_with_a_stated_length_are_refused(
    tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    path, original = tmp_path / name, noise(40_002)
    soundfile.write(path, original.samples.T, 16_000, **options)
    assert read_audio(path).n_samples == original.n_samples
    whole = path.read_bytes()
    for kept in (len(whole) - 9, len(whole) // 2, 100):
        path.write_bytes(whole[:kept])
        with pytest.raises(InputError, match=name):
            read_audio(path)


@pytest.mark.parametrize("size", [b"\xff" * 8, (2**63 - 1).to_bytes(8, "little")])
def test_wave64_written_as_a_stream_is_read(tmp_path: Path, size: bytes) -> None:
    path = put(tmp_path / "a.w64")
    data = path.read_bytes()
    at = data.index(b"data") + 16
    path.write_bytes(data[:at] + size + data[at + 8 :])
    assert read_audio(path).n_samples == 800


def test_reading_that_ends_early_without_an_error_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "a.wav")
    nothing = np.zeros((0, 1), np.float32)
    monkeypatch.setattr(soundfile.SoundFile, "read", lambda *_, **__: nothing)
    with pytest.raises(InputError, match="800 samples that its header promises cannot be read"):
        read_audio(path)


def test_a_header_does_not_decide_how_much_is_allocated(tmp_path: Path) -> None:
    path = with_stated_length(put(tmp_path / "a.flac", seconds=1.0), 2**36 - 1)
    with memory_below(2_000_000), pytest.raises(InputError, match="cut off or damaged"):
        read_audio(path)
    assert read_audio(path, duration_s=0.5).n_samples == 8_000


def test_flac_written_as_a_stream_is_read(tmp_path: Path) -> None:
    path = put(tmp_path / "a.flac", seconds=1.0)
    whole = read_audio(path)
    with_stated_length(path, 0)
    assert np.array_equal(read_audio(path).samples, whole.samples)
    part = read_audio(path, start_s=0.5, duration_s=0.25)
    assert np.array_equal(part.samples, whole.samples[:, 8_000:12_000])


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff", "a.w64", "a.m4a"])
def test_a_part_is_that_part_of_the_whole(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "a.m4a":
        put_with_ffmpeg(path, "aac", seconds=3.0)
    else:
        put(path, seconds=3.0, rate_hz=48_000)
    whole = read_audio(path).samples
    for start_s, duration_s in ((0.0, 0.5), (1.25, 0.5), (1.25, None), (2.5, 9.0)):
        part = read_audio(path, start_s=start_s, duration_s=duration_s).samples
        first = round(start_s * 48_000)
        last = None if duration_s is None else first + round(duration_s * 48_000)
        assert part.shape == whole[:, first:last].shape
        assert np.allclose(part, whole[:, first:last], rtol=0, atol=1e-6)  # MP3 rounds after a seek
    with pytest.raises(InputError, match="no samples from 60 s on"):
        read_audio(path, start_s=60.0)


@pytest.mark.parametrize(
    ("start_s", "duration_s"),
    [
        (-1.0, None),
        (math.nan, None),
        (math.inf, None),
        (1e308, None),
        (0.0, -1.0),
        (0.0, 0.0),
        (0.0, math.nan),
    ],
)
def test_parts_that_are_none(tmp_path: Path, start_s: float, duration_s: float | None) -> None:
    path = put(tmp_path / "a.wav")
    with pytest.raises(InputError, match=r"a\.wav: (start|duration)"):
        read_audio(path, start_s=start_s, duration_s=duration_s)
    with pytest.raises(InputError, match=r"clip: (start|duration)"):
        CorpusClip("clip", path, "a", "speech", start_s, duration_s)


@pytest.mark.parametrize("sha256", [None, "0" * 64])
def test_a_name_that_no_file_can_have(tmp_path: Path, sha256: str | None) -> None:
    for name in ("a" * 5_000 + ".wav", "a\0.wav", "missing.wav"):
        with pytest.raises(InputError):
            CorpusClip("a", tmp_path / name, "a", "speech", sha256=sha256).read()


@pytest.mark.parametrize("name", ["a.flac", "a.m4a"])
def test_only_what_a_condition_uses_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "a.m4a":
        put_with_ffmpeg(path, "aac", seconds=60.0)
    else:
        put(path, seconds=60.0, rate_hz=48_000)
    short = replace(condition.named("48k-mono"), clip_s=0.5)
    with memory_below(4_000_000):  # the whole file is 11.5 MB in float32
        (clip,), _ = condition.prepare([CorpusClip("a", path, "a", "music")], short)
    assert clip.audio.n_samples == 24_000
    part = CorpusClip("a", path, "a", "music", start_s=1.0, duration_s=0.25)
    (clip,), _ = condition.prepare([part], short)
    assert clip.audio.n_samples == 12_000


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFFxxxxWAVE", b"not audio at all"])
def test_junk_is_refused(tmp_path: Path, content: bytes) -> None:
    for name in ("a.wav", "a.flac", "a.m4a"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=name):
            read_audio(tmp_path / name)


def test_m4a_is_read_through_ffmpeg(tmp_path: Path) -> None:
    import av

    path = tmp_path / "a.m4a"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone(0.064).samples, "fltp", "mono")
        frame.sample_rate = 16_000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    clip = read_audio(path)
    assert clip.sample_rate_hz == 16_000
    assert clip.n_samples >= 1_024


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.m4a", "aac", {"movflags": "faststart"}),
        ("a.m4a", "alac", {"movflags": "faststart"}),
        ("a.webm", "libopus", {}),
    ],
)
def test_cut_off_files_that_ffmpeg_reads(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    path = put_with_ffmpeg(tmp_path / name, codec, seconds=4.0, **options)
    assert abs(read_audio(path).duration_s - 4.0) < 0.1
    cut(path)
    with pytest.raises(InputError, match=name):
        read_audio(path)
    assert read_audio(path, duration_s=0.5).n_samples == 24_000  # stops before the damage


def test_m4a_that_ends_between_two_packets(tmp_path: Path) -> None:
    path = put_with_ffmpeg(tmp_path / "a.m4a", "aac", seconds=4.0)
    data = path.read_bytes()
    at = data.index(b"stsz") + 12  # version, size of all samples, then their number
    fewer = int.from_bytes(data[at : at + 4], "big") // 2
    path.write_bytes(data[:at] + fewer.to_bytes(4, "big") + data[at + 4 :])
    with pytest.raises(InputError, match="s that its header promises cannot be read"):
        read_audio(path)


def test_damaged_m4a_raises_nothing_but_input_errors(tmp_path: Path) -> None:
    path = put_with_ffmpeg(tmp_path / "a.m4a", "aac")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"mp4a", b"zzzz").replace(b"esds", b"zzzz"))
    with pytest.raises(InputError, match="no audio stream that can be decoded"):
        read_audio(path)
    start, chance = whole.index(b"moov"), random.Random(0)  # noqa: S311
    messages = []
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(start, len(whole))
            damaged[at] = chance.choice((0, 255, chance.randrange(256)))
        path.write_bytes(damaged)
        try:
            assert np.isfinite(read_audio(path).samples).all()
        except InputError as error:
            messages.append(str(error))
    assert 100 < len(messages) < 300
    assert all(message.startswith(str(path)) for message in messages)


def test_written_wav_reads_back_exactly(tmp_path: Path) -> None:
    clip = noise(1_000, channels=2)
    write_wav(tmp_path / "a.wav", clip)
    assert np.array_equal(read_audio(tmp_path / "a.wav").samples, clip.samples)


def test_conditions_prepare_and_refuse(tmp_path: Path) -> None:
    low, high = put(tmp_path / "low.wav"), put(tmp_path / "high.wav", rate_hz=44_100, channels=2)
    entries = [CorpusClip(path.name, path, path.stem, "music") for path in (low, high)]
    clips, unused = condition.prepare(entries, condition.named("48k-stereo"))
    assert [(c.name, c.audio.channels, c.audio.sample_rate_hz) for c in clips] == [
        ("high.wav", 2, 48_000)
    ]
    assert "native rate 16000 Hz is below the 44100 Hz" in unused["low.wav"]
    with pytest.raises(InputError, match="no clip can be used under 48k-mono"):
        condition.prepare(entries[:1], condition.named("48k-mono"))
    with pytest.raises(InputError, match="choose one of 16k-mono"):
        condition.named("8k")


def test_the_reference_is_on_the_16_bit_grid(speech: AudioClip) -> None:
    assert np.array_equal(speech.on_pcm16_grid().samples, speech.samples)


def test_every_bundled_clip_has_its_attribution() -> None:
    header, *lines = (REPOSITORY / "benchmarks/corpus/clips.csv").read_text().splitlines()
    assert {"licence", "author", "sha256", "source"} <= set(header.split(","))
    files = {path.name for path in (REPOSITORY / "benchmarks/corpus").glob("*.flac")}
    assert {line.split(",")[0] for line in lines} == files
