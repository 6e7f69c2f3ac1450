"""Two runs side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

import committed
from codecmark import InputError
from codecmark.__main__ import main
from codecmark.analysis import run_changes
from codecmark.analysis.run_pairs import line_up
from codecmark.leaderboard import changes_text
from codecmark.results import store
from codecmark.results.row import TIME_PROBE, ResultRow
from places import COMMITTED

OLD, NEW = "20260101T000000Z-aa", "20260102T000000Z-aa"


def row(spec: str, clip: int, **changes_: object) -> ResultRow:
    base = ResultRow(
        run_id=OLD, spec=spec, family=spec.partition("@")[0], clip=f"clip{clip}",
        clip_sha256=f"digest{clip}", source=f"s{clip}", clip_class="speech", clip_s=5.0,
        condition="16k-mono", status="ok", stream_bytes=10_000 + clip, snr_db=10.0 + clip,
        lsd_db=2.0 + clip / 10, encode_s=0.1, decode_s=0.01 + clip / 1000, host="machine",
        device="cpu", threads=1, backend="native",
    )  # fmt: skip
    return replace(base, **changes_)


def run(n_sources: int = 7) -> list[ResultRow]:
    return [row(spec, clip) for spec in ("opus@24k", "mp3@32k") for clip in range(n_sources)]


def changed(
    rows: list[ResultRow], change: Callable[[ResultRow], dict[str, object]], spec: str = "opus@24k"
) -> list[ResultRow]:
    return [replace(r, run_id=NEW, **(change(r) if r.spec == spec else {})) for r in rows]


def wobble(r: ResultRow) -> float:
    """A little of both signs that depends on the clip."""
    return 0.01 * ((r.stream_bytes or 0) % 3 - 1)


def plus(name: str, step: float) -> Callable[[ResultRow], dict[str, object]]:
    return lambda r: {name: getattr(r, name) + step + wobble(r)}


def times(name: str, factor: float) -> Callable[[ResultRow], dict[str, object]]:
    return lambda r: {name: getattr(r, name) * (factor + wobble(r))}


def test_equal_runs_differ_in_nothing() -> None:
    shown, worse = changes_text.compare(run(), changed(run(), lambda _: {}))
    assert not worse
    assert shown.splitlines() == [
        f"old: {OLD}",
        f"new: {NEW}",
        "2 codecs in both, 14 rows on the same clips",
        "",
        "quality, new minus old, mean over sources: 0 beyond noise, 0 within it",
        "size: 0 beyond noise, 0 within it",
        "speed: 0 beyond noise, 0 within it",
        "",
        "beyond noise: 0 worse, 0 better",
    ]


@pytest.mark.parametrize(
    ("change", "what", "verdict"),
    [
        (plus("snr_db", -0.5), "snr_db on speech", "worse"),
        (plus("snr_db", 0.5), "snr_db on speech", "better"),
        (plus("lsd_db", 0.5), "lsd_db on speech", "worse"),
        (plus("lsd_db", -0.5), "lsd_db on speech", "better"),
        (times("encode_s", 2.0), "encode time", "worse"),
        (times("decode_s", 0.5), "decode time", "better"),
        (lambda r: {"stream_bytes": (r.stream_bytes or 0) + 200}, "stream size", "worse"),
        (lambda r: {"stream_bytes": (r.stream_bytes or 0) - 200}, "stream size", "better"),
    ],
)
def test_what_changed_is_named_once(
    change: Callable[[ResultRow], dict[str, object]], what: str, verdict: str
) -> None:
    shown, worse = changes_text.compare(run(), changed(run(), change))
    assert [
        line for line in shown.splitlines() if f"  {verdict}: opus@24k (16k-mono): {what}" in line
    ]
    counts = (1, 0) if verdict == "worse" else (0, 1)
    assert f"beyond noise: {counts[0]} worse, {counts[1]} better" in shown
    assert worse == (verdict == "worse")


@pytest.mark.parametrize(
    "change",
    [
        lambda r: {"snr_db": (r.snr_db or 0) + (1 if (r.stream_bytes or 0) % 2 else -1)},
        times("encode_s", 1.2),
        lambda r: {"stream_bytes": (r.stream_bytes or 0) + 50},
    ],
)
def test_noise_is_not_a_change(change: Callable[[ResultRow], dict[str, object]]) -> None:
    shown, worse = changes_text.compare(run(), changed(run(), change))
    assert not worse
    assert "1 within it" in shown


def test_a_run_that_differs_from_itself_by_more_shows_no_less_than_that() -> None:
    """Times are 1.6 times those of before; beside them one codec took from 10 to 20 ms."""
    slower = times("encode_s", 1.6)
    assert changes_text.compare(run(), changed(run(), slower))[1]
    noisy = changed(run(), lambda r: {**slower(r), "notes": {TIME_PROBE: "0.01 0.02 0.02 0.01"}})
    shown, worse = changes_text.compare(run(), noisy)
    assert not worse
    assert "speed: 0 beyond noise, 1 within it" in shown


def test_what_no_table_shows_is_no_difference() -> None:
    shown, _ = changes_text.compare(
        run(), changed(run(), lambda r: {"snr_db": (r.snr_db or 0) + 0.01})
    )
    assert "mean over sources: 0 beyond noise, 0 within it" in shown


def test_one_source_is_shown_and_not_judged() -> None:
    shown, worse = changes_text.compare(run(1), changed(run(1), plus("snr_db", -5)))
    assert not worse
    assert "noise: opus@24k (16k-mono): snr_db on speech: -5" in shown
    assert "1 clip of one source" in shown


def test_speeds_of_different_hosts_are_refused() -> None:
    slow = changed(run(), lambda _: {"encode_s": 9.0})
    other = [replace(r, host="another") for r in slow]
    shown, worse = changes_text.compare(run(), other)
    assert "speed: not compared: hosts differ: machine against another" in shown
    assert not worse
    assert "encode time" not in shown
    threads = [replace(r, threads=2) for r in slow]
    assert "speed: 0 beyond noise, 0 within it" in changes_text.compare(run(), threads)[0]


def test_failures_and_lost_figures_are_worse() -> None:
    failed = changed(run(), lambda _: {"status": "failed", "snr_db": None, "lsd_db": None})
    shown, worse = changes_text.compare(run(), failed)
    assert worse
    assert "worse: opus@24k (16k-mono): ok, now failed: 7 of 7 clips" in shown
    assert "better: opus@24k (16k-mono): failed, now ok" in changes_text.compare(failed, run())[0]
    lost = changed(run(), lambda _: {"lsd_db": None, "reasons": {"lsd_db": "broke"}})
    assert "lsd_db finite, now absent: 7 of 7 clips" in changes_text.compare(run(), lost)[0]


def test_losing_exactness_is_worse() -> None:
    reasons = {"snr_db": "infinite: output equals input"}
    infinite: dict[str, object] = {"snr_db": None, "reasons": reasons}
    exact = changed(run(), lambda _: infinite)
    shown, worse = changes_text.compare(exact, run())
    assert worse
    assert "worse: opus@24k (16k-mono): snr_db exact, now finite: 7 of 7 clips" in shown
    assert (
        "better: opus@24k (16k-mono): snr_db finite, now exact"
        in changes_text.compare(run(), exact)[0]
    )


def test_a_codec_that_became_unavailable_is_worse() -> None:
    gone = ResultRow(run_id=NEW, spec="opus@24k", family="opus", condition="16k-mono",
                     status="unavailable", reason="fetch it")  # fmt: skip
    new = [*(r for r in changed(run(), lambda _: {}) if r.spec != "opus@24k"), gone]
    shown, worse = changes_text.compare(run(), new)
    assert worse
    assert "worse: opus@24k (16k-mono): ok, now unavailable: 7 of 7 clips" in shown


def test_only_the_same_samples_are_compared() -> None:
    new = changed(run(), lambda r: {"clip_sha256": "other", "snr_db": 0.0})
    lined = line_up(run(), new)
    assert [(p.spec, len(p.pairs), p.unpaired) for p in lined.both] == [
        ("opus@24k", 0, 7), ("mp3@32k", 7, 0),
    ]  # fmt: skip
    assert run_changes.quality(lined.both) == []
    assert "left out: 7 rows" in changes_text.compare(run(), new)[0]
    extra = [*run(), row("flac", 0)]
    assert "in the new run only: flac" in changes_text.compare(run(), extra)[0]
    with pytest.raises(InputError, match="share no codec"):
        changes_text.compare(run(), [row("flac", 0)])


def test_the_command_and_its_exit_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.append(tmp_path, run())
    store.append(tmp_path, changed(run(), plus("snr_db", -0.5)))
    results = ["--results", str(tmp_path)]
    assert main(["compare", OLD, OLD, *results]) == 0
    capsys.readouterr()
    assert main(["compare", OLD, NEW, *results]) == 1
    first = capsys.readouterr().out
    assert "worse: opus@24k" in first
    assert main(["compare", OLD, str(tmp_path), *results]) == 1
    assert capsys.readouterr().out == first
    assert main(["compare", "nothing", NEW, *results]) == 2
    assert "'nothing' is neither a run in" in capsys.readouterr().err


def test_the_committed_run_equals_itself(capsys: pytest.CaptureFixture[str]) -> None:
    run = committed.RUN_ID
    assert main(["compare", run, run, "--results", str(COMMITTED)]) == 0
    shown = capsys.readouterr().out
    assert f"{len({row.spec for row in committed.rows()})} codecs in both" in shown
    assert "beyond noise: 0 worse, 0 better" in shown
