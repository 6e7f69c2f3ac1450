"""`codecmark run` and `merge`: what they print, load and store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from codecmark.__main__ import main
from codecmark.results import store
from codecmark.run.planned_clip import PlannedClip
from small_runs import planned, two_clips, work


@pytest.fixture
def clips(tmp_path: Path) -> list[PlannedClip]:
    return two_clips(tmp_path / "corpus")


def test_dry_run_measures_nothing_and_estimates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], clips: list[PlannedClip]
) -> None:
    options = ["run", "--codecs", "pcm16,flac", "--corpus", str(clips[0].entry.path.parent),
               "--out", str(tmp_path), "--engine", "in-process", "--workers", "1"]  # fmt: skip
    assert main([*options, "--dry-run"]) == 0
    assert "no earlier row to estimate from: pcm16, flac" in capsys.readouterr().out
    assert not store.run_ids(tmp_path)
    assert main(options) == 0
    assert "4 rows ok" in capsys.readouterr().out
    assert main(options) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert main([*options, "--dry-run", "--new"]) == 0
    out = capsys.readouterr().out
    assert "4 rows of 2 codecs are missing" in out
    assert "about 0:00:0" in out


def test_a_rerun_loads_no_torch(tmp_path: Path, clips: list[PlannedClip]) -> None:
    work(planned(clips, tmp_path, "pcm16", "mel:16k-64/spsi"), tmp_path)
    program = (
        "import sys; from codecmark.__main__ import main;"
        f"main(['run', '--codecs', 'pcm16,mel:16k-64/spsi', '--out', {str(tmp_path)!r},"
        f"'--corpus', {str(clips[0].entry.path.parent)!r}]);"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stdout


def test_shards_join_to_the_rows_of_one_run_however_often(
    tmp_path: Path, clips: list[PlannedClip], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["run", "--codecs", "pcm16,flac", "--corpus", str(clips[0].entry.path.parent),
               "--engine", "in-process", "--workers", "1", "--no-timing", "--out"]  # fmt: skip
    assert main([*options, str(tmp_path / "whole")]) == 0
    for shard in ("1/2", "2/2"):
        assert main([*options, str(tmp_path / "parts"), "--shard", shard]) == 0
    capsys.readouterr()
    for added in (4, 0):
        assert main(["merge", str(tmp_path / "parts")]) == 0
        assert f"{added} rows added" in capsys.readouterr().out
    whole, joined = (
        {(row.key, row.snr_db, row.visqol_mos_lqo) for row in store.read(tmp_path / name)}
        for name in ("whole", "parts")
    )
    assert len(whole) == 4
    assert joined == whole
    assert main([*options, str(tmp_path / "parts")]) == 0  # what is joined is done
    assert "nothing to do" in capsys.readouterr().out
