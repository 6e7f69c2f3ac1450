"""The catalog: which codecs there are, and where each one lives.

A family is one line: its name, the class that builds its codecs, and the settings that the suite
runs. A setting that is not listed still works if the class accepts it (`opus@20k`). Nothing is
imported until a codec is created.

Another distribution adds a family with an entry point in the group `codecmark.codecs`::

    [project.entry-points."codecmark.codecs"]
    mycodec = "my_package.codec:MyCodec"

The class is called as `MyCodec.from_spec(spec)` and returns a `Codec`. It may carry a class
attribute `catalog_specs`, the tuple of spec strings that `codecmark list` shows.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Protocol

from codecmark.codec import Codec
from codecmark.errors import (
    CodecError,
    CodecmarkError,
    InputError,
    UnavailableError,
    UnknownCodecError,
)
from codecmark.spec import Spec

ENTRY_POINT_GROUP = "codecmark.codecs"


class CodecFactory(Protocol):
    """What a catalog target names: a class that builds its codecs from specs."""

    def from_spec(self, spec: Spec) -> Codec:
        """Return the codec, or raise `InputError` or `UnavailableError`."""
        ...


@dataclass(frozen=True)
class Family:
    """One line of the catalog.

    `default` are the settings of the default run; `more` are run with `--all` only.
    """

    target: str
    summary: str
    default: tuple[str, ...]
    more: tuple[str, ...] = ()


_DISTRIBUTIONS = {"lc3": "lc3py"}  # where what is imported is not what is installed

_AUDIOLDM2 = (
    *(
        f"audioldm2:{checkpoint}/{vocoder}"
        for checkpoint in ("base", "music", "large")
        for vocoder in ("hifigan", "griffinlim-64")
    ),
    "audioldm2:user-80-256/griffinlim-64",
)
_LATENT_CODINGS = tuple(
    f"audioldm2:music/hifigan@{coding}" for coding in ("f32", "int8", "q0.25", "q0.5", "q1")
)
_PHASE_METHODS = tuple(
    f"mel:16k-64/{method}"
    for method in (
        "griffinlim-32", "griffinlim-128", "griffinlim-256", "griffinlim-64m0", "admm-64", "spsi",
        "pghi", "zero+griffinlim-64", "spsi+griffinlim-64", "pghi+griffinlim-64", "pghi+admm-64",
        "griffinlim-64+wiener", "griffinlim-64+softlimit",
    )
)  # fmt: skip
_FRONT_ENDS = (
    "mel:16k-64-centred/griffinlim-64",
    *(
        f"mel:16k-{bands}-{hop}-{n_fft}/griffinlim-64"
        for bands in (64, 80, 128)
        for hop in (160, 256)
        for n_fft in (1024, 2048)
    ),
)
_WAVEFORM_LAYER = tuple(
    f"mel:16k-64+wave@{target}" for target in ("snr10", "snr12", "snr15", "snr20", "8k")
)
_MEL_CODINGS = tuple(f"mel:16k-64/griffinlim-64@{coding}" for coding in ("int8", "q0.5", "q1"))

FAMILIES: dict[str, Family] = {
    "pcm16": Family(
        "codecmark.wrappers.pcm:Pcm16Codec", "16-bit PCM: measures the harness itself", ("pcm16",)
    ),
    "flac": Family("codecmark.wrappers.flac:FlacCodec", "FLAC, lossless", ("flac",)),
    "opus": Family(
        "codecmark.wrappers.ffmpeg:FfmpegCodec", "Opus (libopus, constant bitrate)",
        ("opus@6k", "opus@9.2k", "opus@12k", "opus@16k", "opus@24k", "opus@32k"),
        ("opus@48k", "opus@64k", "opus@96k", "opus@128k"),
    ),
    "mp3": Family(
        "codecmark.wrappers.ffmpeg:FfmpegCodec", "MP3 (LAME, constant bitrate)",
        ("mp3@16k", "mp3@24k", "mp3@32k", "mp3@48k"), ("mp3@64k", "mp3@128k"),
    ),
    "aac": Family(
        "codecmark.wrappers.ffmpeg:FfmpegCodec", "AAC-LC (FFmpeg's encoder)",
        ("aac@16k", "aac@24k", "aac@32k", "aac@48k"), ("aac@64k", "aac@128k"),
    ),
    "vorbis": Family(
        "codecmark.wrappers.vorbis:VorbisCodec", "Ogg Vorbis (libvorbis, quality 0 to 10)",
        ("vorbis@q1", "vorbis@q3", "vorbis@q5"), ("vorbis@q0", "vorbis@q8"),
    ),
    "lc3": Family(
        "codecmark.wrappers.lc3:Lc3Codec", "LC3 of Bluetooth LE Audio (liblc3)",
        ("lc3@16k", "lc3@24k", "lc3@32k"), ("lc3@48k", "lc3@64k"),
    ),
    "g722": Family(
        "codecmark.wrappers.telephone:TelephoneCodec", "G.722 wideband telephony (FFmpeg)",
        ("g722@64k",),
    ),
    "amr": Family(
        "codecmark.wrappers.telephone:TelephoneCodec", "AMR narrowband (OpenCORE), 8 kHz",
        ("amr@12.2k",), ("amr@4.75k", "amr@7.95k"),
    ),
    "codec2": Family(
        "codecmark.wrappers.codec2:Codec2", "Codec 2: parametric speech coding, 8 kHz",
        ("codec2@3.2k",), ("codec2@2.4k", "codec2@1.6k", "codec2@1.3k", "codec2@0.7k"),
    ),
    "lyra": Family(
        "codecmark.wrappers.lyra:LyraCodec", "SoundStream as shipped in Lyra v2, 16 kHz",
        ("lyra@3.2k", "lyra@6k", "lyra@9.2k"),
    ),
    "mel": Family(
        "codecmark.audioldm2.chain:MelCodec", "mel spectrogram, and a vocoder without its VAE",
        ("mel:16k-64/griffinlim-64", "mel:16k-80-256/griffinlim-64", "mel:22k-80/hifigan-22k"),
        (*_PHASE_METHODS, *_FRONT_ENDS, *_MEL_CODINGS, *_WAVEFORM_LAYER),
    ),
    "audioldm2": Family(
        "codecmark.audioldm2.chain:AudioLDM2Codec", "AudioLDM2: mel, VAE latent, mel, waveform",
        _AUDIOLDM2, _LATENT_CODINGS,
    ),
    "encodec": Family(
        "codecmark.wrappers.encodec:EncodecCodec", "EnCodec 24 kHz",
        ("encodec:24khz@1.5k", "encodec:24khz@6k", "encodec:24khz@24k"),
        ("encodec:24khz@3k", "encodec:24khz@12k"),
    ),
    "dac": Family(
        "codecmark.wrappers.dac:DacCodec", "Descript Audio Codec",
        ("dac:16khz@6k", "dac:24khz@24k", "dac:44khz@8k"), ("dac:44khz@4k", "dac:24khz@6k"),
    ),
    "oobleck": Family(
        "codecmark.wrappers.oobleck:OobleckCodec", "Stable Audio's autoencoder, 44.1 kHz stereo",
        (), ("oobleck:stable-audio@f16", "oobleck:stable-audio@int8", "oobleck:stable-audio@q0.5"),
    ),
    "silence": Family(
        "codecmark.wrappers.sentinels:SilenceCodec", "sentinel: SNR 0 dB", ("silence",)
    ),
    "noise": Family(
        "codecmark.wrappers.sentinels:NoiseCodec", "sentinel: white noise at a known SNR",
        (), ("noise@10db", "noise@20db"),
    ),
    "lowpass": Family(
        "codecmark.wrappers.sentinels:LowPassCodec", "sentinel: anchors of MUSHRA tests",
        (), ("lowpass@3.5k", "lowpass@7k"),
    ),
    "pcm": Family(
        "codecmark.wrappers.sentinels:PcmCodec", "sentinel: PCM with few bits, 6.02 dB a bit",
        (), ("pcm@8bit", "pcm@12bit"),
    ),
    "command": Family(
        "codecmark.wrappers.command:CommandCodec", "your own programs, by CODECMARK_COMMANDS", ()
    ),
}  # fmt: skip


def all_specs(*, default_only: bool = False) -> Iterator[str]:
    """Yield every catalog spec in order, plug-ins last."""
    for family in FAMILIES.values():
        yield from family.default
        if not default_only:
            yield from family.more
    if not default_only:
        for name in _plugins():
            yield from _plugin_specs(name)


def create(spec: str) -> Codec:
    """Build the codec that `spec` names.

    Raises
    ------
    InputError
        If the spec is malformed or its settings are out of range.
    UnknownCodecError
        If no family has that name; suggests near ones and lists all.
    UnavailableError
        If a package or weights that it cannot do without are missing; says what to do.
    """
    parsed = Spec.parse(spec)
    if parsed.family in FAMILIES:
        target = FAMILIES[parsed.family].target
    elif parsed.family in _plugins():
        target = _plugins()[parsed.family]
    else:
        raise UnknownCodecError(_did_you_mean(spec))
    try:
        return _load(target).from_spec(parsed)
    except CodecmarkError:
        raise
    except Exception as error:
        raise CodecError(f"{spec} could not be built: {type(error).__name__}: {error}") from error


def select(specs: str | None, *, everything: bool = False) -> tuple[str, ...]:
    """Return the specs that a `--codecs` value names: comma-separated specs or families.

    A family name alone stands for its default settings. Without a value: the default set, or all
    of the catalog if `everything`.
    """
    if specs is None:
        return tuple(all_specs(default_only=not everything))
    chosen: list[str] = []
    for text in filter(None, (part.strip() for part in specs.split(","))):
        parsed = Spec.parse(text)
        if parsed.family not in FAMILIES and parsed.family not in _plugins():
            raise UnknownCodecError(_did_you_mean(text))
        if text in FAMILIES:
            chosen += FAMILIES[text].default or (text,)
        elif text in _plugins():
            chosen += _plugin_specs(text)
        else:
            chosen.append(text)
    if not chosen:
        raise InputError("codecs: the list is empty; name at least one, e.g. opus@24k")
    return tuple(dict.fromkeys(chosen))


def _did_you_mean(spec: str) -> str:
    names = [*FAMILIES, *_plugins()]
    near = difflib.get_close_matches(spec, [*all_specs(), *names], n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return f"no codec named {spec!r}; {hint}known families: {', '.join(names)}"


@cache
def _plugins() -> dict[str, str]:
    return {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP)}


def _plugin_specs(name: str) -> tuple[str, ...]:
    """Return what a plug-in offers; of one that cannot be loaded its name, which then says why."""
    try:
        return getattr(_load(_plugins()[name]), "catalog_specs", (name,))
    except UnavailableError:
        return (name,)


def _load(target: str) -> CodecFactory:
    module_name, _, class_name = target.partition(":")
    try:
        factory: CodecFactory = getattr(importlib.import_module(module_name), class_name)
    except ImportError as error:
        package = (error.name or module_name).partition(".")[0]
        package = _DISTRIBUTIONS.get(package, package)
        raise UnavailableError(
            f"{target} needs the package {package}", f"install it: pip install {package}"
        ) from error
    except Exception as error:
        raise UnavailableError(
            f"{target} cannot be loaded ({type(error).__name__}: {error})",
            "mend or uninstall the distribution that provides it",
        ) from error
    return factory
