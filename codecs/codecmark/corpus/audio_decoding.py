"""Decode an audio file block by block, in the process that calls this.

What a library does with a foreign file is not to be trusted: `audio_files` calls this in a process
of its own. Nothing is allocated because a header says so: samples are read in blocks until enough
are there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import soundfile

from codecmark.clip import MAX_CHANNELS, MAX_RATE_HZ, MIN_RATE_HZ, Samples
from codecmark.errors import InputError

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer

LIBSNDFILE = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif", ".opus", ".w64", ".caf")
FFMPEG = (".m4a", ".mp4", ".aac", ".wma", ".webm", ".mka", ".g722")

# A name may look like a URL, and playlists name other files: neither is followed.
_FFMPEG_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,aac,asf,matroska,webm,g722,flac",
}
_BLOCK = 65_536  # samples in each channel
_NO_STATED_LENGTH = ("OGG", "MP3")  # libsndfile goes by the last page, or estimates
_UNKNOWN_LENGTH = 2**63 - 1  # how libsndfile says that a FLAC header leaves it out
_OPEN_ENDED = {4: 2**32 - 65, 8: 2**63 - 65}  # by width in bytes: sizes from here on mean a stream
_SLACK_S = 0.25  # priming and padding of codecs in containers that FFmpeg reads


class Block(NamedTuple):
    """Consecutive samples of a file, `[channels, n]`, and their rate."""

    rate_hz: int
    samples: Samples


class _Chunks(NamedTuple):
    """How a container lays out its chunks; sizes in bytes."""

    first: int
    id_bytes: int
    size_bytes: int
    order: Literal["little", "big"]
    size_counts_header: bool
    aligned_to: int
    audio: bytes


_RIFF = _Chunks(12, 4, 4, "little", False, 2, b"data")
_AIFF = _Chunks(12, 4, 4, "big", False, 2, b"SSND")
_CHUNKED = {  # by the first four bytes
    b"RIFF": _RIFF,
    b"RIFX": _RIFF._replace(order="big"),
    b"RF64": _RIFF,
    b"FORM": _AIFF,
    b"riff": _Chunks(40, 16, 8, "little", True, 8, b"data"),  # Wave64
    b"caff": _Chunks(8, 4, 8, "big", False, 1, b"data"),
}


def blocks(path: Path, start_s: float, duration_s: float | None) -> Iterator[Block]:
    """Yield what a file holds from `start_s` on, all of it or `duration_s`, at one rate.

    Raises
    ------
    InputError
        If the file is not audio, or what was to be read ends before its header says. The message
        does not name the file.
    """
    decode = _with_ffmpeg if path.suffix.lower() in FFMPEG else _with_libsndfile
    try:
        yield from decode(path, start_s, duration_s)
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        raise InputError(f"cannot be read as audio ({error})") from error
    except MemoryError as error:
        raise InputError(
            "cannot be read as audio (it takes more memory than is allowed)"
        ) from error


def _window(rate_hz: int, start_s: float, duration_s: float | None) -> tuple[int, int]:
    """Return the first sample that is wanted and the first that no longer is."""
    first = round(start_s * rate_hz)
    return first, sys.maxsize if duration_s is None else first + max(1, round(duration_s * rate_hz))


def _with_libsndfile(path: Path, start_s: float, duration_s: float | None) -> Iterator[Block]:
    _refuse_cut_off(path)
    with soundfile.SoundFile(os.fsencode(path)) as sound:
        if sound.frames == _UNKNOWN_LENGTH:  # libsndfile cannot tell such a file's end from damage
            yield from _with_ffmpeg(path, start_s, duration_s)
            return
        _refuse_form(sound.channels, sound.samplerate)
        first, last = _window(sound.samplerate, start_s, duration_s)
        missing = min(last, sound.frames) - first
        if missing > 0 and first > 0:
            sound.seek(first)
        while missing > 0:
            try:
                samples = sound.read(min(_BLOCK, missing), "float32", always_2d=True).T
            except soundfile.SoundFileError as error:
                raise _too_short(f"{missing} samples", str(error)) from error
            if samples.shape[1] == 0:
                if sound.format not in _NO_STATED_LENGTH:
                    raise _too_short(f"{missing} samples", "end of file")
                break
            yield Block(sound.samplerate, samples)
            missing -= samples.shape[1]


def _with_ffmpeg(path: Path, start_s: float, duration_s: float | None) -> Iterator[Block]:
    import av

    seen = rate = channels = 0
    try:
        with av.open(f"file:{path}", options=_FFMPEG_OPTIONS) as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None or stream.codec_context is None:
                raise InputError("holds no audio stream that can be decoded")
            for frame in _float_frames(container, stream):
                # rate and layout are those that were decoded: the container's may be wrong
                if not rate:
                    rate, channels = frame.sample_rate, frame.layout.nb_channels
                if (frame.sample_rate, frame.layout.nb_channels) != (rate, channels):
                    raise InputError("its rate or channels change on the way")
                first, last = _window(rate, start_s, duration_s)
                packed = frame.to_ndarray().astype(np.float32, copy=False).reshape(-1, channels)
                part = packed[max(0, first - seen) : max(0, last - seen)].T
                if part.shape[1]:
                    yield Block(rate, part)
                seen += frame.samples
                if seen >= last:
                    break
    except av.FFmpegError as error:  # among them kinds of MemoryError, EOFError, RuntimeError
        raise InputError(f"cannot be read as audio ({error})") from error


def _float_frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Decode to packed float32; the end, once it is reached, is held to the stated one.

    Packed, since PyAV takes planar frames of eight channels for nine planes and reads beyond them.
    """
    import av

    resampler = av.AudioResampler(format="flt")
    end_s = 0.0
    for frame in container.decode(stream):
        _refuse_form(frame.layout.nb_channels, frame.sample_rate)
        if frame.time is not None:  # not the sum of lengths: streams may pause
            end_s = frame.time + frame.samples / frame.sample_rate
        yield from resampler.resample(frame)
    yield from resampler.resample(None)
    stated_s = _stated_end_s(container, stream)
    if end_s < stated_s - _SLACK_S:
        raise _too_short(f"{stated_s - end_s:.3g} s", "end of file")


def _stated_end_s(container: InputContainer, stream: AudioStream) -> float:
    """Return the second that the container says the stream ends at; 0 where it does not."""
    if container.format.name.startswith("mov") and stream.duration and stream.time_base:
        return float(((stream.start_time or 0) + stream.duration) * stream.time_base)
    alone = len(container.streams) == 1  # Matroska states the length of its longest stream
    if container.format.name.startswith("matroska") and container.duration and alone:
        return container.duration / 1e6
    return 0.0


def _refuse_form(channels: int, rate_hz: int) -> None:
    if not 1 <= channels <= MAX_CHANNELS:
        raise InputError(f"{channels} channels, at most {MAX_CHANNELS} are read")
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise InputError(f"sample rate {rate_hz} Hz is outside {MIN_RATE_HZ}..{MAX_RATE_HZ}")


def _too_short(missing: str, why: str) -> InputError:
    return InputError(
        f"{missing} that its header promises cannot be read ({why}); the file is cut off or damaged"
    )


def _refuse_cut_off(path: Path) -> None:
    """Refuse a file that ends before its audio does: libsndfile reads what is there silently."""
    with path.open("rb") as file:
        layout = _CHUNKED.get(file.read(4))
        if layout is None:
            return
        size = os.fstat(file.fileno()).st_size
        header_bytes = layout.id_bytes + layout.size_bytes
        width, long_length = layout.size_bytes, None
        file.seek(layout.first)
        while len(header := file.read(header_bytes)) == header_bytes:
            length = int.from_bytes(header[layout.id_bytes :], layout.order)
            if layout.size_counts_header:
                length -= header_bytes
            here = size - file.tell()
            if header.startswith(layout.audio):
                if long_length is not None and length == 0xFFFFFFFF:
                    length, width = long_length, 8
                if here < length < _OPEN_ENDED[width]:
                    raise InputError(
                        f"its header promises {length} bytes of audio, {here} are there; "
                        "the file is cut off"
                    )
                return
            if not 0 <= length <= here:
                return  # libsndfile refuses a file without audio
            if header.startswith(b"ds64"):  # RF64: the audio chunk's length in 64 bits
                sizes = file.read(16)
                long_length = int.from_bytes(sizes[8:], "little")
                file.seek(-len(sizes), os.SEEK_CUR)
            file.seek(length + -length % layout.aligned_to, os.SEEK_CUR)
