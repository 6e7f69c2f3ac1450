"""Generated music: random scores, rendered with a SoundFont by the program `fluidsynth`.

Scores have chords of common progressions in all keys, or arpeggios, often a melody and sometimes
drums, on all melodic General MIDI instruments. None is a known piece.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np

from codecmark.errors import UnavailableError

_PROGRESSIONS = ((0, 7, 9, 5), (0, 9, 5, 7), (9, 5, 0, 7), (0, 5, 7, 0), (2, 7, 0, 9), (0, 4, 5, 7))
_MINOR_ON = {2, 4, 9}
_SCALE = (0, 2, 4, 5, 7, 9, 11)
_DRUMS = (36, 38, 42, 46, 49)
_TICKS = 480
SECONDS = 20.0


def render(soundfont: Path, out: Path, seed: int) -> None:
    """Write one piece of about 20 s to a WAV file.

    Raises
    ------
    UnavailableError
        If `fluidsynth` is missing or fails, or the package that writes MIDI is missing.
    """
    program = shutil.which("fluidsynth")
    if program is None:
        raise UnavailableError(
            "rendering needs the program fluidsynth", "install it, or --scores 0"
        )
    midi = out.with_suffix(".mid")
    write_midi(midi, np.random.default_rng([seed, 1]))
    finished = subprocess.run(
        [program, "-n", "-i", "-q", "-g", "0.5", "-r", "44100", "-F", str(out), str(soundfont),
         str(midi)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    midi.unlink()
    if finished.returncode != 0 or not out.is_file():
        last = finished.stderr.strip().splitlines()[-1:] or ["no message"]
        raise UnavailableError(f"fluidsynth failed: {last[0]}", "render fewer: --scores 0")


def write_midi(path: Path, rng: np.random.Generator) -> None:
    """Write a random score of about 20 s.

    Raises
    ------
    UnavailableError
        If the package `mido` is missing.
    """
    try:
        import mido
    except ImportError as error:
        raise UnavailableError(
            "writing MIDI needs the package mido", "install it: pip install mido"
        ) from error
    beats_per_minute = float(rng.uniform(70, 150))
    beats = int(SECONDS * beats_per_minute / 60)
    key = int(rng.integers(12))
    progression = _PROGRESSIONS[rng.integers(len(_PROGRESSIONS))]
    notes: list[tuple[int, int, int, int, int]] = []  # tick, channel, key, velocity, ticks
    arpeggio, melody, drums = rng.random(3) < (0.5, 0.8, 0.3)
    for bar in range(beats // 4 + 1):
        root = key + progression[bar % 4]
        third = 3 if progression[bar % 4] in _MINOR_ON else 4
        chord = [48 + root % 12 + step for step in (0, third, 7)]
        start = bar * 4 * _TICKS
        for index, note in enumerate(chord):
            loud = int(rng.integers(50, 90))
            if arpeggio:
                notes += [
                    (start + (3 * turn + index) * _TICKS // 3, 0, note, loud, _TICKS // 3)
                    for turn in range(4)
                ]
            else:
                notes.append((start, 0, note, loud, 4 * _TICKS))
        if melody:
            tick = start
            while tick < start + 4 * _TICKS:
                ticks = int(rng.choice([_TICKS // 2, _TICKS, 2 * _TICKS]))
                note = 60 + key + int(rng.choice(_SCALE)) + 12 * int(rng.integers(0, 2))
                if rng.random() < 0.85:
                    notes.append((tick, 1, note, int(rng.integers(60, 110)), ticks))
                tick += ticks
        if drums:
            notes += [
                (start + step * _TICKS // 2, 9, int(rng.choice(_DRUMS)), int(rng.integers(50, 100)),
                 _TICKS // 4)
                for step in range(8)
            ]  # fmt: skip
    file = mido.MidiFile(ticks_per_beat=_TICKS)
    messages = mido.MidiTrack()
    file.tracks.append(messages)
    messages.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(beats_per_minute)))
    for channel in (0, 1):
        instrument = int(rng.integers(0, 112))  # from 112: percussion and sound effects
        messages.append(mido.Message("program_change", channel=channel, program=instrument))
    events = [(tick, "note_on", on, note, loud) for tick, on, note, loud, _ in notes]
    events += [(tick + ticks, "note_off", on, note, 0) for tick, on, note, _, ticks in notes]
    now = 0
    for tick, kind, channel, note, velocity in sorted(events):
        messages.append(
            mido.Message(kind, channel=channel, note=note, velocity=velocity, time=tick - now)
        )
        now = tick
    file.save(path)
