"""Predictors held against a made-up listening set, whose answers are known."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from codecmark import AudioClip, InputError
from codecmark.__main__ import main
from codecmark.commands.predictors import _write_figures
from codecmark.corpus.audio_files import write_wav
from codecmark.listen.ratings import ListeningSet, Rating, Role, Stimulus, write_set
from codecmark.measure.scoring import Scorer
from codecmark.studies import listened, predictors
from codecmark.studies.listened import Listened
from known_signals import RATE, with_noise

SIGNALS = ("a", "b")
NOISE_DB = {"good": 40.0, "fair": 25.0, "bad": 10.0}  # signal over noise
RATING = {"ref": 98.0, "good": 80.0, "fair": 55.0, "bad": 30.0, "low": 10.0}
ROLES: dict[str, Role] = {"ref": "reference", "low": "anchor"}
LISTENERS = ("l1", "l2", "l3", "l4")


def made_up() -> ListeningSet:
    """A set in the suite's form; `l4` cannot tell the hidden reference."""
    stimuli = [
        Stimulus(
            clip, system, ROLES.get(system, "system"),
            None if system == "low" else f"{clip}_{system}.wav", clip_class="speech",
        )
        for clip in SIGNALS
        for system in RATING
    ]  # fmt: skip
    ratings = [
        Rating(who, clip, system, 50.0 if who == "l4" else value + number - 1)
        for clip in SIGNALS
        for system, value in RATING.items()
        for number, who in enumerate(LISTENERS)
    ]
    return ListeningSet("mushra", tuple(stimuli), tuple(ratings), "made up", "CC0")


def write(folder: Path, speech: AudioClip) -> Path:
    """Write the set with its sounds."""
    write_set(folder, made_up())
    (folder / "kinds.csv").write_text("system,kind\ngood,noisy\nfair,noisy\nbad,noisy\n")
    for index, signal in enumerate(SIGNALS):
        part = AudioClip(speech.samples[:, index * 32_000 : (index + 1) * 32_000], RATE)
        for system in ("ref", *NOISE_DB):
            samples = part.samples
            if system != "ref":
                samples = with_noise(part, NOISE_DB[system]).clip(-1, 1)
            write_wav(folder / f"{signal}_{system}.wav", AudioClip(samples, RATE))
    return folder


@pytest.fixture
def raw() -> Listened:
    """The set, before screening."""
    return Listened(made_up(), dict.fromkeys(NOISE_DB, "noisy"))


def test_systems_are_what_has_sound_and_ratings_on_every_clip(raw: Listened) -> None:
    assert raw.systems == ("good", "fair", "bad")
    fewer = [r for r in raw.listening.ratings if (r.clip, r.system) != ("b", "fair")]
    lacking = msgspec.structs.replace(raw.listening, ratings=tuple(fewer))
    assert Listened(lacking, raw.kinds).systems == ("good", "bad")


def test_ratings_are_in_points_whatever_the_scale(raw: Listened) -> None:
    assert raw.ratings(["bad", "good"])[0, :, 1].tolist() == [30, 80]
    votes = (Rating("x", "a", "good", 4.0),)
    dcr = msgspec.structs.replace(raw.listening, method="dcr", ratings=votes)
    assert Listened(dcr, {}).ratings(["good"])[0, 0, 0] == 75


def test_who_did_not_rate_counts_nowhere(raw: Listened) -> None:
    ratings = raw.ratings(["good"])
    ratings[0, :, 0] = np.nan
    assert predictors.means(ratings)[0, 0] == pytest.approx((80 + 81 + 50) / 3)


def test_pairs_are_counted_once_and_ties_count_half() -> None:
    people = np.array([[80.0, 60.0, 50.0], [80.0, 70.0, 10.0]])
    # clear: 80-60 and 80-50 of the first signal, 80-10 and 70-10 of the second
    assert predictors.ordered(people, people) == predictors.Share(1.0, 4)
    assert predictors.ordered(-people, people) == predictors.Share(0.0, 4)
    assert predictors.ordered(np.zeros_like(people), people) == predictors.Share(0.5, 4)
    half = np.array([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0]])
    assert predictors.ordered(half, people) == predictors.Share(0.5, 4)


def test_a_predictor_that_says_what_people_said_is_perfect(raw: Listened) -> None:
    kept = raw.screened()
    assert kept.listening.listeners == ("l1", "l2", "l3")
    people = predictors.means(kept.ratings(kept.systems))
    verdict = predictors.verdict(people / 20, kept, kept.systems)
    assert verdict.correlation is not None
    assert verdict.correlation.value == pytest.approx(1)
    assert verdict.correlation.low <= 1 <= verdict.correlation.high + 1e-9
    assert verdict.clear == predictors.Share(1.0, 6)
    assert verdict.bias == pytest.approx(0, abs=1e-9)
    assert predictors.verdict(people, kept, ["good", "bad"]).correlation is None


def test_bias_tells_whom_a_predictor_flatters(raw: Listened) -> None:
    kept = replace(raw.screened(), kinds={"good": "x", "fair": "x", "bad": "y"})
    people = predictors.means(kept.ratings(kept.systems))
    flattering = people + np.array([0.0, 0.0, 20.0])
    assert predictors.verdict(flattering, kept, ["bad"]).bias > 1
    assert predictors.verdict(flattering, kept, ["good", "fair"]).bias < -0.5
    assert predictors.between_kinds(people, kept) == predictors.Share(1.0, 4)


def shaken(kept: Listened, points: float) -> Listened:
    """The set with noise on every rating."""
    generator = np.random.default_rng(2)
    ratings = tuple(
        msgspec.structs.replace(
            r, value=float(np.clip(r.value + generator.normal(0, points), 0, 100))
        )
        for r in kept.listening.ratings
    )
    return replace(kept, listening=msgspec.structs.replace(kept.listening, ratings=tuple(ratings)))


def test_listeners_that_agree_set_a_high_ceiling(raw: Listened) -> None:
    kept = raw.screened()
    agreed, disagreed = predictors.ceiling(kept), predictors.ceiling(shaken(kept, 60))
    assert agreed.clear == pytest.approx(1)
    assert agreed.correlation > 0.99
    assert disagreed.clear < 0.95
    assert disagreed.reliability < agreed.reliability


def test_the_interval_is_wider_where_listeners_disagree(raw: Listened) -> None:
    kept = raw.screened()
    people = predictors.means(kept.ratings(kept.systems))
    sure, unsure = (
        predictors.verdict(people, each, kept.systems).correlation
        for each in (kept, shaken(kept, 40))
    )
    assert sure is not None
    assert unsure is not None
    assert unsure.high - unsure.low > sure.high - sure.low


def test_the_command_makes_page_and_figures(
    tmp_path: Path, speech: AudioClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path / "none"))
    monkeypatch.setenv("CODECMARK_CACHE", str(tmp_path / "none"))
    monkeypatch.setenv("CODECMARK_OFFLINE", "1")
    monkeypatch.setattr("codecmark.commands.predictors.Scorer", lambda: Scorer(1))
    folder, out = write(tmp_path / "set", speech), tmp_path / "out"
    assert main(["predictors", "--ratings", str(folder), "--out", str(out)]) == 0
    page = (out / "predictors.md").read_text()
    assert "made up (CC0): MUSHRA, 2 signals (speech), 4 listeners." in page
    assert "l4: hidden reference below 90 on more than 15 % of the items (2 of 2 items)" in page
    assert "| good | noisy | 80.00 | 72.50 | 6 |" in page
    assert "| low | anchor | 10.00 |" in page
    assert "| PESQ-WB | 0." in page
    assert "100 % of 6" in page
    assert "- DistillMOS: weights of distillmos are not here" in page
    assert "Classes of clips: music, ambient." in page
    assert "Kinds of codec: classic;" in page
    assert "- Without sound or ratings on every signal: low." in page
    figures = list(csv.DictReader((out / "predictors.csv").read_text().splitlines()))
    assert len(figures) == 6
    assert [float(line["mean_rating"]) for line in figures[:3]] == [80, 55, 30]
    assert float(figures[0]["snr_db"]) == pytest.approx(40, abs=0.5)


def test_no_name_among_the_figures_is_a_formula(tmp_path: Path) -> None:
    system, clip = "=cmd|'/C calc'!A0", "a;=1+1;b"
    stimuli = tuple(Stimulus(clip, name, audio="a.wav") for name in ("a", system))
    ratings = tuple(Rating("l", clip, name, 50.0) for name in ("a", system))
    listening = ListeningSet("mushra", stimuli, ratings, folder=tmp_path)
    kept = Listened(listening, {})
    _write_figures(tmp_path / "x.csv", kept, {"snr_db": np.array([[-1.0, 2.0]])})
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[1:] == [
        '"a;=1+1;b","a","50.00","-1.0000"',
        f'"a;=1+1;b","\'{system}","50.00","2.0000"',
    ]


def test_a_predictor_without_a_reference_is_there_as_difference_too() -> None:
    predictions = {
        "distillmos": np.array([[3.0]]), "distillmos_reference": np.array([[4.0]]),
        "mel_distance_db": np.array([[2.0]]),
    }  # fmt: skip
    found = predictors.judged(predictions)
    assert {name: float(values[0, 0]) for name, values in found.items()} == {
        "DistillMOS": 3.0, "DistillMOS, difference": -1.0, "mel dist": -2.0,
    }  # fmt: skip


BERNOULLI = (
    "signal,condition,ratings,participant_ids,file",
    's,Reference,"[100.0, 90.0]","[2, 3]",ref.wav',
    's,Lyra 3,"[20.0, 40.0]","[2, 3]",lyra.wav',
    's,AudioDec,"[60.0, 40.0]","[2, 3]",audiodec.wav',
    's,Anchor,"[5.0]","[3]",',
)


def test_the_bernoulli_table_is_read_as_it_is(tmp_path: Path) -> None:
    table = tmp_path / "ratings_formated.csv"
    table.write_text("\n".join(BERNOULLI) + "\n")
    found = listened.load(tmp_path)
    assert found.systems == ("Lyra 3", "AudioDec")
    assert found.listening.listeners == ("2", "3")
    assert found.ratings(["AudioDec"])[0, 0].tolist() == [60, 40]
    assert found.sound("s", None) == (tmp_path / "audio" / "ref.wav", "speech")
    assert found.sound("s", "Lyra 3")[0].name == "lyra.wav"
    with pytest.raises(InputError, match="no sound of Anchor"):
        found.sound("s", "Anchor")
    table.write_text("\n".join(BERNOULLI).replace('"[5.0]"', '"[5.0, 6.0]"') + "\n")
    with pytest.raises(InputError, match="line 5: ratings and participant_ids are no equal lists"):
        listened.load(tmp_path)


def test_the_kind_of_a_codec_of_this_suite_is_known(tmp_path: Path, raw: Listened) -> None:
    names = {"good": "opus@12k", "fair": "mel:16k-64/griffinlim-64", "bad": "who knows"}
    stimuli, ratings = (
        tuple(msgspec.structs.replace(e, system=names.get(e.system, e.system)) for e in each)
        for each in (raw.listening.stimuli, raw.listening.ratings)
    )
    write_set(tmp_path, msgspec.structs.replace(raw.listening, stimuli=stimuli, ratings=ratings))
    assert listened.load(tmp_path).kinds == {
        "opus@12k": "classic",
        "mel:16k-64/griffinlim-64": "resynthesis from a mel",
        "who knows": "unknown",
    }
    (tmp_path / "kinds.csv").write_text("system,kind\nopus@24k,x\n")
    with pytest.raises(InputError, match=r"kinds\.csv: the set has no system 'opus@24k'"):
        listened.load(tmp_path)


def test_a_set_without_sounds_is_refused(tmp_path: Path, raw: Listened) -> None:
    silent = tuple(msgspec.structs.replace(each, audio=None) for each in raw.listening.stimuli)
    write_set(tmp_path, msgspec.structs.replace(raw.listening, stimuli=silent))
    with pytest.raises(InputError, match=r"two systems with sound .* it has 0"):
        listened.load(tmp_path)
