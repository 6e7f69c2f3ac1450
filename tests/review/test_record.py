"""The record: what it says first, what it keeps, and that nothing in it can act."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codecmark import InputError, review
from codecmark.review import files
from codecmark.review.options import Option
from codecmark.review.record import markdown
from codecmark.review.requirements import Requirements
from reviewed import MOS, SNR, asked, changed, codec


def written(folder: Path, requirements: Requirements | None = None) -> Path:
    decision = review.decide(codec("opus@16k"), requirements or asked(SNR, MOS))
    return files.write(decision, "requirements.toml", folder)


def test_the_record_begins_with_choice_margins_and_risk(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert path.name == "0001-a-codec.md"
    head = path.read_text().partition("## Context and Problem Statement")[0]
    assert "status: proposed\ndate: 2026-01-02\n" in head
    assert "**Recommended, provisionally: Opus, as `opus@16k` at [16.0 kbit/s][1].**" in head
    assert "| SNR (hard) | mean SNR &gt; 10 dB | [15.0 ±0.2 dB][3] | +5.0 | +4.8 | PASS |" in head
    assert "| `opus@16k`, **recommended**, " in head
    assert "**Largest risk**: MOS is predicted, not heard" in head


def test_the_record_names_the_requirements_where_they_are(tmp_path: Path) -> None:
    decision = review.decide(codec("opus@16k"), asked(SNR, MOS))
    text = files.write(decision, "own/asked.toml", tmp_path).read_text()
    assert "--require own/asked.toml`" in text
    assert "Made by `codecmark review own/asked.toml`" in text


def test_regeneration_keeps_what_people_wrote_and_nothing_else(tmp_path: Path) -> None:
    path = written(tmp_path)
    first = path.read_text()
    assert written(tmp_path).read_text() == first
    marks = "<!-- hand-written: context -->\n{}\n<!-- /hand-written: context -->"
    ask = "*Nothing is written here yet.*"
    ours = first.replace(marks.format(ask), marks.format("By us | <b>, 5 > 4.\n\n- and a list"))
    own = "<!-- hand-written: mine -->\nA part of our own.\n<!-- /hand-written: mine -->"
    path.write_text(f"{ours.replace('PASS', 'FAIL')}\n{own}\n")
    assert written(tmp_path) == path
    again = path.read_text()
    assert "By us | <b>, 5 > 4.\n\n- and a list" in again
    assert own in again
    assert "FAIL" not in again
    assert written(tmp_path).read_text() == again


@pytest.mark.parametrize(
    ("old", "complaint"),
    [
        ("<!-- hand-written: a -->\nx\n", "'a' has no end"),
        ("<!-- /hand-written: a -->\n", "'a' are not a pair"),
        ("<!-- hand-written: a -->\n<!-- hand-written: b -->\n", "'b' are not a pair"),
        ("<!-- hand-written: a -->\n<!-- /hand-written: a -->\n" * 2, "'a' is there twice"),
        ("# Somebody's own record\n", "was not written by a review"),
    ],
)
def test_what_people_wrote_is_never_lost(tmp_path: Path, old: str, complaint: str) -> None:
    path = tmp_path / "decisions" / "0001-a-codec.md"
    path.parent.mkdir()
    path.write_text(old)
    with pytest.raises(InputError, match=complaint):
        written(tmp_path)
    assert path.read_text() == old


@pytest.mark.parametrize("name", ["../0001-a-codec", "0001-../../x", "..", "/etc/0001-x", "notes"])
def test_a_record_supersedes_only_records_of_its_folder(tmp_path: Path, name: str) -> None:
    for outside in (tmp_path / "results", tmp_path / "results" / "decisions"):
        outside.mkdir(exist_ok=True)
        (outside / "0001-a-codec.md").write_text("status: x\n")
        (outside / "notes.md").write_text("status: x\n")
    newer = changed(asked(SNR), title="A better codec", supersedes=(name,))
    with pytest.raises(InputError, match="supersedes: no record"):
        written(tmp_path / "results", newer)
    assert (tmp_path / "results" / "0001-a-codec.md").read_text() == "status: x\n"


def test_a_newer_record_supersedes_an_older_one(tmp_path: Path) -> None:
    first = written(tmp_path)
    newer = changed(asked(SNR), title="A better codec", supersedes=("0001-a-codec",))
    second = written(tmp_path, newer)
    assert second.name == "0002-a-better-codec.md"
    assert "Supersedes [0001-a-codec](0001-a-codec.md)." in second.read_text()
    status = 'status: "superseded by [0002-a-better-codec](0002-a-better-codec.md)"\n'
    assert status in first.read_text()
    kept = first.read_text()
    assert written(tmp_path).read_text() == kept
    with pytest.raises(InputError, match="no record '0009-x'"):
        written(tmp_path, changed(newer, supersedes=("0009-x",)))


@pytest.mark.parametrize("linked", ["0001-a-codec.json", "0001-a-codec.md", "0000-old.md"])
def test_a_record_is_written_through_no_link(tmp_path: Path, linked: str) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text(written(tmp_path / "elsewhere").read_text())
    was = mine.read_text()
    folder = tmp_path / "results" / "decisions"
    folder.mkdir(parents=True)
    (folder / "0000-old.md").write_text("status: x\n")
    (folder / linked).unlink(missing_ok=True)
    (folder / linked).symlink_to(mine)
    asking = changed(asked(SNR), supersedes=("0000-old",))
    if linked.endswith(".json"):
        written(tmp_path / "results", asking)
        assert not (folder / linked).is_symlink()
    else:
        with pytest.raises(InputError, match=rf"{linked}: cannot be written \(is a link"):
            written(tmp_path / "results", asking)
        assert not list(folder.glob("*.json"))
    assert mine.read_text() == was


def test_names_from_rows_and_files_are_harmless(tmp_path: Path) -> None:
    hostile = 'opus@"><script>alert(1)</script>|`\n['
    option = Option("<b>|x", "replace", "<script>|", ("opus@*",))
    decision = review.decide(codec(hostile), asked(SNR, options=[option]))
    text = markdown(decision, "requirements.toml")
    assert "<script>" not in text.replace("`opus@\"><script>alert(1)</script>\\|' [`", "")
    targets = [line for line in text.splitlines() if line.startswith("[")]
    assert targets
    for line in targets:
        assert line.count('"') == 2
        assert line.count("<") == line.count(">") == 1


def test_every_figure_of_the_tables_links_to_rows(tmp_path: Path) -> None:
    lines = written(tmp_path).read_text().splitlines()
    targets = {line.partition("]")[0]: line for line in lines if line.startswith("[")}
    assert targets["[3"] == (
        '[3]: <../rows/20260102T030405Z-1.jsonl> "spec opus@16k, field snr_db, all clips"'
    )
    cells = [cell for line in lines for cell in line.split(" | ") if line.startswith("| ")]
    verdicts = [cell for cell in cells if re.match(r"(PASS|FAIL|UNDECIDED): ", cell)]
    assert len(verdicts) >= 4
    assert all(re.match(r"[A-Z]+: \[.+\]\[\d+\]", cell) for cell in verdicts)
    used = {number for line in lines for number in re.findall(r"\]\[(\d+)\]", line)}
    assert used == {target[1:] for target in targets}
