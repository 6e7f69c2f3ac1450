"""Programs as codecs; the contract of every codec is held in test_codec_contract.py."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from codecmark import (
    AudioClip,
    BitstreamError,
    CodecError,
    InputError,
    UnavailableError,
    UnknownCodecError,
    create,
)
from codecmark.bitstream import frame
from codecmark.metrics.alignment import find_lag
from codecmark.metrics.waveform import snr_db
from entries import noise
from places import REPOSITORY

COPY = "import shutil; shutil.copy(sys.argv[1], sys.argv[2])"
CUT = (
    "import wave; a = wave.open(sys.argv[1]); b = wave.open(sys.argv[2], 'wb'); "
    "b.setparams(a.getparams()); b.writeframes(a.readframes(a.getnframes() - {})); b.close()"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of commands with a space in its name."""
    path = tmp_path / "my commands"
    path.mkdir()
    monkeypatch.setenv("CODECMARK_COMMANDS", str(path))
    return path


def write(folder: Path, *, encode: str = COPY, decode: str = COPY, more: str = "") -> None:
    """Write `it.toml` with two Python programs that stand beside it."""
    for name, code in (("encode", encode), ("decode", decode)):
        (folder / f"{name}.py").write_text(f"import sys\n{code}\n")
    (folder / "it.toml").write_text(
        f"encode = \"'{sys.executable}' -I -S {{folder}}/encode.py {{input}} {{output}}\"\n"
        f"decode = \"'{sys.executable}' -I -S {{folder}}/decode.py {{input}} {{output}}\"\n{more}"
    )


def test_a_copy_is_exact(folder: Path) -> None:
    write(folder)
    codec = create("command:it")
    clip = noise(1_001, channels=2)
    stream = codec.encode(clip)
    assert np.array_equal(codec.decode(stream).samples, clip.samples)
    _, payload = frame.unpack("command:it", stream)
    assert len(payload) == 2 + 44 + 2 * 2 * 1_001  # a varint and the WAV file


def test_one_channel_at_the_programs_own_rate(folder: Path) -> None:
    rate = "import wave; assert wave.open(sys.argv[1]).getparams()[:3] == (1, 2, 8000)\n"
    write(folder, encode=rate + COPY, more="sample_rate_hz = 8_000\nchannels = 1\n")
    codec = create("command:it")
    assert (codec.info.sample_rate_hz, codec.info.channels) == (8_000, 1)
    decoded = codec.decode(codec.encode(noise(999, channels=3)))
    assert decoded.samples.shape == (3, 999)


def test_two_channels_where_the_program_takes_no_other_number(folder: Path) -> None:
    write(folder, more="channels = 2\n")
    codec = create("command:it")
    clip = noise(500)
    assert np.array_equal(codec.decode(codec.encode(clip)).samples, clip.samples)
    with pytest.raises(InputError, match="channels: cannot turn 3 channels into 2"):
        codec.encode(noise(500, channels=3))


def test_the_declared_delay_is_removed(speech: AudioClip) -> None:
    codec = create("command:top-byte")
    decoded = codec.decode(codec.encode(speech)).samples
    assert find_lag(speech.samples, decoded).lag_samples == 0
    assert np.abs(decoded - speech.samples).max() <= 2**-8


def test_a_dropped_end_becomes_silence_and_a_dropped_clip_an_error(folder: Path) -> None:
    clip = noise(20_000)
    write(folder, decode=CUT.format(8_192))
    decoded = create("command:it").decode(create("command:it").encode(clip)).samples
    assert np.array_equal(decoded[:, :-8_192], clip.samples[:, :-8_192])
    assert not decoded[:, -8_192:].any()
    write(folder, decode=CUT.format(8_193))
    with pytest.raises(BitstreamError, match="samples: decoder wrote 11807, 20000 expected"):
        create("command:it").decode(create("command:it").encode(clip))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("print('reading', file=sys.stderr); sys.exit('no such bitrate')", "1: no such bitrate"),
        ("sys.exit(3)", "returned 3: no message"),
        ("raise ValueError('odd')", "returned 1: ValueError: odd"),
        ("", r"wrote no coded\.bin"),
        ("import os; os.abort()", "returned -6: "),
    ],
)
def test_a_failure_says_what_the_program_said_last(folder: Path, code: str, message: str) -> None:
    write(folder, encode=code)
    with pytest.raises(CodecError, match=f"command:it: encode: .*{message}"):
        create("command:it").encode(noise(100))


def test_another_rate_than_asked_names_the_remedy(folder: Path) -> None:
    other = CUT.format(0).replace("b.setparams(a.getparams())", "b.setparams((1, 2, 48000, 0, "
                                  "'NONE', ''))")  # fmt: skip
    write(folder, decode=other)
    codec = create("command:it")
    with pytest.raises(CodecError, match="48000 Hz, 16000 expected; set sample_rate_hz = 48000"):
        codec.decode(codec.encode(noise(100)))


def test_a_time_limit_ends_the_program_and_what_it_started(folder: Path, tmp_path: Path) -> None:
    note = tmp_path / "child"
    start = (
        "import pathlib, subprocess; child = subprocess.Popen(['sleep', '60']); "
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid)); child.wait()"
    )
    for limit_s in (0.5, 2.0, 8.0):  # a busy machine may not have begun within the first
        write(folder, encode=start, more=f"timeout_s = {limit_s}\n")
        begin = time.perf_counter()
        with pytest.raises(CodecError, match=f"took more than {limit_s:g} s"):
            create("command:it").encode(noise(100))
        assert time.perf_counter() - begin < 60
        if note.exists() and note.stat().st_size:
            break
    wait_for_the_end_of(int(note.read_text()))


def wait_for_the_end_of(pid: int) -> None:
    child = Path("/proc", str(pid))
    until = time.monotonic() + 30
    while child.exists() and "Z" not in (child / "stat").read_text().split()[2]:
        assert time.monotonic() < until, "the program's child was left behind"
        time.sleep(0.05)


def test_the_folder_is_private_and_does_not_stay(folder: Path, tmp_path: Path) -> None:
    note = tmp_path / "note"
    look = (
        "import os, stat; here = os.getcwd(); "
        f"open({str(note)!r}, 'w').write(f'{{stat.S_IMODE(os.stat(here).st_mode):o}} {{here}}')\n"
    )
    write(folder, encode=look + COPY)
    create("command:it").encode(noise(100))
    mode, _, path = note.read_text().partition(" ")
    assert mode == "700"
    assert Path(path).parent == Path(tempfile.gettempdir()).resolve()
    assert not Path(path).exists()


def test_no_shell_reads_the_command(folder: Path) -> None:
    write(folder)
    text = (folder / "it.toml").read_text()
    (folder / "it.toml").write_text(text.replace("{output}", "{output} ; touch $HOME/x > y", 1))
    create("command:it").encode(noise(100))
    assert sorted(path.name for path in folder.iterdir()) == ["decode.py", "encode.py", "it.toml"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("bitrate = 3", "bitrate: no such key; there are encode, decode, sample_rate_hz"),
        ("chanels = 1", "chanels: no such key; did you mean channels?"),
        ("path = 'x'", "path: no such key"),
        ("channels = 9", "channels: must be a whole number from 1 to 8, not 9"),
        ("channels = true", "channels: must be a whole number from 1 to 8, not True"),
        ("sample_rate_hz = 16e3", "sample_rate_hz: must be a whole number of Hz from 1000"),
        ("sample_rate_hz = 999", "sample_rate_hz: .* to 768000, not 999"),
        ("delay_samples = -1", "delay_samples: must be a whole number of samples from 0 .* not -1"),
        ("timeout_s = 0", "timeout_s: must be a number of seconds above 0, up to 86400, not 0"),
        ("timeout_s = inf", "timeout_s: .* not inf"),
        ("timeout_s = nan", "timeout_s: .* not nan"),
        ("timeout_s = true", "timeout_s: .* not True"),
        ("licence = 2", "licence: must be text in quotes, not 2"),
        ("coded_suffix = '/../x'", "coded_suffix: must be the end of a file name, .*'/../x'"),
        ('reference = "a\\u0000b"', "reference: holds a NUL character"),
        ("channels =", "cannot be read as TOML"),
    ],
)
def test_mistakes_in_the_file_are_named(folder: Path, line: str, message: str) -> None:
    write(folder, more=line)
    with pytest.raises(InputError, match=rf"it\.toml: {message}"):
        create("command:it")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            "cp {input} x",
            "encode: must be .* {output} is not among the arguments of 'cp {input} x'",
        ),
        ("", "encode: must be a command line, .* {input} is not among the arguments of ''"),
        ("{input} {output}", "encode: must be .* {input} is not among"),
        ("cp 'a {input} {output}", "encode: .* cannot be split into words"),
    ],
)
def test_mistakes_in_a_command_are_named(folder: Path, command: str, message: str) -> None:
    (folder / "it.toml").write_text(f'encode = "{command}"\ndecode = "cp {{input}} {{output}}"\n')
    with pytest.raises(InputError, match=message):
        create("command:it")


def test_what_is_missing_names_the_remedy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownCodecError, match=r"it\.toml does not exist; command files in.*none"):
        create("command:it")
    (folder / "it.toml").write_text('encode = "no-such-tool {input} {output}"\n')
    with pytest.raises(InputError, match="decode: is missing; it is a command line"):
        create("command:it")
    command = "no-such-tool {input} {output}"
    (folder / "it.toml").write_text(f'encode = "{command}"\ndecode = "{command}"\n')
    with pytest.raises(UnavailableError, match="needs the program no-such-tool; install it"):
        create("command:it")
    monkeypatch.delenv("CODECMARK_COMMANDS")
    with pytest.raises(UnknownCodecError, match="environment variable CODECMARK_COMMANDS"):
        create("command:it")


@pytest.mark.parametrize(
    ("name", "program", "rate_hz", "kbps", "floor_db"),
    [("speex-q6", "speexenc", 16_000, 21.8, 6.0), ("gsm", "sox", 8_000, 13.2, 9.0)],
)
def test_the_guides_examples(
    name: str, program: str, rate_hz: int, kbps: float, floor_db: float,
    folder: Path, speech: AudioClip,
) -> None:  # fmt: skip
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    guide = (REPOSITORY / "CONTRIBUTING.md").read_text()
    example = guide.partition(f"# {name}.toml\n")[2].partition("```")[0]
    (folder / f"{name}.toml").write_text(example)
    codec = create(f"command:{name}")
    stream = codec.encode(speech)
    time.sleep(1.1)  # speexenc draws the serial number of its Ogg files by the clock's seconds
    assert codec.encode(speech) == stream
    decoded = codec.decode(stream).samples
    assert codec.info.sample_rate_hz == rate_hz
    assert find_lag(speech.samples, decoded).lag_samples == 0
    assert snr_db(speech.samples, decoded, 16_000) > floor_db
    assert 8 * len(stream) / speech.duration_s / 1_000 == pytest.approx(kbps, abs=0.1)


def test_what_a_program_leaves_in_the_background_ends_with_it(folder: Path, tmp_path: Path) -> None:
    note = tmp_path / "child"
    leave = (
        "import pathlib, shutil, subprocess; child = subprocess.Popen(['sleep', '60']); "
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid)); "
        "shutil.copy(sys.argv[1], sys.argv[2])"
    )
    write(folder, encode=leave)
    create("command:it").encode(noise(100))
    wait_for_the_end_of(int(note.read_text()))
