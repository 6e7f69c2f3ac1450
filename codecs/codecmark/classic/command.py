"""Any pair of encoder and decoder programs as a codec: `command:NAME`, described by a TOML file.

Payload layout: each file that the encoder wrote, preceded by its length as a varint.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from codecmark.bitstream.frame import StreamHeader, decode_varint, encode_varint
from codecmark.classic import ogg, programs
from codecmark.classic.command_file import CommandFile
from codecmark.clip import AudioClip, Samples, fit_length, resample
from codecmark.codec import Codec, CodecInfo
from codecmark.corpus.audio_files import write_wav
from codecmark.errors import BitstreamError, CodecError, InputError
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

_NAME = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9_.+-]*")  # no path separator: stays in its folder
_MAX_MISSING = 8_192  # samples: programs may drop the end of a clip, up to their delay


class CommandCodec(Codec):
    """A codec made of two programs, each run in a temporary folder with a time limit.

    The programs must be deterministic; the random serial number of Ogg files is set to zero. The
    measured time includes starting the programs and writing and reading their files.
    """

    def __init__(self, file: CommandFile) -> None:
        file.require_programs()
        self._file = file
        self.info = CodecInfo(
            spec=f"command:{file.path.stem}",
            family="command",
            sample_rate_hz=file.sample_rate_hz,
            channels=file.channels,
            nominal_bitrate_kbps=None,
            algorithmic_delay_samples=file.delay_samples,
            licence=file.licence,
            reference=file.reference or f"the programs in {file.path.name}",
            notes=f"{file.encode} | {file.decode}; times include starting the program",
        )

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> CommandCodec:
        """Build from `command:NAME`."""
        spec.refuse_setting()
        if spec.variant is None or not _NAME.fullmatch(spec.variant):
            raise InputError(f"spec: {spec} needs the name of a TOML file, e.g. command:speex-q6")
        return cls(CommandFile.load(spec.variant, setup.command_folder))

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the encoder's file; one per channel if it takes mono only."""
        clip = clip.resampled(self._file.sample_rate_hz or clip.sample_rate_hz)
        if self._file.channels == 1:
            rate = clip.sample_rate_hz
            parts = [AudioClip(channel[None], rate) for channel in clip.samples]
        else:
            parts = [clip.with_channels(self._file.channels or clip.channels)]
        coded = [self._encode(part) for part in parts]
        return b"".join(encode_varint(len(file)) + file for file in coded)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the decoded samples without the delay, at the exact length."""
        count = header.channels if self._file.channels == 1 else 1
        rate = self._file.sample_rate_hz or header.sample_rate_hz
        length = -(-header.n_samples * rate // header.sample_rate_hz)
        decoded = [self._decode(file, rate, length) for file in _split(payload, count)]
        if self._file.channels == 1:
            samples = np.concatenate(decoded)
        else:
            samples = AudioClip(decoded[0], rate).with_channels(header.channels).samples
        return resample(samples, rate, header.sample_rate_hz, header.n_samples)

    def _encode(self, clip: AudioClip) -> bytes:
        with tempfile.TemporaryDirectory(prefix="codecmark-") as name:
            folder = Path(name)
            write_wav(folder / "input.wav", clip)
            target = folder / f"coded{self._file.coded_suffix}"
            self._run("encode", folder, folder / "input.wav", target)
            file = target.read_bytes()
        return ogg.with_serial_zero(file) if file.startswith(ogg.CAPTURE_PATTERN) else file

    def _decode(self, file: bytes, rate_hz: int, length: int) -> Samples:
        """Return `[channels, length]` at `rate_hz`."""
        delay = self._file.delay_samples
        with tempfile.TemporaryDirectory(prefix="codecmark-") as name:
            folder = Path(name)
            source = folder / f"coded{self._file.coded_suffix}"
            source.write_bytes(file)
            self._run("decode", folder, source, folder / "decoded.wav")
            # not read_audio, which refuses the undefined length of a file written to a pipe
            with soundfile.SoundFile(folder / "decoded.wav") as sound:
                if sound.samplerate != rate_hz:
                    raise CodecError(
                        f"{self.info.spec}: the decoder wrote {sound.samplerate} Hz, {rate_hz} "
                        f"expected; set sample_rate_hz = {sound.samplerate} in {self._file.path}"
                    )
                samples: Samples = sound.read(delay + length, dtype="float32", always_2d=True).T
        missing = delay + length - samples.shape[1]
        if missing > _MAX_MISSING:
            raise BitstreamError("samples", f"decoder wrote {samples.shape[1]}, {length} expected")
        return fit_length(samples[:, delay:], length)

    def _run(self, phase: str, folder: Path, source: Path, target: Path) -> None:
        command = self._file.command(phase, source, target)
        try:
            programs.run(command, folder, self._file.timeout_s)
        except CodecError as error:
            raise CodecError(f"{self.info.spec}: {phase}: {error}") from error
        if not target.is_file():
            raise CodecError(f"{self.info.spec}: {phase}: {command[0]} wrote no {target.name}")


def _split(payload: bytes, count: int) -> list[bytes]:
    files, offset = [], 0
    for _ in range(count):
        length, offset = decode_varint(payload, offset, "file length")
        if length > len(payload) - offset:
            raise BitstreamError("file length", f"{length} is more than the stream holds")
        files.append(payload[offset : offset + length])
        offset += length
    if offset != len(payload):
        raise BitstreamError("file length", "the files do not add up to the payload")
    return files
