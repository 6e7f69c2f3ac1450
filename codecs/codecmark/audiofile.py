"""Audio files: read anything libsndfile or FFmpeg can, refuse what is cut off or damaged."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import soundfile

from codecmark.clip import AudioClip, Samples
from codecmark.errors import InputError

_LIBSNDFILE = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif", ".opus", ".w64", ".caf")
_FFMPEG = (".m4a", ".mp4", ".aac", ".wma", ".webm", ".mka")
SUFFIXES = _LIBSNDFILE + _FFMPEG


def read_audio(path: Path, *, start_s: float = 0.0, duration_s: float | None = None) -> AudioClip:
    """Read a file, or the part of it from `start_s` on.

    Raises
    ------
    InputError
        If the file does not exist, is not audio, or ends before its header says.
    """
    if not path.is_file():
        raise InputError(f"{path}: does not exist")
    try:
        if path.suffix.lower() in _FFMPEG:
            samples, rate = _read_with_ffmpeg(path)
        else:
            _refuse_truncated_wav(path)
            samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
            samples = samples.T
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as audio ({error})") from error
    first = round(start_s * rate)
    last = None if duration_s is None else first + round(duration_s * rate)
    part = samples[:, first:last]
    if part.shape[1] == 0:
        raise InputError(f"{path}: has no samples from {start_s:g} s on")
    return AudioClip(part, int(rate))


def write_wav(path: Path, clip: AudioClip) -> None:
    """Write 16-bit WAV; samples beyond full scale are clipped."""
    soundfile.write(path, clip.pcm16().T, clip.sample_rate_hz, subtype="PCM_16")


def _read_with_ffmpeg(path: Path) -> tuple[Samples, int]:
    import av

    with av.open(str(path)) as container:
        if not container.streams.audio:
            raise InputError(f"{path}: holds no audio stream")
        stream = container.streams.audio[0]
        layout, rate = stream.layout.name, stream.rate
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate)
        frames = [
            out for frame in (*container.decode(stream), None) for out in resampler.resample(frame)
        ]
    if not frames:
        raise InputError(f"{path}: its audio stream is empty")
    samples = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
    return samples.astype(np.float32, copy=False), int(rate)


def _refuse_truncated_wav(path: Path) -> None:
    """Libsndfile reads a WAV that was cut off without a word: hold its data chunk to the file."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
            return
        size = os.fstat(file.fileno()).st_size
        while len(chunk := file.read(8)) == 8:
            length = int.from_bytes(chunk[4:], "little")
            if chunk[:4] == b"data":
                here = size - file.tell()
                if length > here and length < 0xFFFFFFFF - 64:  # all ones: written as a stream
                    raise InputError(
                        f"{path}: its header promises {length} bytes of audio, {here} are there; "
                        "the file is cut off"
                    )
                return
            file.seek(length + length % 2, os.SEEK_CUR)
