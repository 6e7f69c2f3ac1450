"""A plug-in is loaded by who measures it, and by nobody who only asks what there is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import soundfile

import foreign_plugins
from codecmark import catalog
from codecmark.__main__ import main
from codecmark.catalog import checking, plugin_questions
from codecmark.errors import CodecError, InputError, UnavailableError, UnknownCodecError
from codecmark.networks.setup import Setup
from codecmark.report.provenance import provenance
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.run.engines import Item
from codecmark.run.engines.inprocess import InProcess
from codecmark.run.engines.worker import Outcome, Worker
from entries import noise
from foreign_plugins import never_here, write
from small_runs import CONDITION

Rows = dict[tuple[str, str | None], ResultRow]


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that plug-ins can be written to, on the path of modules."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "plugins"
    folder.mkdir()
    foreign_plugins.find(folder, monkeypatch)
    (tmp_path / "clips").mkdir()
    for count in (8_000, 8_001):
        samples = noise(count, seed=count).samples
        soundfile.write(tmp_path / "clips" / f"{count}.wav", samples.T, 16_000)
    yield folder
    foreign_plugins.forget()


def measured(specs: str, *options: str) -> Rows:
    asked = ["run", "--codecs", specs, "--corpus", "clips", "--out", "out", "--workers", "1"]
    assert main([*asked, "--no-timing", *options]) in (0, 1)
    return {(row.spec, row.clip): row for row in store.read(Path("out"))}


def test_what_nobody_asked_for_is_not_loaded(plugins: Path) -> None:
    write(plugins, "unasked", on_import="os._exit(9)")
    rows = measured("pcm16")
    assert {row.status for row in rows.values()} == {"ok"}
    assert main(["leaderboard", "out"]) == 0
    assert "--codecs pcm16" in provenance(list(rows.values())).commands[0]
    with pytest.raises(UnknownCodecError, match="did you mean"):
        catalog.select("pmc16")
    assert not foreign_plugins.loaded_by(plugins, "unasked")


def test_what_is_asked_for_is_loaded_elsewhere(
    plugins: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(plugins, "asked")
    assert main(["list", "asked"]) == 0
    assert main(["list", "--codecs", "asked"]) == 0
    text = capsys.readouterr().out
    assert "Sixteen bits of another distribution." in text
    assert "asked@2k" in text
    assert "unavailable" not in text
    assert catalog.select("asked") == ("asked", "asked@2k")
    rows = measured("asked@2k")
    assert {row.status for row in rows.values()} == {"ok"}
    assert never_here(plugins, "asked")


def test_who_dies_is_built_by_nobody_else(plugins: Path) -> None:
    write(plugins, "exits", on_import="os._exit(9)")
    write(plugins, "cancels", on_build="raise asyncio.CancelledError('no more')")
    write(plugins, "interrupts", on_build="raise KeyboardInterrupt")
    rows = measured("exits,cancels@2k,interrupts@2k,pcm16")
    assert {spec: row.reason for (spec, clip), row in rows.items() if clip is None} == {
        "exits": "the worker process died twice as it was loaded (exit status 9)",
        "cancels@2k": "cancels@2k could not be built: CancelledError: no more",
        "interrupts@2k": "interrupts@2k could not be built: KeyboardInterrupt: ",
    }
    assert {row.status for (spec, _), row in rows.items() if spec != "pcm16"} == {"failed"}
    assert [row.status for (spec, _), row in rows.items() if spec == "pcm16"] == ["ok"] * 2
    assert never_here(plugins, "cancels")


def test_who_forks_holds_up_nothing(plugins: Path) -> None:
    """What it forked holds the pipes, and is ended with it."""
    on_import = """
pid = os.fork()
if not pid:
    time.sleep(600)
    os._exit(0)
with Path(__file__).with_suffix(".forked").open("a") as file:
    file.write(f"{{pid}}\\n")
"""
    families = {"dies": "os._exit(9)", "hangs": "time.sleep(3_600)"}
    for family, then in families.items():
        write(plugins, family, on_import=on_import.format() + then)
    rows = measured("dies,hangs,pcm16", "--time-limit", "3")
    assert [row.status for row in rows.values()].count("ok") == 2
    reasons = "died twice as it was loaded (exit status 9)", "loading it took more than 3 s"
    for family, reason in zip(families, reasons, strict=True):
        assert reason in str(rows[family, None].reason)
        forked = (plugins / f"{family}_plugin.forked").read_text().split()
        assert len(forked) > 1  # by the program that is asked, and by a worker
        until = time.monotonic() + 5
        while left := [pid for pid in forked if _lives(pid)]:
            assert time.monotonic() < until, f"left behind: {left}"
            time.sleep(0.01)


def _lives(pid: str) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def test_who_hangs_is_waited_for_once(plugins: Path) -> None:
    write(plugins, "hangs", on_import="time.sleep(3_600)")
    setup = Setup.from_environment()
    assert catalog.select("hangs", setup=setup, limit_s=1.5) == ("hangs",)
    checking.check(["hangs"], setup, limit_s=300)  # its row will say it
    reason = "hangs is of a plug-in, hangs_plugin:Codec: loading or building it takes more than 1.5"
    with pytest.raises(UnavailableError, match=reason):
        catalog.info("hangs", setup)


def test_a_hang_as_it_is_loaded_is_one_row(plugins: Path) -> None:
    write(plugins, "hangs", on_build="time.sleep(3_600)")
    rows = measured("hangs@2k", "--time-limit", "8")
    assert {clip: row.reason for (_, clip), row in rows.items()} == {
        None: "loading it took more than 8 s"
    }
    assert measured("hangs@2k") == rows  # nothing to do


def test_its_environment_reaches_no_other_process(plugins: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    seen = tmp_path / "seen"
    (site / "sitecustomize.py").write_text(f"open({str(seen)!r}, 'w').close()")
    change = (
        f"os.environ['PYTHONPATH'] = {str(site)!r} + ':' + os.environ.get('PYTHONPATH', '')\n"
        f"sys.path.insert(0, {str(site)!r})\n"
    )
    write(plugins, "envious", on_import=change)
    rows = measured("envious@2k,pcm16")
    assert [row.status for row in rows.values()] == ["ok"] * 4
    assert not seen.exists()
    assert str(site) not in os.environ.get("PYTHONPATH", "")


def test_a_spec_that_it_refuses_is_refused_at_once(plugins: Path) -> None:
    refuse = "from codecmark.errors import InputError; raise InputError('spec: takes no setting')"
    write(plugins, "picky", on_build=refuse)
    with pytest.raises(InputError, match="spec: takes no setting"):
        checking.check(["picky@9k"], Setup.from_environment())
    assert never_here(plugins, "picky")


def test_what_it_says_is_shown_as_it_is(plugins: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(plugins, "sly", on_build="raise ValueError('[red]a:x:b')")
    assert main(["list", "--codecs", "sly@2k"]) == 0
    assert "sly@2k could not be built: ValueError: [red]a:x:b" in capsys.readouterr().out


@pytest.mark.parametrize("stated", ["float('nan')", "-5.0", "'much'"])
def test_numbers_of_an_info_are_numbers(plugins: Path, stated: str) -> None:
    write(plugins, "loose", on_build=f"cls.stated = {{'nominal_bitrate_kbps': {stated}}}")
    with pytest.raises(CodecError, match=r"loose: info\.nominal_bitrate_kbps is .* 0 or more"):
        catalog.info("loose")


def test_an_answer_of_another_form_is_refused(plugins: Path) -> None:
    write(plugins, "loose", on_build="cls.stated = {'licence': 5}")
    with pytest.raises(CodecError, match="loose: its info is of another form"):
        catalog.info("loose")
    assert plugin_questions.specs_of("loose", Setup()) == ("loose", "loose@2k")


def test_names_that_are_none_are_left_out(
    plugins: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = "nowhere:Codec"
    for distribution in ("first", "second"):
        foreign_plugins.write_distribution(
            plugins, distribution, {"MuLaw": target, "twice": target, "flac": target}
        )
    write(plugins, "good")
    foreign_plugins.forget()
    assert "good" in catalog.select(None, everything=True)
    assert main(["list", "--codecs", "pcm16"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "first and second: 'MuLaw', which is no name of a family" in text
    assert "flac, which is codecmark's own" in text
    with pytest.raises(UnknownCodecError, match="twice: first and second both add twice; uninstal"):
        catalog.create("twice")
    assert catalog.create("flac").info.family == "flac"


def test_a_bug_costs_an_item_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(_: Worker, item: Item) -> Outcome:
        if item.spec == "flac":
            raise ValueError("a bug")
        return Outcome(item, [])

    monkeypatch.setattr(Worker, "measure", measure)
    clip = None
    items = [Item("r", spec, (), clip, CONDITION, False, Setup()) for spec in ("flac", "pcm16")]  # type: ignore[arg-type]
    assert [outcome.item.spec for outcome in InProcess().run(items)] == ["flac", "pcm16"]
