"""Predictors held against a made-up listening set, whose answers are known."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codecmark import AudioClip, InputError
from codecmark.__main__ import main
from codecmark.corpus.audio_files import write_wav
from codecmark.measure.scoring import Scorer
from codecmark.studies import listening_set, predictors, predictors_page
from codecmark.studies.listening_set import ListeningSet
from known_signals import RATE, with_noise

SIGNALS = ("a", "b")
NOISE_DB = {"good": 40.0, "fair": 25.0, "bad": 10.0}  # signal over noise
RATING = {"ref": 98.0, "good": 80.0, "fair": 55.0, "bad": 30.0, "anchor": 10.0}
LISTENERS = ("l1", "l2", "l3", "l4")
ABOUT = """name = "made up"
licence = "CC0"
source = "these tests"
class = "speech"
reference = "ref"
anchors = ["anchor"]

[kinds]
noisy = ["good", "fair", "bad"]
"""


def write_set(folder: Path, speech: AudioClip | None = None) -> Path:
    """Write a set in the suite's form; `l4` cannot tell the hidden reference."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "set.toml").write_text(ABOUT)
    with (folder / "ratings.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("signal", "condition", "listener", "rating"))
        for signal in SIGNALS:
            for condition, rating in RATING.items():
                for number, listener in enumerate(LISTENERS):
                    shown = 50.0 if listener == "l4" else rating + number - 1
                    lines.writerow((signal, condition, listener, shown))
    with (folder / "stimuli.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("signal", "condition", "file"))
        for index, signal in enumerate(SIGNALS):
            for condition in ("ref", *NOISE_DB):
                lines.writerow((signal, condition, f"{signal}_{condition}.wav"))
                path = folder / f"{signal}_{condition}.wav"
                if speech is None:
                    path.touch()
                    continue
                part = AudioClip(speech.samples[:, index * 32_000 : (index + 1) * 32_000], RATE)
                samples = part.samples
                if condition != "ref":
                    samples = with_noise(part, NOISE_DB[condition]).clip(-1, 1)
                write_wav(path, AudioClip(samples, RATE))
    return folder


@pytest.fixture
def listened(tmp_path: Path) -> ListeningSet:
    """The set, read; its sounds are empty files."""
    return listening_set.load(write_set(tmp_path / "set"))


def test_a_set_is_read_and_screened_by_its_hidden_reference(listened: ListeningSet) -> None:
    assert listened.ratings.shape == (2, 5, 4)
    assert listened.systems == ("good", "fair", "bad")
    assert listened.unreliable() == ("l4",)
    screened = listened.screened()
    assert screened.listeners == ("l1", "l2", "l3")
    assert screened.condition_means() == pytest.approx(RATING)
    assert listened.condition_means()["good"] == pytest.approx((79 + 80 + 81 + 50) / 4)


def test_a_listener_may_miss_the_reference_in_15_percent_of_the_items(
    listened: ListeningSet,
) -> None:
    ratings = np.full((7, 5, 2), 95.0)
    ratings[0, 0, 0] = 80  # one of seven is 14.3 %
    ratings[:2, 0, 1] = 80
    seven = replace(listened, listeners=("x", "y"), ratings=ratings)
    assert seven.unreliable() == ("y",)


def test_who_did_not_rate_counts_nowhere(listened: ListeningSet) -> None:
    ratings = listened.ratings.copy()
    ratings[0, :, 0] = np.nan
    fewer = replace(listened, ratings=ratings)
    assert predictors.means(fewer.of(["good"]))[0, 0] == pytest.approx((80 + 81 + 50) / 3)


def test_pairs_are_counted_once_and_ties_count_half() -> None:
    people = np.array([[80.0, 60.0, 50.0], [80.0, 70.0, 10.0]])
    # clear: 80-60 and 80-50 of the first signal, 80-10 and 70-10 of the second
    assert predictors.ordered(people, people) == predictors.Share(1.0, 4)
    assert predictors.ordered(-people, people) == predictors.Share(0.0, 4)
    assert predictors.ordered(np.zeros_like(people), people) == predictors.Share(0.5, 4)
    half = np.array([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0]])
    assert predictors.ordered(half, people) == predictors.Share(0.5, 4)


def test_a_predictor_that_says_what_people_said_is_perfect(listened: ListeningSet) -> None:
    kept = listened.screened()
    people = predictors.means(kept.of(kept.systems))
    verdict = predictors.verdict(people / 20, kept, kept.systems)
    assert verdict.correlation is not None
    assert verdict.correlation.value == pytest.approx(1)
    assert verdict.correlation.low <= 1 <= verdict.correlation.high + 1e-9
    assert verdict.clear == predictors.Share(1.0, 6)
    assert verdict.bias == pytest.approx(0, abs=1e-9)
    assert predictors.verdict(people, kept, ["good", "bad"]).correlation is None


def test_bias_tells_whom_a_predictor_flatters(listened: ListeningSet) -> None:
    kept = replace(listened.screened(), kinds={"good": "x", "fair": "x", "bad": "y"})
    people = predictors.means(kept.of(kept.systems))
    flattering = people + np.array([0.0, 0.0, 20.0])
    assert predictors.verdict(flattering, kept, ["bad"]).bias > 1
    assert predictors.verdict(flattering, kept, ["good", "fair"]).bias < -0.5
    assert predictors.between_kinds(people, kept) == predictors.Share(1.0, 4)


def test_listeners_that_agree_set_a_high_ceiling(listened: ListeningSet) -> None:
    kept = listened.screened()
    agreed = predictors.ceiling(kept)
    assert agreed.clear == pytest.approx(1)
    assert agreed.correlation > 0.99
    noise = np.random.default_rng(1).uniform(0, 100, kept.ratings.shape)
    disagreed = predictors.ceiling(replace(kept, ratings=noise))
    assert disagreed.clear < 0.9
    assert disagreed.reliability < agreed.reliability


def test_the_interval_of_signals_and_listeners_is_wider_where_they_disagree(
    listened: ListeningSet,
) -> None:
    kept = listened.screened()
    people = predictors.means(kept.of(kept.systems))
    noisy = replace(
        kept, ratings=kept.ratings + np.random.default_rng(2).normal(0, 25, kept.ratings.shape)
    )
    sure, unsure = (
        predictors.verdict(people, each, kept.systems).correlation for each in (kept, noisy)
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
    folder, out = write_set(tmp_path / "set", speech), tmp_path / "out"
    assert main(["predictors", "--ratings", str(folder), "--out", str(out)]) == 0
    page = (out / "predictors.md").read_text()
    assert "| good | noisy | 80.00 | 72.50 | 6 |" in page
    assert "left out (ITU-R BS.1534-3): l4; 3 listeners stay" in page
    assert "| PESQ-WB | 0." in page
    assert "100 % of 6" in page
    assert "- DistillMOS: weights of distillmos are not here" in page
    assert "Classes of clips: music, ambient." in page
    assert "- Conditions without sound: anchor." in page
    figures = list(csv.DictReader((out / "predictors.csv").read_text().splitlines()))
    assert len(figures) == 6
    assert [float(line["mean_rating"]) for line in figures[:3]] == [80, 55, 30]
    assert float(figures[0]["snr_db"]) == pytest.approx(40, abs=0.5)


def test_a_predictor_without_a_reference_is_there_as_difference_too() -> None:
    predictions = {
        "distillmos": np.array([[3.0]]), "distillmos_reference": np.array([[4.0]]),
        "mel_distance_db": np.array([[2.0]]),
    }  # fmt: skip
    found = predictors.judged(predictions)
    assert {name: float(values[0, 0]) for name, values in found.items()} == {
        "DistillMOS": 3.0, "DistillMOS, difference": -1.0, "mel dist": -2.0,
    }  # fmt: skip


def test_a_table_with_lists_is_read_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(listening_set._FOREIGN_ABOUT, "kinds", {"x": ["Lyra 3"]})
    (tmp_path / "audio").mkdir()
    for name in ("ref.wav", "lyra.wav"):
        (tmp_path / "audio" / name).touch()
    table = tmp_path / "ratings_formated.csv"
    lines = [
        "signal,condition,ratings,participant_ids,file",
        's,Reference,"[100.0, 90.0]","[2, 3]",ref.wav',
        's,Lyra 3,"[20.0, 40.0]","[2, 3]",lyra.wav',
        's,Anchor,"[5.0]","[3]",',
    ]
    table.write_text("\n".join(lines) + "\n")
    found = listening_set.load(tmp_path)
    assert found.condition_means() == {"Reference": 95.0, "Lyra 3": 30.0, "Anchor": 5.0}
    assert found.listeners == ("2", "3")
    table.write_text("\n".join(lines).replace('"[5.0]"', '"[5.0, 6.0]"') + "\n")
    with pytest.raises(InputError, match=r"line 4: ratings and participant_ids are no equal lists"):
        listening_set.load(tmp_path)


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("set.toml", 'name = "made up"', "", "name: is missing"),
        ("set.toml", '"good", "fair"', '"gut"', "no rating of the condition 'gut'"),
        ("set.toml", "[kinds]", "[kinds", "set.toml"),
        ("ratings.csv", "a,ref,l1,97", "a,ref,l1,197", "line 2: the rating '197.0'"),
        ("ratings.csv", "a,ref,l1,97.0", "a,ref,l1,good", "line 2: the rating 'good'"),
        ("ratings.csv", "a,ref,l2", "a,ref,l1", "two ratings of a, ref, l1"),
        ("ratings.csv", "listener,", "who,", "no column listener"),
        ("stimuli.csv", "a_bad.wav", "a_worse.wav", r"a_worse\.wav: is not there"),
    ],
)
def test_what_is_wrong_with_a_set_is_named(
    tmp_path: Path, file: str, old: str, new: str, words: str
) -> None:
    path = write_set(tmp_path) / file
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=words):
        listening_set.load(tmp_path)


def test_a_folder_without_a_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no listening set"):
        listening_set.load(tmp_path)


def test_the_page_names_what_a_set_does_not_cover(listened: ListeningSet) -> None:
    people = predictors.means(listened.screened().of(listened.systems))
    page = predictors_page.markdown(listened, {"pesq_wb": people}, {"nmr_db": "48 kHz"}, "a host")
    assert "Kinds of codec: keeps the waveform (Opus, LC3, MP3);" in page
    assert "- NMR: 48 kHz." in page
    assert "near transparency" not in page  # the best system has 80 points
