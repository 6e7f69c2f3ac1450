"""Small audio files of every kind that is read, and how the process that reads them does it."""

from __future__ import annotations

from pathlib import Path

import soundfile

from audio_on_disk import put_with_ffmpeg
from codecmark.corpus import audio_decoding
from entries import noise

_MOST_BYTES = 64 << 20  # of samples that are taken from one file
LIBSNDFILE = {
    "wav": {}, "wavex": {"format": "WAVEX", "subtype": "FLOAT"}, "rf64": {"format": "RF64"},
    "flac": {}, "ogg": {}, "opus": {"format": "OGG", "subtype": "OPUS"}, "mp3": {}, "aiff": {},
    "w64": {}, "caf": {}, "alac.caf": {"subtype": "ALAC_16"}, "adpcm.wav": {"subtype": "MS_ADPCM"},
}  # fmt: skip
FFMPEG = {"m4a": "aac", "alac.m4a": "alac", "webm": "libopus",
           "flac.mka": "flac", "aac": "aac", "g722": "g722"}  # fmt: skip


def by_libsndfile(name: str, folder: Path) -> list[bytes]:
    """Return files of one and two channels."""
    path = folder / f"a.{name.rpartition('.')[2]}"
    if path.suffix in {".wavex", ".rf64"}:
        path = folder / "a.wav"
    found = []
    for channels in (1, 2):
        samples = noise(1_200, channels=channels).samples.T
        rate = 48_000 if name == "opus" else 16_000
        soundfile.write(path, samples, rate, **LIBSNDFILE[name])
        found.append(path.read_bytes())
    return found


def by_ffmpeg(name: str, folder: Path) -> list[bytes]:
    """Return files of one, two and eight channels, as far as the encoder takes them."""
    path = folder / f"a.{name.rpartition('.')[2]}"
    layouts = {"g722": ("mono",), "alac.m4a": ("mono", "stereo")}.get(
        name, ("mono", "stereo", "7.1")
    )
    return [put_with_ffmpeg(path, FFMPEG[name], 0.05, each).read_bytes() for each in layouts]


def read(path: Path) -> None:
    """Read as the process that reads does."""
    total = 0
    for block in audio_decoding.blocks(path, 0.0, None):
        total += block.samples.nbytes
        if total > _MOST_BYTES:
            return
