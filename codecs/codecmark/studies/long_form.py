"""Long recordings: what an hour costs that a minute does not, each coded in a fresh process.

The signal is one minute again and again, so that the last is compared with the first: what a codec
does to the second differently is drift, of quality, of delay or of the rate.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import Struct

from codecmark import catalog, corpus
from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec
from codecmark.corpus import condition
from codecmark.errors import CodecmarkError, InputError
from codecmark.layered import mdct, segments
from codecmark.layered.codec import RATE_HZ
from codecmark.measure.impairments import concealment, packets
from codecmark.measure.memory import own_peak_mib
from codecmark.metrics import alignment, waveform
from codecmark.networks.setup import Setup
from codecmark.system import child_program, host, threads
from codecmark.system.child_program import ChildDiedError
from codecmark.system.text import shortened

MINUTE_S = 60
LENGTHS_S = (MINUTE_S, 3_600)
SPECS = (
    "pcm16", "flac", "opus@24k-vbr", "lc3@32k", "mp3@48k", "aac@48k", "vorbis@q3", "lyra@9.2k",
    "mel:16k-64+wave+shaped@48k",
)  # fmt: skip
EXACT_DB = 999.0  # JSON has no infinity
_CLASSES = ("speech", "music", "ambient")
_LONGEST_ANSWER = 1 << 20
_STRETCH_S = 5.0  # of a minute, in which its delay is looked for


class LongForm(Struct, frozen=True, kw_only=True):
    """One codec on a signal of one length.

    Attributes
    ----------
    seconds : int
        Length of the signal.
    bitrate_kbps : float
        Of the whole stream.
    encode_s, decode_s : float
        Processor seconds, one thread.
    peak_mib : float
        Most memory of the process, interpreter, libraries and both signals included.
    snr_db : tuple of float
        Of each minute; `EXACT_DB` where every sample is equal.
    moved_samples : int
        By how much the last minute is later than the first.
    run_up_s : float or None
        After how many seconds a decoder that begins in the middle is within 20 dB of one that
        heard everything before; None if this codec's wrapper decodes whole streams only.
    segment_s : float or None
        Length of the parts that are coded by themselves, of codecs that have such.
    host : str
        The machine.
    error : str
        Why there are no figures.
    """

    spec: str
    seconds: int
    bitrate_kbps: float = 0.0
    encode_s: float = 0.0
    decode_s: float = 0.0
    peak_mib: float = 0.0
    snr_db: tuple[float, ...] = ()
    moved_samples: int = 0
    run_up_s: float | None = None
    segment_s: float | None = None
    host: str = ""
    error: str = ""


def minute() -> AudioClip:
    """Return a minute of bundled clips, 16 kHz and one channel, the classes in turn."""
    rules = condition.named("16k-mono")
    entries = corpus.load()
    of_class = {
        name: [entry for entry in entries if entry.clip_class == name][:5] for name in _CLASSES
    }
    in_turn = [entry for entries in zip(*of_class.values(), strict=True) for entry in entries]
    clips, failures = condition.prepare(in_turn, rules)
    if failures:
        name, reason = next(iter(failures.items()))
        raise InputError(f"corpus: {name}: {reason}")
    joined = np.concatenate([clip.audio.samples for clip in clips], axis=1)
    return AudioClip(joined, clips[0].audio.sample_rate_hz).cropped(MINUTE_S)


def measure(spec: str, seconds: int, setup: Setup) -> LongForm:
    """Measure one codec in a process of its own; a failure is in `error`.

    Raises
    ------
    InputError
        If the length is no whole number of minutes.
    """
    if seconds < MINUTE_S or seconds % MINUTE_S:
        raise InputError(f"length: must be whole minutes in seconds, got {seconds}")
    variables = {**setup.variables(), "CODECMARK_OFFLINE": "1"}
    try:
        answer = child_program.only_answer(
            "codecmark.studies.long_form", spec, str(seconds),
            variables=variables, at_most=_LONGEST_ANSWER,
        )  # fmt: skip
    except ChildDiedError as error:
        return LongForm(spec=spec, seconds=seconds, error=str(error))
    return msgspec.json.decode(answer, type=LongForm)


def coded(codec: Codec, minute: AudioClip, seconds: int) -> LongForm:
    """Code a minute, repeated to `seconds`, in this process."""
    count = seconds // MINUTE_S
    clip = AudioClip(np.tile(minute.samples, count), minute.sample_rate_hz)
    started = time.process_time()
    stream = codec.encode(clip)
    encoded = time.process_time()
    decoded = codec.decode(stream)
    ended = time.process_time()
    peak_mib = own_peak_mib()
    size = minute.n_samples
    return LongForm(
        spec=codec.info.spec,
        seconds=seconds,
        bitrate_kbps=8e-3 * len(stream) / clip.duration_s,
        encode_s=encoded - started,
        decode_s=ended - encoded,
        peak_mib=peak_mib,
        snr_db=tuple(
            _snr_db(minute, decoded.samples[:, at : at + size])
            for at in range(0, clip.n_samples, size)
        ),
        moved_samples=_lag(minute, decoded, clip.n_samples - size) - _lag(minute, decoded, 0),
        run_up_s=_run_up_s(codec, stream) if seconds == MINUTE_S else None,
        segment_s=_segment_s(codec.info.spec),
        host=host.host(),
    )


def _snr_db(minute: AudioClip, decoded: Samples) -> float:
    if np.array_equal(minute.samples, decoded):
        return EXACT_DB
    return waveform.snr_db(minute.samples, decoded, minute.sample_rate_hz)


def _lag(minute: AudioClip, decoded: AudioClip, begin: int) -> int:
    """Return by how many samples a minute is late where it begins, which is speech."""
    size = round(_STRETCH_S * minute.sample_rate_hz)
    ours = decoded.samples[:, begin : begin + size]
    return alignment.find_lag(minute.samples[:, :size], ours).lag_samples


def _run_up_s(codec: Codec, stream: bytes) -> float | None:
    if packets.module_of(codec.info.family) is None:
        return None
    sent = packets.of(codec, stream)
    nothing = np.zeros(len(sent.packets), dtype=bool)
    first_half = np.arange(len(sent.packets)) < len(sent.packets) // 2
    whole, late = (
        concealment.decode(sent, lost, concealment.SILENCE) for lost in (nothing, first_half)
    )
    return concealment.recovery_s(sent, first_half, late, whole)


def _segment_s(spec: str) -> float | None:
    return segments.SEGMENT * mdct.SUPERFRAME / RATE_HZ if "+wave" in spec else None


def _main(arguments: Sequence[str]) -> None:
    spec, seconds = arguments
    _, answers = child_program.serving()  # what libraries print, at exit too, is no answer
    threads.limit(1)
    try:
        codec = catalog.create(spec, Setup.from_environment())
        codec.decode(codec.encode(AudioClip(_tone(), 16_000)))  # what is loaded once
        done = coded(codec, minute(), int(seconds))
    except (Exception, SystemExit) as error:  # whatever a plug-in raises is its failure
        known = isinstance(error, CodecmarkError)
        reason = shortened(str(error) if known else f"{type(error).__name__}: {error}")
        done = LongForm(spec=spec, seconds=int(seconds), error=reason)
    answers.write(msgspec.json.encode(done))
    answers.close()


def _tone() -> Samples:
    tone: Samples = 0.1 * np.sin(np.arange(16_000, dtype=np.float32)[None] * 0.1)
    return tone


if __name__ == "__main__":
    _main(sys.argv[1:])
