"""Decision reviews: verdicts, the choice, what would flip it, bounds, the record and its gate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from codecmark import InputError, review
from codecmark.__main__ import main
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.review import files
from codecmark.review.figures import UNTRAINED
from codecmark.review.gate import gate
from codecmark.review.record import markdown
from codecmark.review.requirements import Bound, Option, Requirement, Requirements
from places import COMMITTED

SNR = Requirement("SNR", "snr_db", ">", 10.0)
RATIO = Requirement("ratio", "compression_ratio", ">=", 2.0)
VISQOL = Requirement("ViSQOL", "visqol_mos_lqo", ">=", 4.0, clip_class="each", evidence="predicted")
MOS = Requirement("MOS", "mos", ">", 4.0, evidence="subjective", stand_in=VISQOL)
FAST = Requirement("speed", "decode_rtf", "<=", 0.06, hard=False)


def codec(
    spec: str, snr_db: Sequence[float | None] = (15, 15.2, 14.8, 15.1), **changes: object
) -> list[ResultRow]:
    """Return a row for each SNR, each of a source of its own."""
    base = ResultRow(
        run_id="20260102T030405Z-1", spec=spec, family=spec.partition("@")[0], weights="none",
        clip_class="speech", clip_s=5.0, condition="16k-mono", status="ok", stream_bytes=10_000,
        pcm16_bytes=160_000, visqol_mos_lqo=4.5, pesq_wb=4.0, encode_s=0.1, decode_s=0.05,
        host="machine",
    )  # fmt: skip
    return [
        structs.replace(base, clip=f"c{n}", source=f"s{n}", snr_db=value, **changes)
        for n, value in enumerate(snr_db)
    ]


def asked(
    *requirements: Requirement, options: Sequence[Option] | None = None, **changes: Any
) -> Requirements:
    chosen = options or (
        Option("Opus", "replace", "small", ("opus@*",)),
        Option("Others", "replace", "why not", ("lc3@*",)),
    )
    return Requirements("A codec", "Which?", requirements or (SNR,), tuple(chosen), **changes)


def only(rows: Sequence[ResultRow], requirement: Requirement) -> review.Finding:
    """Return the finding of the one codec."""
    option = Option("It", "any", "it is there", (rows[0].spec,))
    decision = review.decide(rows, asked(requirement, options=[option]))
    return decision.outcomes[0].best.findings[0]


# verdicts


@pytest.mark.parametrize(
    ("snr_db", "verdict"),
    [
        ((15, 15.2, 14.8, 15), "PASS"),
        ((5, 5.2, 4.8, 5), "FAIL"),
        ((8, 12, 14, 10), "UNDECIDED"),  # mean 11, t interval 6.9 to 15.1
        ((10, 10, 10, 10), "FAIL"),  # not above 10
        ((15, 15, None, 15), "NO EVIDENCE"),
    ],
)
def test_verdicts(snr_db: tuple[float | None, ...], verdict: str) -> None:
    assert only(codec("opus@16k", snr_db), SNR).verdict == verdict


def test_margins_are_from_the_value_and_from_the_near_end() -> None:
    found = only(codec("opus@16k", (14, 16)), SNR)
    assert found.margin == 5
    assert found.safe_margin == pytest.approx(15 - 12.7062 - 10, abs=1e-3)
    slow = only(codec("opus@16k", decode_s=0.5), FAST)
    assert slow.verdict == "FAIL"
    assert slow.margin == pytest.approx(0.06 - 0.1)


def test_equal_is_met_by_or_equal_only() -> None:
    rows = codec("opus@16k", (10, 10, 10))
    assert only(rows, replace(SNR, operator=">=")).verdict == "PASS"
    assert only(rows, SNR).verdict == "FAIL"


def test_statistics() -> None:
    rows = codec("opus@16k", (9, 11, 12, 13, 14, 20))
    worst = only(rows, replace(SNR, statistic="worst"))
    assert (worst.verdict, worst.figure.value, worst.figure.worst_clip) == ("FAIL", 9, "c0")
    median = only(rows, replace(SNR, statistic="median"))
    assert (median.figure.value, median.figure.low, median.figure.high) == (12.5, 9, 20)
    assert median.verdict == "UNDECIDED"
    # 95 % of six clips have at least the value a quarter of the way from the worst to the next
    assert only(rows, replace(SNR, statistic="p95")).figure.value == pytest.approx(9.5)
    slow = [structs.replace(r, decode_s=0.05 * (n + 1)) for n, r in enumerate(rows)]
    assert only(slow, replace(FAST, statistic="worst")).figure.value == pytest.approx(0.06)
    assert "no interval from 4 sources" in only(codec("o"), replace(SNR, statistic="median")).reason


def test_each_class_has_to_pass_on_its_own_scale() -> None:
    music = [structs.replace(r, clip=f"m{r.clip}", source=f"m{r.source}", clip_class="music",
                     pesq_wb=None, visqol_mos_lqo=3.0) for r in codec("opus@16k")]  # fmt: skip
    found = only([*codec("opus@16k"), *music], VISQOL)
    assert (found.verdict, found.figure.clip_class, found.figure.value) == ("FAIL", "music", 3.0)
    assert found.needed == 3.0


def test_evidence_that_does_not_count() -> None:
    predicted = only(codec("opus@16k"), replace(VISQOL, evidence="subjective"))
    assert (predicted.verdict, predicted.reason) == (
        "NO EVIDENCE", "predicted only, where subjective is asked for",
    )  # fmt: skip
    measured = only(codec("opus@16k"), replace(SNR, evidence="subjective"))
    assert measured.reason == "measured only, where subjective is asked for"
    assert only(codec("opus@16k"), replace(SNR, evidence="predicted")).verdict == "PASS"
    untrained = [structs.replace(codec("dac:16khz@6k", weights="random")[0], snr_db=None)]
    rows = [*untrained, *codec("opus@16k")]
    assert only(rows, SNR).reason == UNTRAINED
    # its rate and time are its own, though on one clip
    assert only(rows, RATIO).verdict == "PASS"
    assert only(rows, FAST).verdict == "PASS"
    gone = ResultRow(run_id="r", spec="lyra@6k", family="lyra", condition="16k-mono",
                     status="unavailable", reason="fetch it")  # fmt: skip
    assert only([gone, *codec("opus@16k")], SNR).reason == "not available where this was run"
    hosts = [*codec("opus@16k"), *codec("lc3@16k", host="another")]
    assert only(hosts, FAST).reason == "times of 2 machines must not be compared"


def test_exact_copies_pass() -> None:
    rows = codec("flac", (None, None), reasons={"snr_db": "infinite: output equals input"})
    found = only(rows, SNR)
    assert (found.verdict, found.figure.value) == ("PASS", float("inf"))


def test_a_pass_that_pesq_disputes_is_undecided() -> None:
    found = only(codec("mel:16k-64/pghi", pesq_wb=2.0), VISQOL)
    assert found.verdict == "UNDECIDED"
    assert found.reason == "disputed: on speech PESQ-WB says 2.00 where ViSQOL says 4.50"
    assert only(codec("mel:16k-64/pghi", pesq_wb=2.0, visqol_mos_lqo=3.6), VISQOL).verdict == "FAIL"


# the choice


def test_fewest_bits_among_those_that_pass() -> None:
    rows = [*codec("opus@24k", stream_bytes=15_000), *codec("opus@16k"), *codec("lc3@8k", (5, 5))]
    decision = review.decide(rows, asked(SNR, RATIO))
    assert decision.recommended is not None
    assert decision.recommended.spec == "opus@16k"
    assert not decision.provisional
    assert [o.best.status for o in decision.outcomes] == ["feasible", "open"]
    assert decision.outcomes[1].best.findings[0].reason.startswith("scored 2 of 4 clips")


def test_ties_are_settled_by_name() -> None:
    rows = [*codec("opus@16k"), *codec("lc3@16k")]
    for found in (rows, rows[::-1]):
        chosen = review.decide(found, asked()).recommended
        assert chosen is not None
        assert chosen.spec == "lc3@16k"


def test_equal_bits_are_settled_by_what_comes_next() -> None:
    """Rates count to one per cent; a quality by its worst class, PESQ by speech alone."""

    def chosen(rows: list[ResultRow], *prefer: str) -> str | None:
        found = review.decide(rows, asked(prefer=prefer)).recommended
        return None if found is None else found.spec

    music = structs.replace(codec("opus@16k")[0], clip="m", clip_class="music", pesq_wb=None)
    rows = [*codec("opus@16k", stream_bytes=10_001, pesq_wb=4.1), music]
    rows += [*codec("lc3@16k"), structs.replace(music, spec="lc3@16k", visqol_mos_lqo=4.6)]
    assert chosen(rows, "bitrate_kbps") == "lc3@16k"  # by its few bits less
    assert chosen(rows, "bitrate_kbps", "pesq_wb") == "opus@16k"
    assert chosen(rows, "visqol_mos_lqo", "pesq_wb") == "opus@16k"  # both are 4.5 at worst
    rows[4] = structs.replace(rows[4], visqol_mos_lqo=4.4)
    assert chosen(rows, "visqol_mos_lqo", "pesq_wb") == "lc3@16k"


def test_soft_requirements_come_before_bits_and_prefer_is_obeyed() -> None:
    rows = [*codec("opus@24k", stream_bytes=15_000), *codec("lc3@16k", decode_s=1.0)]
    for prefer, spec in ((("soft", "bitrate_kbps"), "opus@24k"), (("bitrate_kbps",), "lc3@16k")):
        chosen = review.decide(rows, asked(SNR, FAST, prefer=prefer)).recommended
        assert chosen is not None
        assert chosen.spec == spec


def test_a_choice_by_a_stand_in_is_provisional() -> None:
    decision = review.decide(codec("opus@16k"), asked(SNR, MOS))
    assert decision.provisional
    assert decision.risks[0].text.startswith("MOS is predicted, not heard")
    mos = decision.outcomes[0].best.finding("MOS")
    assert (mos.verdict, mos.effective.verdict) == ("NO EVIDENCE", "PASS")
    unsupported = review.decide(codec("opus@16k"), asked(replace(MOS, stand_in=None)))
    assert unsupported.recommended is None
    assert unsupported.outcomes[0].best.status == "open"


def test_nobody_passes_and_the_smallest_relaxation() -> None:
    rows = [*codec("opus@16k", (9.5, 9.5, 9.5, 9.5)), *codec("lc3@16k", (8, 8, 8, 8))]
    decision = review.decide(rows, asked(SNR, RATIO))
    assert decision.recommended is None
    assert decision.relaxation is not None
    assert decision.relaxation.candidate.spec == "opus@16k"
    assert decision.relaxation.thresholds == {"SNR": 9.5}
    assert decision.relaxation.largest_percent == pytest.approx(5)
    text = markdown(decision, "r.toml")
    assert "**Nothing is recommended: no option passes every hard requirement.**" in text
    assert "5 % of a threshold: SNR at 9.5 dB instead of 10; then Opus passes" in text


def test_what_flips_the_choice() -> None:
    rows = [
        *codec("opus@24k", (20, 20, 20, 20), stream_bytes=15_000),
        *codec("opus@16k", (15, 15, 15, 15)),
        *codec("opus@8k", (8, 8, 8, 8), stream_bytes=5_000),
    ]
    decision = review.decide(rows, asked(SNR))
    lower, higher = decision.flips[SNR]
    assert lower.threshold == pytest.approx(8)
    assert higher.threshold == pytest.approx(15)
    assert [flip.chosen and flip.chosen.spec for flip in (lower, higher)] == ["opus@8k", "opus@24k"]
    text = re.sub(r"\]\[\d+\]", "]", markdown(decision, "r.toml"))
    assert "below [8.0 dB]: `opus@8k`; above [15.0 dB]: `opus@24k`" in text


def test_the_pareto_set_names_who_dominates() -> None:
    better = codec("opus@16k", (15, 15.2, 14.8, 15.1))
    worse = codec("lc3@16k", (12, 12.2, 11.8, 12.1))
    noise = codec("lc3@16k", (14.9, 15.2, 14.8, 15.1))
    front = review.decide([*better, *worse], asked(SNR)).front
    assert front.members == ("Opus",)
    assert [(one.option, one.by) for one in front.dropped] == [("Others", "opus@16k")]
    # 0.1 dB on one clip of four is no difference
    assert review.decide([*better, *noise], asked(SNR)).front.members == ("Opus", "Others")


def test_what_lacks_evidence_could_win_only_where_what_is_known_lets_it() -> None:
    untrained = {"weights": "random", "visqol_mos_lqo": None}
    none = (None,)
    cheap = codec("lc3@8k", none, stream_bytes=5_000, **untrained)
    dear = codec("lc3@8k", none, stream_bytes=50_000, **untrained)
    for rows, names in ((cheap, ["Others"]), (dear, [])):
        decision = review.decide([*codec("opus@16k"), *rows], asked(SNR))
        assert [outcome.option.name for outcome in decision.contenders] == names


def test_a_wildcard_that_matches_nothing_stands_for_nothing() -> None:
    option = Option("Layer", "extend", "new", ("mel+wave@snr10", "mel+wave@*"))
    requirements = asked(SNR, options=[option])
    for rows, specs in (
        (codec("opus@16k"), ["mel+wave@snr10"]),
        (codec("mel+wave@8k"), ["mel+wave@8k", "mel+wave@snr10"]),
    ):
        (outcome,) = review.decide(rows, requirements).outcomes
        assert [c.spec for c in outcome.candidates] == specs
    lone = Option("Layer", "extend", "new", ("mel+wave@*",))
    (outcome,) = review.decide(codec("opus@16k"), asked(SNR, options=[lone])).outcomes
    assert [c.spec for c in outcome.candidates] == ["mel+wave@*"]


def test_no_evidence_turns_into_figures_when_rows_come() -> None:
    path = COMMITTED / "decisions" / "requirements.toml"
    shipped, layer = review.load(path), "mel:16k-64+wave@snr10"
    for rows, status in (([], "open"), (codec(layer, stream_bytes=6_000), "provisional")):
        decision = review.decide([*codec("opus@16k"), *rows], shipped)
        outcome = next(o for o in decision.outcomes if o.option.route == "extend the chain")
        assert outcome.best.status == status
    assert decision.recommended is not None
    assert decision.recommended.spec == layer


# bounds


def bounded(*bounds: Bound) -> Requirements:
    return asked(SNR, options=[
        Option("Opus", "replace", "small", ("opus@*",)),
        Option("Chain", "keep", "it is there", ("audioldm2:music/joint",), bounds),
    ])  # fmt: skip


def test_a_bound_fails_what_has_no_rows() -> None:
    rows = [
        *codec("opus@16k"),
        *codec("mel:a/gl", (-2, -2.1, -2.2, -2)),
        *codec("mel:b/gl", (-4,) * 4),
    ]
    by_rows = Bound("SNR", ("mel:a/gl", "mel:b/gl"), "without its VAE")
    chain = review.decide(rows, bounded(by_rows)).outcomes[1].best
    assert chain.status == "out"
    assert chain.findings[0].figure.spec == "mel:a/gl"
    # what was not measured bounds nothing
    missing = Bound("SNR", ("mel:a/gl", "mel:z/gl"), "without its VAE")
    assert review.decide(rows, bounded(missing)).outcomes[1].best.status == "open"
    # and a bound that passes says nothing
    loose = Bound("SNR", ("opus@16k",), "of no use")
    assert review.decide(rows, bounded(loose)).outcomes[1].best.status == "open"


def test_a_witness_voids_a_bound() -> None:
    bound = Bound("SNR", 0.0, "no phase is sent", ("mel:*/*",))
    rows = [*codec("opus@16k"), *codec("mel:a/gl", (-2,) * 4), *codec("mel:b/gl", (-4,) * 4)]
    decision = review.decide(rows, bounded(bound))
    assert decision.outcomes[1].best.status == "out"
    assert (
        "at most 0.0 dB: no phase is sent; the best of 2 such settings measured, `mel:a/gl`, has ["
        in markdown(decision, "r.toml")
    )
    lucky = codec("mel:c/vocoder", (0.5,) * 4)
    assert review.decide([*rows, *lucky], bounded(bound)).outcomes[1].best.status == "open"


def test_rows_count_more_than_a_bound() -> None:
    rows = codec("audioldm2:music/joint")
    found = review.decide(rows, bounded(Bound("SNR", 0.0, "no phase is sent"))).outcomes[1].best
    assert (found.status, found.findings[0].bound) == ("feasible", None)


# the record


def written(folder: Path, requirements: Requirements | None = None) -> Path:
    decision = review.decide(codec("opus@16k"), requirements or asked(SNR, MOS))
    return files.write(decision, "requirements.toml", folder)


def test_the_record_begins_with_choice_margins_and_risk(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert path.name == "0001-a-codec.md"
    head = path.read_text().partition("## Context and Problem Statement")[0]
    assert "status: proposed\ndate: 2026-01-02\n" in head
    assert "**Recommended, provisionally: Opus, as `opus@16k` at [16.0 kbit/s][1].**" in head
    assert "| SNR (hard) | mean SNR &gt; 10 dB | [15.0 ±0.3 dB][2] | +5.0 | +4.8 | PASS |" in head
    assert "**Largest risk**: MOS is predicted, not heard" in head


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


def test_a_newer_record_supersedes_an_older_one(tmp_path: Path) -> None:
    first = written(tmp_path)
    newer = replace(asked(SNR), title="A better codec", supersedes=("0001-a-codec",))
    second = written(tmp_path, newer)
    assert second.name == "0002-a-better-codec.md"
    assert "Supersedes [0001-a-codec](0001-a-codec.md)." in second.read_text()
    status = 'status: "superseded by [0002-a-better-codec](0002-a-better-codec.md)"\n'
    assert status in first.read_text()
    kept = first.read_text()
    assert written(tmp_path).read_text() == kept
    with pytest.raises(InputError, match="no record '0009-x'"):
        written(tmp_path, replace(newer, supersedes=("0009-x",)))


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
    assert targets["[2"] == (
        '[2]: <../rows/20260102T030405Z-1.jsonl> "spec opus@16k, field snr_db, all clips"'
    )
    cells = [cell for line in lines for cell in line.split(" | ") if line.startswith("| ")]
    verdicts = [cell for cell in cells if re.match(r"(PASS|FAIL|UNDECIDED): ", cell)]
    assert len(verdicts) >= 4
    assert all(re.match(r"[A-Z]+: \[.+\]\[\d+\]", cell) for cell in verdicts)
    used = {number for line in lines for number in re.findall(r"\]\[(\d+)\]", line)}
    assert used == {target[1:] for target in targets}


# the requirements file

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
    assert (found.prefer, found.accepted) == (("soft", "bitrate_kbps"), None)


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
        ("threshold = 10", "threshold = 10\ntreshold = 1", "treshold: no such key; there are"),
        ('operator = ">"', 'operator = "<"', "snr_db is better when higher; use > or >="),
        ('operator = ">"', 'operator = "=="', r"no '=='; choose >, >=, <, <="),
        ('metric = "snr_db"', 'metric = "snr"', "metric: no 'snr'; choose snr_db"),
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
            "condition: no '8k'; choose one of 16k-mono",
        ),
        ('specs = ["opus@*"]', "specs = []", "specs: is empty; name a spec"),
        ('specs = ["opus@*"]', "specs = [1]", "specs: must be a list of texts"),
        ('specs = ["opus@*"]', 'specs = "opus"', "specs: must be a list of texts"),
        ("[[option]]", "[option]", "option: must be a list of tables"),
        ("[[requirement]]", "[[demand]]", "requirement: there is none; add a table"),
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
        (VALID, 'prefer = ["beauty"]\n' + VALID, "prefer: no 'beauty'; choose from soft"),
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
    assert "opus@16k: passed\n  PASS: SNR (hard): 15.0 ±0.3 dB asked > 10 dB" in shown
    assert (tmp_path / "decisions" / "0001-a-codec.md").is_file()


def test_a_requirement_may_name_a_condition_with_threads(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(VALID.replace('name = "SNR"', 'name = "SNR"\ncondition = "16k-mono-4threads"'))
    assert review.load(path).requirements[0].condition == "16k-mono-4threads"


def test_rows_of_another_condition_decide_nothing() -> None:
    with pytest.raises(InputError, match="no row of 16k-mono"):
        review.decide(codec("opus@16k", condition="48k-mono"), asked())


# the gate


def test_the_gate_is_closed_unless_shown_otherwise() -> None:
    good, undecided = codec("opus@16k"), codec("opus@16k", (8, 12, 14, 10))
    assert gate(review.decide(good, asked())).passed
    assert gate(review.decide(good, asked(SNR, MOS))).passed
    shut = gate(review.decide(undecided, asked()))
    assert (shut.passed, shut.lines) == (False, ("no option passes every hard requirement",))


def test_the_gate_watches_what_was_accepted() -> None:
    rows = [*codec("opus@16k"), *codec("lc3@16k", (5, 5, 5, 5))]
    found = gate(review.decide(rows, asked(accepted="lc3@16k")))
    assert not found.passed
    assert found.lines[0] == "lc3@16k: failed"
    with pytest.raises(InputError, match="'mp3' is no spec of an option"):
        gate(review.decide(rows, asked(accepted="mp3")))


def test_the_shipped_requirements_are_the_target() -> None:
    path = COMMITTED / "decisions" / "requirements.toml"
    found = review.load(path)
    shown = [(r.name, r.operator, r.threshold, r.evidence, r.hard) for r in found.requirements]
    assert shown == [
        ("SNR", ">", 10, "measured", True),
        ("MOS", ">", 4, "subjective", True),
        ("ratio", ">=", 2, "measured", True),
        ("decoding 5 s in 0.3 s", "<=", 0.06, "measured", False),
    ]
    assert found.requirements[1].stand_in == VISQOL
