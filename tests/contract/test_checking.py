"""Specs are held against what codecs take before anything runs, and the words about it are true."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from codecmark import InputError, UnknownCodecError, catalog
from codecmark.catalog import checking
from codecmark.catalog.families import FAMILIES
from codecmark.catalog.settings import SETTINGS
from codecmark.networks.setup import Setup
from places import TESTS

SETUP = Setup(command_folder=TESTS / "data" / "commands")
WRONG = [
    ("opus@900k", "bitrate must be 6k to 256k"),
    ("opus@5.9k", "bitrate must be 6k to 256k"),
    ("mp3@321k", "bitrate must be 8k to 320k"),
    ("opus@12k-vbr-30ms", "after its bitrate opus takes vbr"),
    ("mp3@33k", "MP3 has no such bitrate"),
    ("mp3@v10", "from mp3@v0, the best, to mp3@v9"),
    ("aac@7k", "bitrate must be 8k to 512k"),
    ("vorbis@q11", "quality from q0 to q10"),
    ("vorbis@q2.5", "quality from q0 to q10"),
    ("lc3@15k", "bitrate must be 16k to 320k"),
    ("lowpass@21k", r"must be 0\.1k to 20k"),
    ("pcm@17bit", "must be 2bit to 16bit"),
    ("encodec:24khz@7k", "bitrate must be one of"),
    ("encodec:48khz@1.5k", "one of 3k, 6k, 12k, 24k"),
    ("dac:16khz@7k", "bitrate must be"),
    ("mimi@5k", "bitrate must be"),
    ("audioldm2:music/hifigan@int3", "coding 'int3'"),
    ("mel:22k-80/hifigan-22k+consistent-x", "is not a vocoder"),
    ("mel:16k-64+wave@snr31", "SNR must be snr1 to snr30"),
    ("mel:16k-64+wave@65k", "bitrate must be 2k to 64k"),
    ("audioldm2:huge/hifigan", "checkpoint must be one of"),
    ("opus@24k~openvino", "a backend or dtype runs"),
    ("flac~cpu", "no network to put on a device"),
    ("oobleck:stable-audio@f16+ac", "has no tokens to range code"),
    ("opus@24k@", "not of the form"),
]
RIGHT = [
    "opus@6k", "opus@256k", "opus@12k-vbr-60ms-voip", "mp3@v9", "mp3@8k", "mp3@320k",
    "aac@8k", "aac@512k", "vorbis@q0", "vorbis@q10",
    "lc3@16k", "lc3@320k", "lowpass@0.1k", "lowpass@20k", "pcm@2bit", "pcm@16bit", "noise@3db",
    "mimi@4.4k", "neucodec+ac", "dac:44khz@8k+ac", "encodec:24khz@1.5k~openvino-bfloat16",
    "mel:16k-64/zero+griffinlim-3m0+wiener+consistent-2@q0.01", "mel:16k-64+wave@snr1-snr30",
    "mel:16k-64+wave+anchored@2k-64k", "audioldm2:user-80-256/pghi+admm-2@int8",
    "mmaudio:44k/spsi", "ltx2:2.0/griffinlim-3",
]  # fmt: skip


@pytest.mark.parametrize(("spec", "message"), WRONG)
def test_what_no_codec_takes_is_refused(spec: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        checking.selected(spec, SETUP)


@pytest.mark.parametrize("spec", RIGHT)
def test_what_the_words_promise_is_taken(spec: str) -> None:
    assert checking.selected(spec, SETUP) == (spec,)


def test_every_family_and_no_other_is_explained() -> None:
    assert list(SETTINGS) == list(FAMILIES)


def test_each_listed_part_of_a_family_is_explained() -> None:
    for name in FAMILIES:
        words = " ".join(f"{part} {meaning}" for part, meaning in SETTINGS[name])
        for spec in catalog.listed(name) if name not in ("command", "replay") else ():
            assert "@" not in spec or "@" in words, spec
            assert ":" not in spec or ":" in words, spec
            assert not spec.endswith("+ac") or "+ac" in words, spec
            assert "#" not in spec or "#" in words, spec


def test_a_command_file_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(UnknownCodecError, match="did you mean top-byte"):
        checking.selected("command:top-bite", SETUP)
    with pytest.raises(InputError, match=r"no NAME\.toml in"):
        checking.selected("command", Setup(command_folder=tmp_path))
    with pytest.raises(UnknownCodecError, match="set the environment variable CODECMARK_COMMANDS"):
        checking.selected("command", Setup())


def test_listed_networks_are_checked_without_torch() -> None:
    program = (
        "import sys; from codecmark.catalog import checking; "
        "from codecmark.networks.setup import Setup; "
        "checking.selected(None, Setup(), everything=True); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == 0
