"""Long recordings: known answers of codecs whose drift, delay and run-up are known."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from codecmark import catalog
from codecmark.__main__ import main
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec, CodecInfo
from codecmark.networks.setup import Setup
from codecmark.studies import long_form, long_form_page
from codecmark.studies.long_form import EXACT_DB, LongForm
from entries import noise
from places import COMMITTED

SETUP = Setup.from_environment()


class Drifting(Codec):
    """Halves the sound after the first minute, and is late by five samples from there on."""

    info = CodecInfo(
        spec="drifting", family="drifting", algorithmic_delay_samples=0, licence="-", reference="-"
    )

    def encode_payload(self, clip: AudioClip) -> bytes:
        return clip.samples.tobytes()

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        samples = np.frombuffer(payload, np.float32).reshape(header.channels, -1).copy()
        late = np.roll(samples, 5, axis=1)
        samples[:, 60 * 16_000 :] = 0.5 * late[:, 60 * 16_000 :]
        return samples


@pytest.fixture(scope="module")
def minute() -> AudioClip:
    return noise(60 * 16_000, seed=1)


def test_what_changes_after_a_minute_is_seen(minute: AudioClip) -> None:
    found = long_form.coded(Drifting(), minute, 180)
    assert found.snr_db[0] == EXACT_DB
    assert found.snr_db[1] == pytest.approx(found.snr_db[2], abs=0.1)
    assert found.snr_db[2] < 0
    assert found.moved_samples == 5
    assert found.bitrate_kbps == pytest.approx(16 * 32, rel=1e-3)
    page = long_form_page.markdown([found])
    assert "| `drifting` | 3 min | 512.00 |" in page
    assert "from the start" in page


def test_lossless_is_exact_in_every_minute(minute: AudioClip) -> None:
    found = long_form.coded(catalog.create("flac", SETUP), minute, 120)
    assert found.snr_db in {(EXACT_DB, EXACT_DB), (found.snr_db[0], found.snr_db[0])}
    assert found.snr_db[0] > 90  # 16 bits of a sound of floats
    assert found.moved_samples == 0


def test_a_codec_of_packets_begins_in_the_middle(minute: AudioClip) -> None:
    found = long_form.coded(catalog.create("lc3@32k", SETUP), minute, 60)
    assert found.run_up_s is not None
    assert 0 < found.run_up_s <= 0.03  # its overlap is below a frame of 10 ms
    assert f"{1_000 * found.run_up_s:.0f} ms" in long_form_page.markdown([found])


def test_parts_that_stand_alone_are_named() -> None:
    spec = "mel:16k-64+wave@snr10"
    page = long_form_page.markdown([LongForm(spec=spec, seconds=60, snr_db=(9.0,), segment_s=60)])
    assert "by minutes" in page


def test_the_minute_has_every_class() -> None:
    minute = long_form.minute()
    assert (minute.sample_rate_hz, minute.channels, minute.n_samples) == (16_000, 1, 960_000)


def test_it_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, int]] = []

    def measure(spec: str, seconds: int, _setup: Setup) -> LongForm:
        asked.append((spec, seconds))
        failed = spec == "flac" and len(asked) < 4
        if failed:
            return LongForm(spec=spec, seconds=seconds, error="the process was killed")
        return LongForm(spec=spec, seconds=seconds, snr_db=(1.0,))

    monkeypatch.setattr(long_form, "measure", measure)
    command = ["longform", "--codecs", "pcm16,flac", "--minutes", "1,2", "--out", str(tmp_path)]
    assert main(command) == 1
    assert "flac, 1 min: the process was killed" in capsys.readouterr().out
    assert asked == [("pcm16", 60), ("flac", 60), ("pcm16", 120), ("flac", 120)]
    assert main(command) == 0
    assert asked[4:] == [("flac", 60)]
    assert "`flac`" in (tmp_path / "long_form.md").read_text()


@pytest.mark.parametrize("minutes", ["0", "121", "one", "1.5", ""])
def test_lengths_are_checked(
    minutes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["longform", "--minutes", minutes, "--out", str(tmp_path)]) == 2
    assert "no whole number from 1 to 120" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_committed_page_is_that_of_its_figures() -> None:
    figures = (COMMITTED / "long_form.json").read_bytes()
    measured = msgspec.json.decode(figures, type=list[LongForm])
    page = (COMMITTED / "long_form.md").read_text(encoding="utf-8")
    assert page == long_form_page.markdown(measured)
    assert {(each.spec, each.seconds) for each in measured} >= {
        (spec, seconds) for spec in long_form.SPECS for seconds in long_form.LENGTHS_S
    }
