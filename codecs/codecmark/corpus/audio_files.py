"""Audio files: read anything libsndfile or FFmpeg can, refuse what is cut off or damaged.

Nothing is allocated because a header says so: samples are read in blocks until enough are there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import soundfile

from codecmark.clip import MAX_CHANNELS, AudioClip, Samples
from codecmark.errors import InputError

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer

_LIBSNDFILE = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif", ".opus", ".w64", ".caf")
_FFMPEG = (".m4a", ".mp4", ".aac", ".wma", ".webm", ".mka", ".g722")
SUFFIXES = _LIBSNDFILE + _FFMPEG

LATEST_S = 1e9  # 31 years: no file is longer, and as samples it is still a number
_BLOCK = 65_536  # samples in each channel
_NO_STATED_LENGTH = ("OGG", "MP3")  # libsndfile goes by the last page, or estimates
_UNKNOWN_LENGTH = 2**63 - 1  # how libsndfile says that a FLAC header leaves it out
_OPEN_ENDED = {4: 2**32 - 65, 8: 2**63 - 65}  # by width in bytes: sizes from here on mean a stream
_SLACK_S = 0.25  # priming and padding of codecs in containers that FFmpeg reads


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


def read_audio(
    path: Path | str, *, start_s: float = 0.0, duration_s: float | None = None
) -> AudioClip:
    """Read a file, or at most `duration_s` of it from `start_s` on, and no more than that.

    Ogg, Opus, MP3, WMA, bare AAC and files written as a stream do not state a length to rely on:
    such a file that was cut off is read as far as it goes.

    Raises
    ------
    InputError
        If the part is no part of a file, the file does not exist or is not audio, or what was to
        be read ends before the header of the file says.
    """
    path = Path(path)
    require_part(str(path), start_s, duration_s)
    read = _read_with_ffmpeg if path.suffix.lower() in _FFMPEG else _read_with_libsndfile
    try:
        if not path.is_file():
            raise InputError(f"{path}: does not exist")
        blocks, rate = read(path, start_s, duration_s)
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as audio ({error})") from error
    if not blocks:
        raise InputError(f"{path}: has no samples from {start_s:g} s on")
    return AudioClip(np.concatenate(blocks, axis=1), rate)


def require_part(of: str, start_s: float, duration_s: float | None) -> None:
    """Raise `InputError` unless these are a start and a length in seconds; `of` names the file."""
    if not 0 <= start_s < LATEST_S:
        raise InputError(f"{of}: start {start_s:g} s; it must be 0 or later")
    if duration_s is not None and not 0 < duration_s < LATEST_S:
        raise InputError(f"{of}: duration {duration_s:g} s; it must be above 0, or left out")


def write_wav(path: Path, clip: AudioClip) -> None:
    """Write 16-bit WAV; samples beyond full scale are clipped."""
    soundfile.write(path, clip.pcm16().T, clip.sample_rate_hz, subtype="PCM_16")


def _window(rate_hz: int, start_s: float, duration_s: float | None) -> tuple[int, int]:
    """Return the first sample that is wanted and the first that no longer is."""
    first = round(start_s * rate_hz)
    return first, sys.maxsize if duration_s is None else first + max(1, round(duration_s * rate_hz))


def _read_with_libsndfile(
    path: Path, start_s: float, duration_s: float | None
) -> tuple[list[Samples], int]:
    _refuse_cut_off(path)
    with soundfile.SoundFile(path) as sound:
        if sound.frames == _UNKNOWN_LENGTH:  # libsndfile cannot tell such a file's end from damage
            return _read_with_ffmpeg(path, start_s, duration_s)
        _refuse_channels(path, sound.channels)
        first, last = _window(sound.samplerate, start_s, duration_s)
        blocks: list[Samples] = []
        missing = min(last, sound.frames) - first
        if missing > 0 and first > 0:
            sound.seek(first)
        while missing > 0:
            try:
                block = sound.read(min(_BLOCK, missing), dtype="float32", always_2d=True).T
            except soundfile.SoundFileError as error:
                raise _too_short(path, f"{missing} samples", str(error)) from error
            if block.shape[1] == 0:
                if sound.format not in _NO_STATED_LENGTH:
                    raise _too_short(path, f"{missing} samples", "end of file")
                break
            blocks.append(block)
            missing -= block.shape[1]
        return blocks, int(sound.samplerate)


def _read_with_ffmpeg(
    path: Path, start_s: float, duration_s: float | None
) -> tuple[list[Samples], int]:
    import av

    blocks: list[Samples] = []
    seen = rate = channels = 0
    try:
        with av.open(str(path)) as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None or stream.codec_context is None:
                raise InputError(f"{path}: holds no audio stream that can be decoded")
            for frame in _float_frames(path, container, stream):
                # rate and layout are those that were decoded: the container's may be wrong
                if not rate:
                    rate, channels = frame.sample_rate, frame.layout.nb_channels
                    _refuse_channels(path, channels)
                if (frame.sample_rate, frame.layout.nb_channels) != (rate, channels):
                    raise InputError(f"{path}: its rate or channels change on the way")
                first, last = _window(rate, start_s, duration_s)
                part = frame.to_ndarray()[:, max(0, first - seen) : last - seen]
                if part.shape[1]:
                    blocks.append(part.astype(np.float32))
                seen += frame.samples
                if seen >= last:
                    break
    except av.FFmpegError as error:  # among them kinds of MemoryError, EOFError, RuntimeError
        raise InputError(f"{path}: cannot be read as audio ({error})") from error
    return blocks, rate


def _float_frames(
    path: Path, container: InputContainer, stream: AudioStream
) -> Iterator[AudioFrame]:
    """Decode to planar float32; the end, once it is reached, is held to the stated one."""
    import av

    resampler = av.AudioResampler(format="fltp")
    end_s = 0.0
    for frame in container.decode(stream):
        if frame.time is not None:  # not the sum of lengths: streams may pause
            end_s = frame.time + frame.samples / frame.sample_rate
        yield from resampler.resample(frame)
    yield from resampler.resample(None)
    stated_s = _stated_end_s(container, stream)
    if end_s < stated_s - _SLACK_S:
        raise _too_short(path, f"{stated_s - end_s:.3g} s", "end of file")


def _stated_end_s(container: InputContainer, stream: AudioStream) -> float:
    """Return the second that the container says the stream ends at; 0 where it does not."""
    if container.format.name.startswith("mov") and stream.duration and stream.time_base:
        return float(((stream.start_time or 0) + stream.duration) * stream.time_base)
    alone = len(container.streams) == 1  # Matroska states the length of its longest stream
    if container.format.name.startswith("matroska") and container.duration and alone:
        return container.duration / 1e6
    return 0.0


def _refuse_channels(path: Path, channels: int) -> None:
    if channels > MAX_CHANNELS:
        raise InputError(f"{path}: {channels} channels, at most {MAX_CHANNELS} are read")


def _too_short(path: Path, missing: str, why: str) -> InputError:
    return InputError(
        f"{path}: {missing} that its header promises cannot be read ({why}); "
        "the file is cut off or damaged"
    )


def _refuse_cut_off(path: Path) -> None:
    """Hold the audio chunk to the file: libsndfile reads what is there without a word."""
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
                        f"{path}: its header promises {length} bytes of audio, {here} are there; "
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
