"""Codecs on the command line: wrong ones end with exit status 2, families expand and explain."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest

from audio_on_disk import put
from codecmark.__main__ import main
from codecmark.results import store
from places import TESTS

PLUGIN = TESTS / "data" / "plugin"


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    put(tmp_path / "clips" / "music" / "a.wav", seconds=0.2)
    return tmp_path / "clips"


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("flac,opus@900k", "codecmark: spec: opus@900k: bitrate must be 6k to 256k"),
        ("opus@", "codecmark: spec: 'opus@' is not of the form"),
        ("opsu", "codecmark: no codec named 'opsu'; did you mean opus"),
        ("command:nothing", "does not exist"),
    ],
)
def test_a_wrong_spec_ends_a_run_before_it_begins(
    tmp_path: Path, clips: Path, spec: str, message: str, dry: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = tmp_path / "out"
    options = ["run", "--codecs", spec, "--corpus", str(clips), "--out", str(out), *dry]
    assert main(options) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_a_family_without_defaults_runs_all_that_it_has(
    clips: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    options = ["--corpus", str(clips), "--out", str(tmp_path / "out"), "--dry-run"]
    assert main(["run", "--codecs", "pcm,command", *options]) == 0
    shown = capsys.readouterr().out
    assert "pcm@8bit: 1 clip\npcm@12bit: 1 clip\ncommand:top-byte: 1 clip\n" in shown
    assert "3 rows of 3 codecs are missing" in shown


def test_clips_left_out_for_one_reason_share_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for index in range(9):
        put(tmp_path / "clips" / f"low{index}.wav", seconds=0.1, rate_hz=8_000)
    put(tmp_path / "clips" / "music" / "a.wav", seconds=0.1)
    options = ["--corpus", str(tmp_path / "clips"), "--out", str(tmp_path / "out"), "--dry-run"]
    assert main(["run", "--codecs", "flac", *options]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "not used" in line]
    assert lines == [
        "not used: 9 clips (low0.wav, low1.wav, low2.wav and 6 more): native rate 8000 Hz is below "
        "the 16000 Hz that 16k-mono asks for"
    ]


def test_a_family_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "opus"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"@RATEk +bitrate in kbit/s, 6k to 256k", shown)
    assert "opus@128k" in shown
    assert "flac" not in shown
    assert main(["list", "command"]) == 0
    assert "command:top-byte" in capsys.readouterr().out
    assert main(["list", "opsu"]) == 2
    assert "did you mean opus" in capsys.readouterr().err


def test_a_family_of_networks_is_explained_without_torch_and_at_once() -> None:
    program = (
        "import sys; from codecmark.__main__ import main; main(['list', 'encodec']);"
        "sys.exit('torch' in sys.modules)"
    )
    seconds = []
    for _ in range(3):
        start = perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )
        seconds.append(perf_counter() - start)
        assert done.returncode == 0, done.stderr
        assert ":MODEL" in done.stdout
    assert min(seconds) < 3  # 1.5 where nothing else works


def test_check_holds_codecs_to_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "pcm16", "command:top-byte"]) == 0
    shown = capsys.readouterr().out
    assert "pcm16: keeps all" in shown
    assert "command:top-byte: keeps all" in shown


def test_check_takes_a_class_from_the_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(PLUGIN)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert main(["check", "mulaw_codec:MuLawCodec"]) == 0
    assert "mulaw: keeps all" in capsys.readouterr().out
    assert main(["check", "mulaw_codec:MuLawCodec", "--spec", "mulaw@8k"]) == 2
    assert "mulaw takes no setting" in capsys.readouterr().err
    assert main(["check", "mulaw_codec:Nothing"]) == 2
    assert "cannot be imported (AttributeError" in capsys.readouterr().err


BROKEN = '''
from codecmark.classic.pcm import Pcm16Codec


class Forgetful(Pcm16Codec):
    """Codes nothing of the second half."""

    @classmethod
    def from_spec(cls, spec, setup):
        return cls()

    def encode_payload(self, clip):
        return super().encode_payload(clip)[: clip.n_samples]


class Listless(Forgetful):
    """Lists no texts, and ends the program that builds it."""

    catalog_specs = 5

    @classmethod
    def from_spec(cls, spec, setup):
        raise SystemExit("gone")
'''


def test_check_names_what_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "forgetful_codec.py").write_text(BROKEN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert main(["check", "forgetful_codec:Forgetful"]) == 2
    assert "has no catalog_specs; say what to build with --spec" in capsys.readouterr().err
    assert main(["check", "forgetful_codec:Forgetful", "--spec", "pcm16"]) == 1
    assert "pcm16: FAIL: " in capsys.readouterr().out
    assert main(["check", "forgetful_codec:Listless"]) == 2
    assert "catalog_specs is 5; it must be a tuple of specs" in capsys.readouterr().err
    assert main(["check", "forgetful_codec:Listless", "--spec", "pcm16"]) == 2
    assert "raised SystemExit: gone" in capsys.readouterr().err
    assert not store.run_ids(tmp_path)
