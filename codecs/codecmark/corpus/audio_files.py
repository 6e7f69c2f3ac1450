"""Audio files: read anything libsndfile or FFmpeg can, refuse what is cut off or damaged.

Files are foreign: they are read in a process of their own, see `reader_process`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from codecmark.clip import AudioClip
from codecmark.corpus import audio_decoding, reader_process
from codecmark.corpus.audio_decoding import Block
from codecmark.corpus.reader_process import ReadLimits
from codecmark.errors import InputError

SUFFIXES = audio_decoding.LIBSNDFILE + audio_decoding.FFMPEG

LATEST_S = 1e9  # 31 years: no file is longer, and as samples it is still a number
LIMITS = ReadLimits()


def read_audio(
    path: Path | str,
    *,
    start_s: float = 0.0,
    duration_s: float | None = None,
    limits: ReadLimits = LIMITS,
) -> AudioClip:
    """Read a file, or at most `duration_s` of it from `start_s` on, and no more than that.

    Ogg, Opus, MP3, WMA, bare AAC and files written as a stream do not state a length to rely on:
    such a file that was cut off is read as far as it goes.

    Raises
    ------
    InputError
        If the part is no part of a file, the file does not exist or is not audio, what was to be
        read ends before the header of the file says, or reading it exceeds a limit.
    """
    path = Path(path)
    require_part(str(path), start_s, duration_s)
    try:
        if not path.is_file():
            raise InputError("is no file that can be read" if path.exists() else "does not exist")
        blocks = reader_process.SHARED.read(path, start_s, duration_s, limits)
    except (InputError, OSError, ValueError) as error:
        raise InputError(f"{path}: {error}") from error
    return _joined(path, start_s, blocks)


def read_own(path: Path) -> AudioClip:
    """Read a whole file that this program wrote, without another process."""
    return _joined(path, 0.0, list(audio_decoding.blocks(path, 0.0, None)))


def _joined(path: Path, start_s: float, blocks: list[Block]) -> AudioClip:
    if not blocks:
        raise InputError(f"{path}: has no samples from {start_s:g} s on")
    samples = np.concatenate([block.samples for block in blocks], axis=1)
    return AudioClip(samples, blocks[0].rate_hz)


def require_part(of: str, start_s: float, duration_s: float | None) -> None:
    """Raise `InputError` unless these are a start and a length in seconds; `of` names the file."""
    if not 0 <= start_s < LATEST_S:
        raise InputError(f"{of}: start {start_s:g} s; it must be 0 or later")
    if duration_s is not None and not 0 < duration_s < LATEST_S:
        raise InputError(f"{of}: duration {duration_s:g} s; it must be above 0, or left out")


def write_wav(path: Path, clip: AudioClip) -> None:
    """Write 16-bit WAV; samples beyond full scale are clipped."""
    soundfile.write(path, clip.pcm16().T, clip.sample_rate_hz, subtype="PCM_16")
