"""A test handed to webMUSHRA, and what it writes taken back."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import soundfile

from codecmark.__main__ import main
from codecmark.errors import InputError
from codecmark.listen import collect, entries, webmushra
from codecmark.listen.design import Design
from codecmark.listen.journal import Journal
from codecmark.listen.webmushra_answers import take
from listening_tests import planned

TRUTH = {"reference": 100, "lowpass@3.5k": 40, "lowpass@2k": 20, "pcm@8bit": 80, "noise@20db": 60}


def exported(design: Design, folder: Path) -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="no PyYAML here: pip install pyyaml")
    path = webmushra.export(design, folder)
    assert path == folder / "configs" / f"{webmushra.name_of(design)}.yaml"
    config: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return config


def trials(config: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    flat = [one for page in config["pages"] for one in (page if isinstance(page, list) else [page])]
    return [page for page in flat if page != "random" and page["type"] == kind]


def write(path: Path, columns: str, lines: Iterable[Iterable[object]]) -> Path:
    """As `service/write.php` of webMUSHRA does, with its questionnaire of two."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["session_test_id", "pseudonym", "headphones", *columns.split(",")])
        writer.writerows(lines)
    return path


def mushra_csv(path: Path, design: Design, config: Mapping[str, Any], uuid: str) -> Path:
    lines = [
        [config["testId"], "otter", "yes", uuid, trial["id"], name,
         TRUTH["reference" if name == "reference" else design.key.stimuli[name].system], 9000,
         "hm, <b>"]
        for trial in trials(config, "mushra")
        for name in ["reference", *trial["stimuli"]]
    ]  # fmt: skip
    columns = "session_uuid,trial_id,rating_stimulus,rating_score,rating_time,rating_comment"
    return write(path, columns, lines)


def test_a_mushra_test_goes_out_and_comes_back(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", training=True)
    config = exported(design, tmp_path / "out")
    pages = trials(config, "mushra")
    assert [page["id"].startswith("training-") for page in pages] == [True, False, False]
    assert config["pages"][3][0] == "random"
    for page in pages:
        assert (page["createAnchor35"], page["createAnchor70"], page["strict"]) == (0, 0, 1)
        assert len(page["stimuli"]) == 4  # the reference is hidden among them by webMUSHRA
        files = [page["reference"], *page["stimuli"].values()]
        assert len({soundfile.info(tmp_path / "out" / file).frames for file in files}) == 1
    text = str(config)
    assert not [name for name in (*TRUTH, "clip0", "speaker0") if name in text.replace(
        "'reference'", "").replace("the reference", "").replace("compared with", "")
        and name != "reference"]  # fmt: skip
    answers = mushra_csv(tmp_path / "mushra.csv", design, config, "0f-1")
    with Journal(design) as journal:
        own = journal.join("beaver")
        for turn in journal.turns(own.session).values():
            values = [TRUTH[design.key.stimuli[name].system] for name in turn.items]
            journal.answer(own.session, turn.page, values, [1.0] * turn.heard)
        assert take(journal, answers) == (1, 3, 0)
    with Journal(design) as journal:  # a file that comes twice counts once
        assert take(journal, answers) == (1, 0, 3)
    listening = collect.ratings(design, *entries.read(design))
    assert listening.listeners == ("beaver", "webmushra 0f-1")
    assert len(listening.ratings) == 2 * 2 * 5  # training does not count
    assert all(rating.value == TRUTH[rating.system] for rating in listening.ratings)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("codecmark-", "other-", "is another test"),
        (",80,", ",101,", "is no whole number"),
        (",80,", ",80.5,", "is no whole number"),
        (",80,", ",eighty,", "is no number"),
        (",reference,100", ",anchor35,100", "has no 'anchor35'"),
        ("rating_score", "score", "no column 'rating_score'"),
        (",u1,", ",otter@sea.example,", "is no pseudonym"),
        (",u1,", ",otter\uff20sea.example,", "is no pseudonym"),
        (",9000,", ",-9000,", "is no time"),
        (",9000,", ",1e300,", "is no time"),
    ],
)
def test_what_is_no_answer_to_it_is_refused_and_nothing_kept(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    design = planned(tmp_path / "t", clips=1)
    path = mushra_csv(tmp_path / "mushra.csv", design, exported(design, tmp_path / "out"), "u1")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with Journal(design) as journal, pytest.raises(InputError) as error:
        take(journal, path)
    assert message in str(error.value)
    assert entries.read(design) == ([], [])


def test_a_page_without_all_its_answers_or_with_two_is_refused(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", clips=1)
    path = mushra_csv(tmp_path / "mushra.csv", design, exported(design, tmp_path / "out"), "u1")
    whole = path.read_text().splitlines(keepends=True)
    with Journal(design) as journal:
        path.write_text("".join(whole[:-1]))
        with pytest.raises(InputError, match="has no answer"):
            take(journal, path)
        path.write_text("".join([*whole, whole[1].replace(",100,", ",90,")]))
        with pytest.raises(InputError, match="in two ways"):
            take(journal, path)
        path.write_text("".join(whole))
        take(journal, path)
        path.write_text("".join(whole).replace(",100,", ",90,"))
        with pytest.raises(InputError, match="taken in before with other values"):
            take(journal, path)


def test_acr_by_single_likert_stimuli(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", "acr", clips=1, training=True, pages_each=3)
    config = exported(design, tmp_path / "out")
    training, page = trials(config, "likert_single_stimulus")
    assert (training["id"], page["id"], page["maxStimuli"]) == ("training", "acr", 3)
    assert [each["value"] for each in page["response"]] == [5, 4, 3, 2, 1]
    lines = [
        [config["testId"], "otter", "no", trial["id"], 4, name, 3000]
        for trial in (training, page)
        for name in list(trial["stimuli"])[:3]
    ]
    path = write(tmp_path / "lss.csv", "trial_id,stimuli_rating,stimuli,rating_time", lines)
    with Journal(design) as journal:
        assert take(journal, path) == (1, 6, 0)
    listening = collect.ratings(design, *entries.read(design))
    assert [rating.value for rating in listening.ratings] == [4, 4, 4]
    assert collect.unfinished(design, *entries.read(design)) == []


def test_abx_by_paired_comparison(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", "abx", clips=1)
    config = exported(design, tmp_path / "out")
    pages = trials(config, "paired_comparison")
    lines = [
        [config["testId"], "otter", "no", page["id"], "reference", *page["stimuli"], answer, 10, ""]
        for page, answer in zip(pages, ["correct", "incorrect", "correct"], strict=True)
    ]
    columns = "trial_id,choice_reference,choice_non_reference,choice_answer,choice_time"
    path = write(tmp_path / "pc.csv", f"{columns},choice_comment", lines)
    with Journal(design) as journal:
        assert take(journal, path) == (1, 3, 0)
    choices = collect.choices(design, *entries.read(design))
    assert [each.chosen == each.truth for each in choices] == [True, False, True]
    assert {each.truth for each in choices} == {"reference"}
    path.write_text(path.read_text().replace("incorrect", "undecided"))
    with Journal(design) as journal, pytest.raises(InputError, match="is no choice"):
        take(journal, path)


@pytest.mark.parametrize("method", ["dcr", "ab"])
def test_what_webmushra_has_no_page_for_is_not_exported(tmp_path: Path, method: Any) -> None:
    design = planned(tmp_path / "t", method, clips=1)
    with pytest.raises(InputError, match="webMUSHRA"):
        webmushra.export(design, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_title_is_text_and_no_page(tmp_path: Path) -> None:
    """WebMUSHRA puts names and contents into its page as they are."""
    from msgspec.structs import replace

    design = planned(tmp_path / "t", clips=1)
    hostile = '<img src=x onerror="a">\n- b: {c'
    design = replace(design, plan=replace(design.plan, title=hostile))
    config = exported(design, tmp_path / "out")
    assert config["testname"] == "&lt;img src=x onerror=&quot;a&quot;&gt;\n- b: {c"


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    design = planned(tmp_path / "t", clips=2, pages_each=1)
    assert main(["listen", "export", str(design.folder)]) == 0
    assert "gives every listener all 2 pages, not 1" in capsys.readouterr().out
    config = exported(design, tmp_path / "again")
    path = mushra_csv(tmp_path / "mushra.csv", design, config, "u1")
    assert main(["listen", "import", str(design.folder), str(path)]) == 0
    assert "1 listener: 2 pages new, 0 known" in capsys.readouterr().out
    assert main(["listen", "results", str(design.folder)]) == 0
    assert "screening passed: 1 of 1 listener" in capsys.readouterr().out
