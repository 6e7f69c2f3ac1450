"""Audio files that are cut off or damaged are refused, by name."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_on_disk import cut, memory_below, put, put_with_ffmpeg, with_stated_length
from codecmark import InputError
from codecmark.corpus import audio_decoding
from codecmark.corpus.audio_files import read_audio, read_own
from entries import noise


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFFxxxxWAVE", b"not audio at all"])
def test_junk_is_refused(tmp_path: Path, content: bytes) -> None:
    for name in ("a.wav", "a.flac", "a.m4a"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=name):
            read_audio(tmp_path / name)


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


def test_reading_that_ends_early_without_an_error_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "a.wav")
    nothing = np.zeros((0, 1), np.float32)
    monkeypatch.setattr(soundfile.SoundFile, "read", lambda *_, **__: nothing)
    with pytest.raises(InputError, match="800 samples that its header promises cannot be read"):
        list(audio_decoding.blocks(path, 0.0, None))


def test_a_header_does_not_decide_how_much_is_allocated(tmp_path: Path) -> None:
    path = with_stated_length(put(tmp_path / "a.flac", seconds=1.0), 2**36 - 1)
    with memory_below(2_000_000), pytest.raises(InputError, match="cut off or damaged"):
        read_own(path)
    assert read_audio(path, duration_s=0.5).n_samples == 8_000


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
