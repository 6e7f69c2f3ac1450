"""Foreign files: what reading one costs is bounded, and costs no more than that file."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from audio_on_disk import put, put_with_ffmpeg
from codecmark import InputError
from codecmark.corpus.audio_files import read_audio, read_own, write_wav
from codecmark.corpus.reader_process import ReaderProcess, ReadLimits
from codecmark.system.child_program import ChildProgram
from entries import noise


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.m4a", "aac"),
        ("a.webm", "libopus"),
        ("a.mka", "libopus"),
        ("a.mka", "pcm_s16le"),
        ("a.mka", "flac"),
    ],
)
def test_eight_channels_are_read(tmp_path: Path, name: str, codec: str) -> None:
    path = put_with_ffmpeg(tmp_path / name, codec, seconds=0.5, layout="7.1")
    clip = read_audio(path)
    assert clip.channels == 8
    assert abs(clip.duration_s - 0.5) < 0.05
    original = noise(24_000, channels=8, rate_hz=48_000).samples
    if codec in ("pcm_s16le", "flac"):
        assert np.abs(clip.samples - original).max() < 1e-4


def test_more_than_eight_channels_are_refused(tmp_path: Path) -> None:
    path = put_with_ffmpeg(tmp_path / "a.mka", "pcm_s16le", seconds=0.1, layout="9.1.4")
    with pytest.raises(InputError, match=r"a\.mka: 14 channels, at most 8 are read"):
        read_audio(path)


def test_a_file_that_kills_its_reader_costs_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "a.wav")
    module = tmp_path / "soundfile.py"
    module.write_text(
        "import os\nSoundFileError = RuntimeError\nSoundFile = lambda _: os.abort()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    reader = ReaderProcess()
    with pytest.raises(InputError, match=r"the process that reads it died \(SIGABRT\)"):
        reader.read(path, 0.0, None, ReadLimits())
    monkeypatch.undo()
    assert len(reader.read(path, 0.0, None, ReadLimits())) == 1
    reader.program.close()


def test_reading_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "a.wav")
    module = tmp_path / "soundfile.py"
    module.write_text("SoundFileError = RuntimeError\ndef SoundFile(_):\n while True: pass\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    reader, start_s = ReaderProcess(), monotonic()
    with pytest.raises(InputError, match=r"reading it takes more than 1.5 s"):
        reader.read(path, 0.0, None, ReadLimits(seconds=1.5))
    assert monotonic() - start_s < 5
    reader.program.close()


def test_more_samples_than_allowed_are_refused_and_a_part_is_read(tmp_path: Path) -> None:
    path = put(tmp_path / "a.flac", seconds=30.0)
    with pytest.raises(InputError, match=r"a\.flac: holds more than 1 MB of samples"):
        read_audio(path, limits=ReadLimits(audio_bytes=1_000_000))
    part = read_audio(path, duration_s=10.0, limits=ReadLimits(audio_bytes=1_000_000))
    assert part.n_samples == 160_000


def test_memory_of_the_reader_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "a.wav")
    module = tmp_path / "soundfile.py"
    module.write_text("SoundFileError = RuntimeError\nSoundFile = lambda _: bytearray(1 << 33)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    reader = ReaderProcess()
    with pytest.raises(InputError, match="takes more memory than is allowed"):
        reader.read(path, 0.0, None, ReadLimits())
    reader.program.close()


def test_one_process_reads_many_files_and_ends_with_its_parent(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", noise(800))
    program = (
        "import sys; from pathlib import Path;"
        "from codecmark.corpus import reader_process, audio_files;"
        "path = Path(sys.argv[1]);"
        "pids = [audio_files.read_audio(path) and reader_process.SHARED.program.pid"
        " for _ in range(3)];"
        "assert len(set(pids)) == 1; print(pids[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "a.wav")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


def test_own_files_are_read_without_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wav(tmp_path / "a.wav", noise(800))
    monkeypatch.setattr(ChildProgram, "_start", lambda *_: pytest.fail("started a process"))
    assert read_own(tmp_path / "a.wav").n_samples == 800


@pytest.mark.parametrize("name", ["folder.wav", "pipe.wav", "pipe.m4a"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.mkdir() if name.startswith("folder") else os.mkfifo(path)
    with pytest.raises(InputError, match="is no file that can be read"):
        read_audio(path)


def test_a_name_is_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        called = threading.Event()
        name = f"tcp:127.0.0.1:{server.getsockname()[1]}?x.m4a"
        Path(name).write_bytes(b"nothing")
        server.settimeout(1.0)

        def accept() -> None:
            try:
                server.accept()
            except TimeoutError:
                return
            called.set()

        listener = threading.Thread(target=accept)
        listener.start()
        with pytest.raises(InputError, match="cannot be read as audio"):
            read_audio(name)
        listener.join()
    assert not called.is_set()


def test_a_name_and_a_playlist_lead_to_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    secret = put_with_ffmpeg(tmp_path / "secret.m4a", "aac")
    size = secret.stat().st_size
    name = f"subfile,,start,0,end,{size},,:secret.m4a"
    Path(name).write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read as audio"):
        read_audio(name)
    (tmp_path / "list.m4a").write_text("ffconcat version 1.0\nfile secret.m4a\n")
    with pytest.raises(InputError, match="cannot be read as audio"):
        read_audio("list.m4a")
    assert read_audio("secret.m4a").n_samples > 0


def test_names_that_are_no_text_are_read(tmp_path: Path) -> None:
    path = put(tmp_path / "plain.wav")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.wav"))
    path.rename(odd)
    assert read_audio(odd).n_samples == 800
