"""What compares files tells no listener which sound is the reference, and sounds do not change."""

from __future__ import annotations

import base64
import io
import re
import wave
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import soundfile
from msgspec.structs import replace
from numpy.typing import NDArray

from codecmark.errors import InputError
from codecmark.listen import design as designs
from codecmark.listen import offline
from codecmark.listen.design import Design
from codecmark.listen.journal import Journal
from codecmark.listen.last_bits import varied
from codecmark.listen.turns import Turn
from listening_tests import Client, planned, served


def samples(data: bytes) -> NDArray[np.int16]:
    values: NDArray[np.int16] = soundfile.read(io.BytesIO(data), dtype="int16")[0]
    return values


def heard(design: Design, session: str) -> Turn:
    with Journal(design) as journal:
        (turn,) = journal.turns(session).values()
    return turn


@pytest.mark.parametrize("method", ["mushra", "abx"])
def test_no_two_sounds_of_a_page_are_the_same_file(tmp_path: Path, method: str) -> None:
    options = {"specs": ("pcm@8bit",), "pages_each": 1} if method == "abx" else {}
    design = planned(tmp_path / "t", method, clips=1, **options)  # type: ignore[arg-type]
    with served(design) as server:
        client = Client(server)
        state = client.join()
        (page,) = state["pages"]
        places = [*map(str, range(page["items"])), *(["reference"] if page["reference"] else [])]
        files = {place: client.raw(f"/api/audio/{page['page']}/{place}")[1] for place in places}
        assert len(set(files.values())) == len(places)
        assert len({len(data) for data in files.values()}) == 1
        again = client.raw(f"/api/audio/{page['page']}/0")[1]
        assert again == files["0"]  # or a mean of many would be the sound itself
        other = Client(server)
        assert other.raw(f"/api/audio/{other.join()['pages'][0]['page']}/0")[1] != files["0"]
    turn = heard(design, state["session"])
    for place, data in files.items():
        name = turn.reference if place == "reference" else turn.items[int(place)]
        planned_samples = samples(design.sound(str(name))).astype(int)
        changed = samples(data).astype(int) - planned_samples
        assert np.abs(changed).max() == 1
        assert np.mean(changed != 0) == pytest.approx(1 / 16, abs=0.01)
        level_db = 10 * np.log10(np.mean((changed / 32_768) ** 2))
        assert level_db < -101  # of rounding to 16 bits


def test_the_loudest_samples_stay_in_range() -> None:
    values = np.array([32_767, -32_768] * 500, np.int16)
    file = io.BytesIO()
    soundfile.write(file, values, 48_000, format="WAV", subtype="PCM_16")
    changed = samples(varied(file.getvalue(), ("a",))).astype(int) - values
    assert np.abs(changed).max() == 1


def test_a_file_for_one_listener_tells_no_system_by_size_or_text(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", "mushra", clips=2)
    with Journal(design) as journal:
        (path,) = offline.make_files(journal, tmp_path / "files", 1)
        turns = list(journal.turns(journal.sessions[0].session).values())
    sounds = dict(re.findall(r'id="sound-([\w-]+)">([\w+/=]+)<', path.read_text()))
    assert len(sounds) == sum(turn.heard for turn in turns) == 12
    assert len(set(sounds.values())) == len(sounds)
    sizes, heads = defaultdict(set), defaultdict(set)
    for name, text in sounds.items():
        page, place = name.split("-")
        turn = turns[int(page)]
        stimulus = str(turn.reference if place == "reference" else turn.items[int(place)])
        data = base64.b64decode(text)
        assert data[:4] == b"RIFF"  # what compresses holds its sizes in its frames
        heads[page].add(data[:44])
        sizes[page].add(len(data))
        changed = samples(data).astype(int) - samples(design.sound(stimulus))
        assert np.abs(changed).max() == 1
    assert [len(each) for each in sizes.values()] == [1, 1]
    assert [len(each) for each in heads.values()] == [1, 1]


def test_bits_of_a_test_without_a_secret_cannot_be_drawn_again(tmp_path: Path) -> None:
    """As tests were planned before keys had one: a file holds everything else that they hang on."""
    made = planned(tmp_path / "t", "mushra", clips=1)
    design = designs.write(made.folder, made.plan, replace(made.key, secret=""))
    with Journal(design) as journal:
        (path,) = offline.make_files(journal, tmp_path / "files", 1)
        session = journal.sessions[0].session
        (turn,) = journal.turns(session).values()
    sounds = dict(re.findall(r'id="sound-([\w-]+)">([\w+/=]+)<', path.read_text()))
    for place, stimulus in enumerate(turn.items):
        name = f"0-{place}"
        guessed = varied(design.sound(stimulus), ("", session, name))
        assert np.any(samples(base64.b64decode(sounds[name])) != samples(guessed))


def wav(bits: int, frames: int) -> bytes:
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setparams((1, bits // 8, 48_000, 0, "NONE", ""))
        file.writeframes(b"\1" * (bits // 8) * frames)
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"file \(cut off"), (b"hello", r"file \(cut off"), (wav(16, 9)[:-1], "no WAV"),
        (wav(16, 9)[:40], "no WAV"), (wav(8, 10), "8 bits"), (wav(24, 10), "24 bits"),
    ],
    ids=["empty", "text", "odd", "cut", "8 bits", "24 bits"],
)  # fmt: skip
def test_a_sound_of_another_form_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=f"abc: .*{message}"):
        varied(data, ("a",), "abc")
