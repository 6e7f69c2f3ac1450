"""`codecmark score`: tables of decoded files become rows like any other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from codecmark import AudioClip, InputError
from codecmark.__main__ import main
from codecmark.corpus.audio_files import write_wav
from codecmark.measure.pair_list import read_pairs
from codecmark.results import store
from codecmark.results.row import ResultRow

HEADER = "reference,decoded,codec,kbps,clip,source,class,mos of the paper"


@pytest.fixture
def files(tmp_path: Path, speech: AudioClip) -> Path:
    """`ref.wav`, a quieter `near.wav`, a `far.wav` with noise, and `short.wav`."""
    rng = np.random.default_rng(0)

    def write(name: str, samples: NDArray[np.floating[Any]]) -> None:
        write_wav(tmp_path / name, AudioClip(samples.astype(np.float32), speech.sample_rate_hz))

    write("ref.wav", speech.samples)
    write("near.wav", speech.samples * 0.9)
    write("far.wav", speech.samples + 0.02 * rng.standard_normal(speech.samples.shape))
    write("short.wav", speech.samples[:, :16_000])
    return tmp_path


def table(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "pairs.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def rows(folder: Path) -> dict[str, ResultRow]:
    return {row.spec: row for row in store.read(folder)}


def test_a_table_becomes_rows_that_the_leaderboard_shows(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = table(
        files,
        "ref.wav,near.wav,mine:v2@6k,6,one,anna,speech,4.1",
        "ref.wav,far.wav,theirs@6k,,one,anna,speech,",
    )
    out = files / "out"
    assert main(["score", str(pairs), "--out", str(out), "--workers", "1"]) == 0
    assert "2 pairs scored, 0 not, 0 known" in capsys.readouterr().out
    found = rows(out)
    near, far = found["elsewhere:mine:v2@6k"], found["elsewhere:theirs@6k"]
    assert (near.weights, near.family, near.clip, near.source) == (
        "elsewhere", "elsewhere", "one", "anna",
    )  # fmt: skip
    assert near.nominal_bitrate_kbps == 6
    assert near.notes["mos of the paper"] == "4.1"
    assert near.snr_db == pytest.approx(20.0, abs=0.1)
    assert far.snr_db is not None
    assert far.pesq_wb is not None
    assert near.pesq_wb is not None
    assert far.pesq_wb < near.pesq_wb
    assert near.stream_bytes is None
    assert near.reasons["stream_bytes"].startswith("made elsewhere: the decoded sound is here")
    assert main(["leaderboard", str(out)]) == 0
    assert "elsewhere:mine:v2@6k" in capsys.readouterr().out


def test_the_same_run_gets_only_what_it_lacks(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = "ref.wav,near.wav,mine,6,one,anna,speech,"
    out = files / "out"
    assert main(["score", str(table(files, first)), "--out", str(out)]) == 0
    (run_id,) = store.run_ids(out)
    pairs = table(files, first, "ref.wav,far.wav,theirs,,one,anna,speech,")
    assert main(["score", str(pairs), "--out", str(out), "--run", run_id]) == 0
    assert "1 pair scored, 0 not, 1 known" in capsys.readouterr().out
    assert store.run_ids(out) == [run_id]
    assert set(rows(out)) == {"elsewhere:mine", "elsewhere:theirs"}


def test_what_cannot_be_scored_is_a_failed_row(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = table(
        files,
        "ref.wav,short.wav,short,,,,speech,",
        "ref.wav,nowhere.wav,lost,,,,speech,",
        "ref.wav,pipe.wav,pipe,,,,speech,",
        "ref.wav,nul\0.wav,nul,,,,speech,",
        "ref.wav,near.wav,near,,,,speech,",
    )
    os.mkfifo(files / "pipe.wav")
    out = files / "out"
    assert main(["score", str(pairs), "--out", str(out), "--workers", "1"]) == 1
    found = rows(out)
    assert "no versions of one clip" in (found["elsewhere:short"].reason or "")
    assert "does not exist" in (found["elsewhere:lost"].reason or "")
    assert "is no file that can be read" in (found["elsewhere:pipe"].reason or "")
    assert "does not exist" in (found["elsewhere:nul"].reason or "")
    assert found["elsewhere:near"].status == "ok"
    assert "1 pair scored, 4 not" in capsys.readouterr().out


def test_two_files_are_shown_and_not_stored(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(files)
    assert main(["score", "ref.wav", "near.wav"]) == 0
    shown = capsys.readouterr().out
    assert "no PESQ and no ESTOI" in shown
    assert "SI-SDR" in shown
    assert not (files / "codecmark-results").exists()


@pytest.mark.parametrize(
    ("header", "line", "problem"),
    [
        ("reference,decoded_file", "a,b", "no column 'decoded'; columns are reference, decoded"),
        (HEADER, ",far.wav,,,,,,", "line 2: reference: is empty"),
        (HEADER, "ref.wav,far.wav,,fast,,,,", "line 2: kbps: 'fast' is not a number"),
        (HEADER, "ref.wav,far.wav,,-1,,,,", "line 2: kbps: must be a rate above 0"),
        (HEADER, "ref.wav,far.wav,,,,,song,", "line 2: class: 'song'; use one of speech"),
        (HEADER, "ref.wav,far.wav,my codec,,,,,", "line 2: codec: 'my codec' cannot be a name"),
        (HEADER, "a.wav,b.wav,c,,,,,\na.wav,d.wav,c,,,,,", "'a' of c is listed more than once"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, header: str, line: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        read_pairs(table(tmp_path, line, header=header))


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lists no pairs"):
        read_pairs(table(tmp_path))


def test_three_files_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "a.wav", "b.wav", "c.wav"]) == 2
    assert "give one table or two files, not 3" in capsys.readouterr().err
