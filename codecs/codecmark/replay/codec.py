"""`replay:CODEC`: a codec that is here only as decoded audio, see `corpus.published`.

It answers with the file that its authors, or others, published for an original. So its quality is
real; its rate is nominal, as they state it; it has no bytes and takes no time. There is no stream
that could be counted: `encode` and `decode` refuse, and `measure` asks for the sound itself.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec, CodecInfo, Weights
from codecmark.corpus.audio_files import read_audio
from codecmark.corpus.condition import Condition, PreparedClip, like
from codecmark.corpus.published import Library
from codecmark.corpus.published.manifest import Decoded, Setting
from codecmark.errors import CodecError, InputError, UnavailableError
from codecmark.networks.setup import Setup
from codecmark.spec import Spec
from codecmark.system.digest import combined

FAMILY = "replay"
NO_STREAM = "replayed: the decoded sound was published, the coded form was not"
NO_TIME = "replayed: the codec itself was not run"
NORMALISED = (
    "the authors normalised the level of each file by itself, so a difference in level would count "
    "as error; see SI-SDR"
)
# what a level that was changed file by file spoils
LEVEL_DEPENDENT = (
    "snr_db", "snr_raw_db", "segmental_snr_db", "lsd_db", "mel_distance_db", "mrstft_distance",
)  # fmt: skip
_NOTED_LEVEL_DB = 1.0


@dataclass(frozen=True)
class Replayed:
    """What a codec made of a clip, prepared as the clip was.

    Attributes
    ----------
    audio : AudioClip
        Of the condition's rate and channels; its length is the published file's.
    notes : dict
        What must be said beside its figures, by topic.
    refused : dict
        Reasons, by row field, of figures that these files do not allow.
    """

    audio: AudioClip
    notes: dict[str, str]
    refused: dict[str, str]


class ReplayedCodec(Codec):
    """A codec by its decoded files.

    Parameters
    ----------
    codec : str
        Its name in the manifest, e.g. `dac:16khz@6k`.
    library : Library

    Raises
    ------
    InputError
        If the manifest has no codec of that name.
    UnavailableError
        If none of its files is here; says how to get them.
    """

    def __init__(self, codec: str, library: Library) -> None:
        files = library.manifest.of_codec(codec)
        if not files:
            known = library.manifest.codecs()
            near = difflib.get_close_matches(codec, known, n=3)
            hint = f"did you mean {' or '.join(f'{FAMILY}:{name}' for name in near)}? "
            raise InputError(
                f"spec: {FAMILY}:{codec}: no set of published audio has that codec; "
                f"{hint if near else ''}known: {', '.join(known)}"
            )
        if not any(library.find(file) for file in files):
            sets = dict.fromkeys(file.set for file in files)
            raise UnavailableError(
                f"{FAMILY}:{codec}: none of its {len(files)} decoded files is here",
                library.remedy(next(iter(sets))),
            )
        self._library = library
        self._files = {library.manifest.original_of(file).sha256: file for file in files}
        self.info = _info(codec, files, library)

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> ReplayedCodec:
        """Build it with the sets that come with the package."""
        return cls(str(spec).partition(":")[2], _library(setup))

    def covers(self, clip: PreparedClip, condition: Condition) -> bool:
        """Return whether there is a decoded file for a clip that the condition admits."""
        file = self._files.get(clip.file_sha256 or "")
        return file is not None and file.sample_rate_hz >= condition.lowest_native_rate_hz

    def replay(self, clip: PreparedClip, condition: Condition) -> Replayed:
        """Return what was published of a clip, after the preparation that the clip had.

        Raises
        ------
        UnavailableError
            If nothing was, or the file is not here; says what to do.
        DamagedAudioError
            If it is not the published one.
        """
        if not self.covers(clip, condition):
            raise UnavailableError(
                f"{self.info.spec}: no decoded version of {clip.name} that {condition.name} admits "
                "was published",
                "run it on its own originals: --corpus published",
            )
        file = self._files[clip.file_sha256 or ""]
        audio = read_audio(self._library.path(file))
        normalised = self._library.set_of(file).levels == "normalised"
        return Replayed(
            like(clip, audio, condition),
            self._notes(file, condition),
            dict.fromkeys(LEVEL_DEPENDENT, NORMALISED) if normalised else {},
        )

    def encode_payload(self, clip: AudioClip) -> bytes:  # noqa: ARG002 - the interface's
        """Refuse: there is no coded form."""
        raise CodecError(f"{self.info.spec} cannot encode: {NO_STREAM}")

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:  # noqa: ARG002
        """Refuse: there is no coded form."""
        raise CodecError(f"{self.info.spec} cannot decode: {NO_STREAM}")

    def _notes(self, file: Decoded, condition: Condition) -> dict[str, str]:
        published = self._library.set_of(file)
        setting = published.codecs[file.codec]
        original = self._library.manifest.original_of(file)
        notes = {
            "replayed": f"{published.repository} at {published.commit[:10]}, {file.path}",
            "variant": "; ".join(filter(None, (setting.variant, setting.note))),
            "rate": _on_rate(setting),
        }
        if published.caution:
            notes["set"] = published.caution
        if abs(file.level_db) >= _NOTED_LEVEL_DB:
            notes["level"] = f"{file.level_db:+.1f} dB against the original"
        if file.is_lossy:
            notes["container"] = f"lossy: {file.path.rpartition('.')[2]}"
        rates = {file.sample_rate_hz, original.sample_rate_hz}
        if len(rates) > 1 or min(rates) != condition.sample_rate_hz:
            notes["sample rate"] = (
                f"original {original.sample_rate_hz} Hz, decoded {file.sample_rate_hz} Hz, judged "
                f"at {condition.sample_rate_hz} Hz"
            )
        return notes


def _library(setup: Setup) -> Library:
    weights = setup.weights
    return Library.at(setup.published_audio, weights.cache, offline=weights.offline)


def shown_on(spec: Spec, condition: Condition, setup: Setup) -> set[str]:
    """Return the SHA-256 of the originals of which a condition admits a codec's decoded file."""
    manifest = _library(setup).manifest
    return {
        manifest.original_of(file).sha256
        for file in manifest.of_codec(str(spec).partition(":")[2])
        if file.sample_rate_hz >= condition.lowest_native_rate_hz
    }


def sound_digest(spec: Spec, setup: Setup) -> str:
    """Return the digest of the facts about a codec's files, and whether any is here."""
    library = _library(setup)
    files = library.manifest.of_codec(str(spec).partition(":")[2])
    digests = {f"{file.set}/{file.path}": file.sha256 for file in files}
    settings = {file.set: repr(library.set_of(file)) for file in files}
    here = any(library.find(file) for file in files)
    return f"{combined(digests) if files else ''} {settings} {here}"


def _info(codec: str, files: list[Decoded], library: Library) -> CodecInfo:
    settings = [library.set_of(file).codecs[codec] for file in files]
    sets = dict.fromkeys(file.set for file in files)
    doubts = dict.fromkeys(_on_rate(setting) for setting in settings if setting.rate != "stated")
    return CodecInfo(
        spec=f"{FAMILY}:{codec}",
        family=FAMILY,
        nominal_bitrate_kbps=settings[0].nominal_kbps,
        algorithmic_delay_samples=None,
        parameters=None,
        weights=Weights(
            "replayed",
            combined({f"{file.set}/{file.path}": file.sha256 for file in files}),
            f"{len(files)} files of {', '.join(sets)}",
        ),
        licence="; ".join(dict.fromkeys(library.set_of(file).licence for file in files)),
        reference=", ".join(library.manifest.sets[name].repository for name in sets),
        notes="; ".join(["decoded files that others published; the rate is nominal", *doubts]),
    )


def _on_rate(setting: Setting) -> str:
    said = {
        "stated": "nominal, as stated with the files",
        "inferred": "nominal, inferred from the released model",
        "doubtful": "nominal and doubtful: what is stated is not the released model's",
        "none": "none: nothing is coded",
    }
    return said[setting.rate]
