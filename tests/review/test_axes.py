"""Requirements on clips that went through more than the codec: judged by those rows alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from codecmark import InputError, review
from codecmark.__main__ import main
from codecmark.errors import ResultSchemaError
from codecmark.leaderboard.sections import sections
from codecmark.measure.impairments import naming
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.review import impaired, record, stored, wording
from codecmark.review.digest import digest
from codecmark.review.figures import Figures
from codecmark.review.files import write
from codecmark.review.gate import gate
from codecmark.review.in_force import decision_for, judged_by_condition
from codecmark.review.options import Option
from codecmark.review.requirement import Requirement
from codecmark.review.requirements_file import load
from made_rows import unavailable
from reviewed import RATIO, SNR, asked, changed, codec

LOSSY = "loss_percent=10.0,loss_pattern=gilbert-elliott,concealment=own"
THROUGH = Requirement("through loss", "pesq_wb", ">=", 3.5, axes="loss_percent=10")
OPTIONS = (
    Option("Opus", "replace", "small", ("opus@*",)),
    Option("Others", "replace", "why not", ("lc3@*", "flac", "lyra@*")),
)


def lossy(spec: str, pesq: float, axes: str = "loss_percent=10") -> list[ResultRow]:
    """Return rows of clips that differ a little, after a loss."""
    return [
        changed(row, pesq_wb=pesq + 0.01 * n, snr_db=1.0, **naming.of_rows(axes))
        for n, row in enumerate(codec(spec))
    ]


RUN = [*codec("opus@16k"), *codec("lc3@32k"), *codec("flac"), *codec("lyra@6k")]
LOST = [*lossy("opus@16k", 3.7), *lossy("lc3@32k", 3.2), *lossy("opus@16k", 1.5, "loss_percent=20")]
ASKED = asked(SNR, THROUGH, options=OPTIONS)


def test_each_requirement_is_judged_by_rows_of_its_own_combination() -> None:
    decision = review.decide(RUN, ASKED, impaired=LOST)
    assert decision.recommended == "opus@16k"
    kept, dropped = decision.candidates["opus@16k"], decision.candidates["lc3@32k"]
    assert [f.verdict for f in kept.findings] == ["PASS", "PASS"]
    assert [f.verdict for f in dropped.findings] == ["PASS", "FAIL"]
    clear, through = kept.findings
    assert clear.figure.value == pytest.approx(15)
    assert through.figure.value == pytest.approx(3.72)
    assert (clear.figure.axes, through.figure.axes) == ("", LOSSY)
    assert decision.flips["through loss"][-1].threshold == pytest.approx(3.7, abs=0.02)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("flac", "not possible at 10 % loss: it has no packets to lose here, as opus, lc3"),
        ("lyra@6k", "not possible at 10 % loss: its decoder conceals nothing here; use silence"),
        (
            "opus@16k",
            "no rows yet at 10 % loss; `codecmark run --axes loss_percent=10 --codecs opus@16k` "
            "makes them",
        ),
    ],
)
def test_without_rows_there_is_no_evidence_and_the_reason_is_said(spec: str, reason: str) -> None:
    decision = review.decide(RUN, ASKED, impaired=lossy("lc3@32k", 3.8))
    finding = decision.candidates[spec].finding("through loss")
    assert finding.verdict == "NO EVIDENCE"
    assert finding.reason.startswith(reason)
    assert decision.recommended == "lc3@32k"


def test_a_run_without_any_such_row_names_the_command_in_gate_and_record() -> None:
    decision = review.decide(codec("opus@16k"), asked(THROUGH, options=OPTIONS[:1]))
    command = "`codecmark run --axes loss_percent=10 --codecs opus@16k` makes them"
    assert decision.recommended is None
    assert any(command in line for line in gate(decision).lines)
    text = record.markdown(decision, "asked.toml", {})
    assert "codecmark run --axes loss" in text
    assert "**Awaits rows**: Opus." in text


def test_a_codec_that_was_not_available_is_so_for_every_combination() -> None:
    decision = review.decide([*RUN[:5], unavailable("lc3@16k")], ASKED, impaired=LOST)
    found = decision.candidates["lc3@16k"].finding("through loss")
    assert found.reason == "not available where this was run"


def test_a_codec_with_rows_of_the_combination_alone_is_judged_by_them() -> None:
    decision = review.decide(RUN, ASKED, impaired=lossy("opus@24k", 3.9))
    candidate = decision.candidates["opus@24k"]
    assert [f.verdict for f in candidate.findings] == ["NO EVIDENCE", "PASS"]
    assert candidate.status == "open"


def test_what_is_asked_says_what_clips_go_through() -> None:
    assert wording.threshold(THROUGH) == ">= 3.5 at 10 % loss"
    assert wording.demand(THROUGH) == "mean PESQ-WB >= 3.5 at 10 % loss on speech"
    decision = review.decide(RUN, ASKED, impaired=LOST)
    text = record.markdown(decision, "asked.toml", {})
    assert "PESQ-WB >= 3.5 at 10 % loss on speech" in text.replace("&gt;", ">")
    assert "PESQ-WB on speech at 10 % loss" in text  # an axis of the Pareto set
    assert f"clips of speech, {LOSSY}" in text
    assert "No predictor here was held against listeners on clips that went through more" in text


def test_the_pareto_set_is_over_the_combination_too() -> None:
    worse = lossy("lc3@32k", 3.9)
    rows = [*codec("opus@16k"), *codec("lc3@32k", (14, 14.2, 13.8, 14.1, 13.9))]
    alone = review.decide(rows, asked(SNR, options=OPTIONS))
    assert [each.option for each in alone.pareto.dropped] == ["Others"]
    both = review.decide(rows, ASKED, impaired=[*lossy("opus@16k", 3.7), *worse])
    assert both.pareto.dropped == ()
    assert both.pareto.impaired == (("pesq_wb", "speech", LOSSY),)


def test_targets_of_curves_are_those_of_untouched_clips() -> None:
    assert ASKED.targets("speech") == {"snr_db": 10.0}


def test_a_mixture_is_not_taken_for_one_table() -> None:
    with pytest.raises(InputError, match="axes: rows of none and loss_percent=10"):
        review.decide([*RUN, *LOST], ASKED)
    figures = Figures(RUN, impaired.figures_of(ASKED, LOST))
    assert figures.get("opus@16k", "pesq_wb", "speech").value == pytest.approx(4.0)
    through = figures.under(LOSSY).get("opus@16k", "pesq_wb", "speech")
    assert through.value == pytest.approx(3.72)


def test_the_digest_sees_the_rows_of_every_combination_that_is_named() -> None:
    whole = review.decide(RUN, ASKED, impaired=LOST).rows_sha256
    named = impaired.among(LOST, ASKED)
    assert len(named) == 10
    assert whole == digest(RUN, LOST[:10])
    moved = [changed(LOST[0], pesq_wb=3.6), *LOST[1:]]
    assert review.decide(RUN, ASKED, impaired=moved).rows_sha256 != whole
    other = [*LOST[:-1], changed(LOST[-1], pesq_wb=1.0)]  # of a combination that nobody asks for
    assert review.decide(RUN, ASKED, impaired=other).rows_sha256 == whole
    assert digest(RUN) == digest(RUN, ())


def test_a_stored_decision_comes_back_and_is_outdated_by_a_row_of_its_combination(
    tmp_path: Path,
) -> None:
    store.append(tmp_path, [*RUN, *LOST])
    made = review.decide(RUN, ASKED, impaired=LOST)
    assert stored.decoded(stored.encoded(made)) == made
    write(made, "asked.toml", tmp_path)
    held = decision_for(tmp_path, RUN, "16k-mono", ASKED)
    assert held.is_current
    assert held.decision == made
    store.append(tmp_path, [changed(LOST[0], pesq_wb=1.0)])
    held = decision_for(tmp_path, RUN, "16k-mono", ASKED)
    assert not held.is_current
    assert held.decision.recommended is None


def test_a_changed_combination_in_a_stored_decision_is_refused() -> None:
    text = stored.encoded(review.decide(RUN, ASKED, impaired=LOST)).decode()
    changed_text = text.replace('"axes": "loss_percent=10.0', '"axes": "loss_percent=99')
    assert changed_text != text
    with pytest.raises(ResultSchemaError, match=r"loss_percent: 99.0 is outside 0\.\.90"):
        stored.decoded(changed_text.encode())


TOML = """\
title = "Calls"
question = "Which?"
[[requirement]]
name = "SNR"
metric = "snr_db"
operator = ">"
threshold = 10
[[requirement]]
name = "through loss"
metric = "pesq_wb"
operator = ">="
threshold = 3.5
"""


def test_the_commands_judge_by_the_rows_of_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.append(tmp_path, [*RUN, *LOST])
    asked_file = tmp_path / "asked.toml"
    asked_file.write_text(TOML + 'axes = "loss_percent=10"\n')
    assert main(["review", str(asked_file), "--results", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "opus@16k: passed" in said
    assert "PASS: through loss (hard): 3.72 ±0.02 asked >= 3.5 at 10 % loss, margin +0.22" in said
    page = (tmp_path / "leaderboard.md").read_text()
    assert "| PESQ-WB speech &gt;= 3.5 at 10 % loss |" in page
    assert "Recommended: `opus@16k`" in page
    assert main(["leaderboard", str(tmp_path), "--axes", "loss_percent=20"]) == 0
    assert "loss_percent=20.0,loss_pattern=gilbert-elliott" in capsys.readouterr().out


def test_a_run_that_was_summed_up_is_judged_by_its_rows_of_the_combination(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    from codecmark.analysis import summary_sql

    store.append(tmp_path, [*RUN, *LOST])
    store.compact(tmp_path, RUN[0].run_id)
    compacted = store.compacted(tmp_path, RUN[0].run_id)
    assert compacted is not None
    judged = judged_by_condition(tmp_path, summary_sql.read(compacted), ASKED)["16k-mono"]
    assert judged.recommended == "opus@16k"
    assert judged.candidates["opus@16k"].finding("through loss").figure.value == pytest.approx(3.72)


def test_a_table_of_the_combination_has_its_column() -> None:
    judged = review.judged(LOST[:10], ASKED, impaired=LOST)
    titles = [c.heading for c in sections(LOST[:10], judged={"16k-mono": judged})[0].columns]
    assert "PESQ-WB speech >= 3.5 at 10 % loss" in titles


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("axes = 10", "requirement[2].axes: must be text in quotes, not 10"),
        ('axes = ""', "requirement[2].axes: must be text in one line, not empty"),
        ('axes = "speed=2"', "requirement[2].axes: no 'speed'; choose from loss_percent"),
        ('axes = "loss_percent=91"', "requirement[2].axes: loss_percent: 91.0 is outside 0..90"),
        ('axes = "loss_percent=1,loss_percent=2"', "axes: loss_percent is named twice"),
        ('axes = "concealment=own"', "loss_pattern: gilbert-elliott needs loss_percent, e.g. 10"),
        ('axes = "loss_pattern=/dev/zero"', "axes: loss_pattern: no '/dev/zero'; choose from"),
        ('axes = "passed_through=nosuch@1k"', "requirement[2].axes: passed_through: "),
        ('axes = "passes=3"\npanel = {}', "axes: no panel here was held against listeners"),
        (
            'axes = "passes=3"\nstand_in = { name = "s", metric = "estoi", operator = ">", '
            'threshold = 0.5, axes = "none" }',
            "requirement[2].stand_in.axes: it stands in on the same clips; leave it out",
        ),
    ],
)
def test_axes_that_cannot_be_are_refused_by_field(
    line: str, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "asked.toml"
    path.write_text(TOML + line + "\n")
    with pytest.raises(InputError) as refused:
        load(path)
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("metric", "operator", "remedy"),
    [
        ("decode_rtf", "<=", "nothing is timed there, so rows hold no decode_rtf; leave it out"),
        ("algorithmic_delay_ms", "<=", "algorithmic_delay_ms is the same whatever clips go thr"),
        ("peak_memory_mib", "<=", "peak_memory_mib is the same whatever"),
        ("mos", ">", "listeners hear untouched clips here, so no row has mos; name a predictor"),
    ],
)
def test_what_such_rows_cannot_say_is_refused(metric: str, operator: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=f"axes: {remedy}"):
        Requirement("it", metric, operator, 3.0, axes="passes=2")  # type: ignore[arg-type]


def test_a_stand_in_takes_the_axes_of_its_requirement_and_none_is_untouched(tmp_path: Path) -> None:
    path = tmp_path / "asked.toml"
    stand_in = 'stand_in = { name = "s", metric = "estoi", operator = ">", threshold = 0.5 }'
    path.write_text(f'{TOML}axes = "loss_percent=10"\n{stand_in}\n')
    found = load(path)
    assert found.axes == (LOSSY,)
    assert found.requirements[1].others[0].axes == LOSSY
    path.write_text(f'{TOML}axes = "none"\n')
    assert load(path).axes == ()
    assert b'"axes": "' not in stored.encoded(review.decide(codec("opus@16k"), asked(SNR, RATIO)))
