"""Audio files read whole and in part."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from audio_on_disk import put, put_with_ffmpeg, with_stated_length
from codecmark import InputError
from codecmark.corpus import CorpusClip
from codecmark.corpus.audio_files import read_audio, write_wav
from entries import noise, tone


def test_a_path_may_be_a_string(tmp_path: Path) -> None:
    path = put(tmp_path / "a.wav")
    assert np.array_equal(read_audio(str(path)).samples, read_audio(path).samples)


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


def test_flac_written_as_a_stream_is_read(tmp_path: Path) -> None:
    path = put(tmp_path / "a.flac", seconds=1.0)
    whole = read_audio(path)
    with_stated_length(path, 0)
    assert np.array_equal(read_audio(path).samples, whole.samples)
    part = read_audio(path, start_s=0.5, duration_s=0.25)
    assert np.array_equal(part.samples, whole.samples[:, 8_000:12_000])


@pytest.mark.parametrize("size", [b"\xff" * 8, (2**63 - 1).to_bytes(8, "little")])
def test_wave64_written_as_a_stream_is_read(tmp_path: Path, size: bytes) -> None:
    path = put(tmp_path / "a.w64")
    data = path.read_bytes()
    at = data.index(b"data") + 16
    path.write_bytes(data[:at] + size + data[at + 8 :])
    assert read_audio(path).n_samples == 800


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


def test_written_wav_reads_back_exactly(tmp_path: Path) -> None:
    clip = noise(1_000, channels=2)
    write_wav(tmp_path / "a.wav", clip)
    assert np.array_equal(read_audio(tmp_path / "a.wav").samples, clip.samples)
