"""The requirements file: its defaults, and what is wrong in one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from codecmark import InputError, review
from codecmark.__main__ import main
from codecmark.results import store
from codecmark.review import wording
from codecmark.review.options import Option
from codecmark.review.panel import Panel
from codecmark.review.requirement import Requirement
from codecmark.review.requirements import Requirements
from made_rows import row
from places import COMMITTED
from reviewed import SNR, asked, codec

VALID = """
title = "A codec"
question = "Which?"
[[requirement]]
name = "SNR"
metric = "snr_db"
operator = ">"
threshold = 10
[[option]]
name = "Opus"
why = "small"
specs = ["opus@*"]
"""


def loaded(folder: Path, text: str) -> Requirements:
    path = folder / "requirements.toml"
    path.write_text(text)
    return review.load(path)


def test_a_file_is_read_with_its_defaults(tmp_path: Path) -> None:
    found = loaded(tmp_path, VALID)
    assert found.requirements == (SNR,)
    assert found.options == (Option("Opus", "options", "small", ("opus@*",)),)
    assert (found.prefer, found.accepted) == (("margin", "soft", "bitrate_kbps"), None)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('title = "A codec"', "", "title: is missing; it is the title of the record"),
        ('title = "A codec"', 'title = "../.."', "title: needs a letter or digit"),
        ('title = "A codec"', 'title = "a\\nb"', "title: must be .* in one line"),
        ("threshold = 10", "", r"requirement\[1\].threshold: is missing; it is a number"),
        ("threshold = 10", "threshold = 0", "must be a number other than 0, not 0"),
        ("threshold = 10", "threshold = nan", "must be a number other than 0, not nan"),
        ("threshold = 10", "threshold = true", "must be a number other than 0, not True"),
        ("threshold = 10", 'threshold = "10"', "must be a number other than 0, not '10'"),
        (
            "threshold = 10",
            "threshold = 10\ntreshold = 1",
            r"treshold: no such key; did you mean threshold\? there are",
        ),
        (
            'metric = "snr_db"\noperator = ">"\nthreshold = 10',
            'metric = "visqol_mos_lqo"\noperator = ">="\nthreshold = 6',
            r"requirement\[1\].threshold: no codec can have ViSQOL >= 6; visqol_mos_lqo goes from",
        ),
        (
            'metric = "snr_db"\noperator = ">"\nthreshold = 10',
            'metric = "decode_rtf"\noperator = "<="\nthreshold = -1',
            "no codec can have decoding time <= -1; decode_rtf goes from 0 to inf",
        ),
        ('operator = ">"', 'operator = "<"', "snr_db is better when higher; use > or >="),
        ('operator = ">"', 'operator = "=="', "no '=='; choose <, <=, >, >="),
        (
            'metric = "snr_db"',
            'metric = "snr"',
            r"metric: no 'snr'; did you mean snr_db\? choose snr_db",
        ),
        ('metric = "snr_db"', 'metric = "estoi"\nclip_class = "music"', "estoi is for speech"),
        (
            'metric = "snr_db"',
            'metric = "visqol_mos_lqo"\nclip_class = "all"',
            "one class, or each",
        ),
        ('name = "SNR"', 'name = "SNR"\nhard = 1', r"hard: must be true or false, not 1"),
        ('name = "SNR"', 'name = "SNR"\nstatistic = "p50"', "statistic: no 'p50'"),
        (
            'name = "SNR"',
            'name = "SNR"\nstand_in = {name = "SNR", metric = "snr_db", operator = ">", '
            "threshold = 1}",
            "'SNR' is there twice",
        ),
        ('name = "SNR"', 'name = "SNR"\nstand_in = 4', "stand_in: must be a table"),
        (
            'name = "SNR"',
            'name = "SNR"\ncondition = "8k"',
            "condition: no '8k'; choose one of 8k-mono",
        ),
        ('specs = ["opus@*"]', "specs = []", "specs: is empty; name a spec"),
        ('specs = ["opus@*"]', "specs = [1]", r"specs\[1\]: must be text in quotes, not 1"),
        ('specs = ["opus@*"]', 'specs = "opus"', "specs: must be a list of texts"),
        ("[[option]]", "[option]", "option: must be a list of tables"),
        ("[[requirement]]", "[[requirment]]", r"no such key; did you mean requirement\?"),
        (VALID, VALID.partition("[[")[0], "requirement: there is none; add a table"),
        (
            'specs = ["opus@*"]',
            'specs = ["a"]\nbounds = [{requirement = "speed", limit = 1, because = "x"}]',
            r"bounds\[1\].requirement: no 'speed'; choose SNR",
        ),
        (
            'specs = ["opus@*"]',
            'specs = ["a"]\nbounds = [{requirement = "SNR", limit = [], because = "x"}]',
            "limit: must be a number or specs",
        ),
        (
            VALID,
            VALID + VALID.partition("[[option]]")[2].join(["[[option]]", ""]),
            "'Opus' is there",
        ),
        (VALID, 'prefer = ["beauty"]\n' + VALID, "prefer: no 'beauty'; choose margin"),
        (VALID, "x = ", "cannot be read as TOML"),
        (VALID, "a = " + "[" * 5_000, "cannot be read as TOML"),
        (VALID, "title = '\udcff'", "cannot be read as TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    assert old in VALID
    path = tmp_path / "requirements.toml"
    path.write_bytes(VALID.replace(old, new).encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=complaint) as error:
        review.load(path)
    assert str(path) in str(error.value)


def test_a_missing_file_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", str(tmp_path / "none.toml")]) == 2
    assert "none.toml: cannot be read as TOML" in capsys.readouterr().err


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store.append(tmp_path, codec("opus@16k"))
    path = tmp_path / "requirements.toml"
    path.write_text(VALID)
    assert main(["review", str(path), "--results", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "opus@16k: passed\n  PASS: SNR (hard): 15.0 ±0.2 dB asked > 10 dB" in shown
    assert (tmp_path / "decisions" / "0001-a-codec.md").is_file()


def test_a_requirement_may_name_a_condition_with_threads(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(VALID.replace('name = "SNR"', 'name = "SNR"\ncondition = "16k-mono-4threads"'))
    assert review.load(path).requirements[0].condition == "16k-mono-4threads"


def test_delay_memory_and_parameters_can_be_asked_for() -> None:
    rows = [
        *codec("opus@16k", algorithmic_delay_ms=26.5, peak_memory_mib=67.0, parameters=0),
        *codec("lc3@24k", peak_memory_mib=900.0, parameters=8_000_000,
               reasons={"algorithmic_delay_ms": "the codec states none"}),
    ]  # fmt: skip
    wanted = asked(
        Requirement("delay", "algorithmic_delay_ms", "<=", 40),
        Requirement("memory", "peak_memory_mib", "<", 100),
        Requirement("size", "parameters", "<=", 5),  # millions
    )
    decision = review.decide(rows, wanted)
    assert decision.recommended == "opus@16k"
    delay, memory, size = decision.candidates["lc3@24k"].findings
    assert (delay.verdict, delay.reason) == ("NO EVIDENCE", "the codec states none")
    assert (memory.verdict, size.verdict) == ("FAIL", "FAIL")
    assert (size.figure.value, wording.figure(size.figure)) == (8.0, "8.0 M")


def test_rows_of_another_condition_decide_nothing() -> None:
    with pytest.raises(InputError, match="no row of 16k-mono"):
        review.decide(codec("opus@16k", condition="48k-mono"), asked())


def test_the_shipped_requirements_are_the_target() -> None:
    path = COMMITTED / "decisions" / "requirements.toml"
    found = review.load(path)
    shown = [(r.name, r.operator, r.threshold, r.evidence, r.hard) for r in found.requirements]
    assert shown == [
        ("SNR", ">", 10, "measured", True),
        ("MOS", ">", 4, "subjective", True),
        ("ratio", ">=", 2, "measured", True),
        ("no slower than the chain's full-size vocoder", "<=", 1, "measured", False),
        ("5 s decoded in 0.3 s, on the machine of these rows", "<=", 0.06, "measured", False),
    ]
    # written out there, with the reasons
    assert found.requirements[1].panel == Panel() == review.default().requirements[1].panel


def test_rows_of_a_condition_of_another_version_are_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.append(tmp_path, [row(condition="nope|<b>")])
    assert main(["leaderboard", str(tmp_path)]) == 2
    assert "condition: no 'nope|<b>'; choose one of" in capsys.readouterr().err
