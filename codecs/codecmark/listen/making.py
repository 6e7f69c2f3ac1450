"""From codecs and clips to a test folder: coded, levelled, renamed, laid out as pages."""

from __future__ import annotations

import io
import math
import os
import random
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import soundfile

from codecmark import catalog
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.corpus.loudness import loudness_lufs
from codecmark.errors import CodecmarkError, InputError, MetricError
from codecmark.listen import design
from codecmark.listen.design import Design, Key, KeyEntry, Plan, PlanPage, TestMethod
from codecmark.listen.ratings import Role
from codecmark.system import whole_files

TARGET_LUFS = -23.0
CLEAR_LU = 0.5  # a difference in loudness beyond it may be heard as one in quality
REFERENCE = "reference"
# low-pass anchors must differ from the reference: at 16 kHz BS.1534's own 7 kHz hardly does, at
# 8 kHz not even 3.5 kHz; below so many Hz of sampling rate, mid and low
ANCHORS: tuple[tuple[float, tuple[str, str]], ...] = (
    (12_000, ("lowpass@2k", "lowpass@1k")),
    (32_000, ("lowpass@3.5k", "lowpass@2k")),
    (math.inf, ("lowpass@7k", "lowpass@3.5k")),
)
PHASE_ANCHOR = "mel:16k-64/griffinlim-64"
_SHOWN_S = 2.0  # MUSHRA switches to and fro: so much of each, or the whole if shorter
_MOST_ITEMS = 12  # BS.1534-3: no more conditions on a page
_LOUDEST = 0.99
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class Wanted:
    """What a test is to be made of.

    Attributes
    ----------
    clips, training : sequence of PreparedClip
        To judge, and to get used to the scale with; the latter may be empty.
    pages_each : int or None
        How many pages a listener gets; None for all.
    phase_anchor : bool
        One more anchor whose fault is phase, at 16 kHz.
    """

    method: TestMethod
    title: str
    condition: Condition
    specs: Sequence[str]
    clips: Sequence[PreparedClip]
    training: Sequence[PreparedClip] = ()
    seed: int = 0
    pages_each: int | None = None
    phase_anchor: bool = False


@dataclass(frozen=True)
class _Version:
    """A clip as one system returns it."""

    system: str
    role: Role
    audio: AudioClip
    codec: Codec | None = None
    stream_bytes: int = 0


def make(folder: Path, wanted: Wanted, progress: Callable[[str], None] = lambda _: None) -> Design:
    """Make a test folder.

    Raises
    ------
    InputError
        If the folder is there already, a codec cannot be used, or there is nothing to compare.
    """
    systems = _systems(wanted)
    codecs = {}
    for spec, role in systems:
        codec = catalog.create(spec)
        if codec.info.weights.evidence == "random":
            raise InputError(f"--codecs: {spec}: {codec.info.weights.note}; leave it out")
        codecs[codec.info.spec] = codec, role
    for clip in (*wanted.clips, *wanted.training):
        if not clip.name.isprintable() or clip.name != clip.name.strip():
            raise InputError(
                f"--clips: {clip.name!r:.60} holds what is no text, or outer blanks; rename it"
            )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / design.STIMULI).mkdir(mode=0o700)
        with TemporaryDirectory(prefix=".making-", dir=folder) as made:
            return _made(folder, wanted, codecs, Path(made), progress)
    except OSError as error:
        raise InputError(
            f"{folder}: a test cannot be made there ({error.strerror}); name a new folder"
        ) from error


def _made(
    folder: Path,
    wanted: Wanted,
    codecs: dict[str, tuple[Codec, Role]],
    made: Path,
    progress: Callable[[str], None],
) -> Design:
    rng = random.SystemRandom()
    entries: dict[str, KeyEntry] = {}
    pages: list[PlanPage] = []
    for clips, training in ((wanted.training, True), (wanted.clips, False)):
        for clip in clips:
            progress(clip.name)
            named = _stored(made, clip, _versions(clip, codecs), rng, entries)
            hear_s = round(clip.audio.duration_s, 3)
            pages += [
                PlanPage(
                    _name(rng), tuple(rng.sample(items, len(items))), reference, training, hear
                )
                for items, reference, hear in _pages(wanted.method, named, hear_s)
            ]
    rng.shuffle(pages)
    pages = [*_few(pages, True, wanted.method), *(page for page in pages if not page.training)]
    counted = sum(not page.training for page in pages)
    shuffled = list(entries.items())
    rng.shuffle(shuffled)
    now_ns = time.time_ns()
    for name, _ in shuffled:  # or times and their order in the folder would tell the systems
        file = f"{name}.wav"
        whole_files.write_inside(folder / design.STIMULI, file, (made / file).read_bytes(), 0o600)
        os.utime(folder / design.STIMULI / file, ns=(now_ns, now_ns))
    plan = Plan(
        "codecmark-listening-plan-1", wanted.method, wanted.title, wanted.seed, tuple(pages),
        min(wanted.pages_each or counted, counted), 6 if wanted.method == "mushra" else 25,
    )  # fmt: skip
    return design.write(
        folder, plan, Key(wanted.condition.name, dict(shuffled), secrets.token_hex(16))
    )


def anchors_at(rate_hz: int) -> tuple[str, str]:
    """Return mid and low anchor of a condition with this sampling rate."""
    return next(pair for below_hz, pair in ANCHORS if rate_hz < below_hz)


def clear_differences(test: Design) -> list[KeyEntry]:
    """Return of each system the stimulus that is loudest or softest, where that may be heard."""
    worst: dict[str, KeyEntry] = {}
    for entry in test.key.stimuli.values():
        beside = worst.setdefault(entry.system, entry)
        if abs(entry.loudness_difference_lu) > abs(beside.loudness_difference_lu):
            worst[entry.system] = entry
    return [entry for entry in worst.values() if abs(entry.loudness_difference_lu) > CLEAR_LU]


def _systems(wanted: Wanted) -> list[tuple[str, Role]]:
    if not wanted.specs:
        raise InputError("--codecs: name at least one")
    if not wanted.clips:
        raise InputError("--clips: name at least one")
    if both := {clip.name for clip in wanted.clips} & {clip.name for clip in wanted.training}:
        raise InputError(f"training: {min(both)} is in the test too; train with other clips")
    mid, low = anchors_at(wanted.condition.sample_rate_hz)
    anchors: list[tuple[str, Role]] = [(mid, "mid_anchor"), (low, "low_anchor")]
    if wanted.method in {"ab", "abx"}:
        anchors = anchors[1:]  # a trap
    elif wanted.phase_anchor:
        anchors.append((PHASE_ANCHOR, "anchor"))
    systems: dict[str, Role] = dict.fromkeys(wanted.specs, "system")
    for spec, role in anchors:
        systems.setdefault(spec, role)
    if wanted.method == "mushra" and len(systems) + 1 > _MOST_ITEMS:
        raise InputError(
            f"--codecs: {len(systems) + 1} stimuli on a page, hidden reference and anchors "
            f"included; BS.1534 allows {_MOST_ITEMS}"
        )
    if wanted.method == "ab" and len(wanted.specs) < 2:
        raise InputError("--codecs: a preference needs two")
    return list(systems.items())


def _versions(clip: PreparedClip, codecs: dict[str, tuple[Codec, Role]]) -> list[_Version]:
    versions = [_Version(REFERENCE, "reference", clip.audio)]
    for spec, (codec, role) in codecs.items():
        try:
            stream = codec.encode(clip.audio)
            decoded = codec.decode(stream)
        except CodecmarkError as error:
            raise InputError(f"{spec} on {clip.name}: {error}; leave one of them out") from error
        versions.append(_Version(spec, role, decoded, codec, len(stream)))
    return versions


def _stored(
    folder: Path,
    clip: PreparedClip,
    versions: Sequence[_Version],
    rng: random.Random,
    entries: dict[str, KeyEntry],
) -> dict[str, str]:
    """Write all versions of a clip with one gain; return their names by system."""
    try:
        level = loudness_lufs(clip.audio)
    except MetricError as error:
        raise InputError(f"{clip.name}: {error}; choose another clip") from error
    at_rate = [version.audio.resampled(design.RATE_HZ) for version in versions]
    peak = max(float(abs(audio.samples).max()) for audio in at_rate)
    gain = min(10 ** ((TARGET_LUFS - level) / 20), _LOUDEST / peak)
    names = {}
    for version, audio in zip(versions, at_rate, strict=True):
        name = _name(rng)
        data = _wav(AudioClip(audio.samples * gain, audio.sample_rate_hz))
        (folder / f"{name}.wav").write_bytes(data)
        info = version.codec.info if version.codec else None
        entries[name] = KeyEntry(
            clip.name, version.system, version.role, clip.source, clip.clip_class,
            sha256(data).hexdigest(), info.family if info else "",
            info.weights.evidence if info else None, round(clip.audio.duration_s, 6),
            clip.audio.sha256(), 2 * clip.audio.channels * clip.audio.n_samples,
            version.stream_bytes, round(_loudness_or(version.audio, level) - level, 2),
        )  # fmt: skip
        names[version.system] = name
    return names


def _pages(
    method: TestMethod, named: dict[str, str], hear_s: float
) -> Iterable[tuple[tuple[str, ...], str | None, float]]:
    """Return items, open reference and time to hear of every page about one clip."""
    reference = named[REFERENCE]
    if method == "mushra":
        return [(tuple(named.values()), reference, min(hear_s, _SHOWN_S))]
    if method == "acr":
        return [((name,), None, hear_s) for name in named.values()]
    if method == "dcr":
        return [((name,), reference, hear_s) for name in named.values()]
    others = [name for system, name in named.items() if system != REFERENCE]
    if method == "abx":
        return [((reference, name), None, hear_s) for name in others]
    systems, trap = others[:-1], others[-1]
    pairs = [*combinations(systems, 2), (reference, trap)]
    return [(pair, reference, hear_s) for pair in pairs]


def _few(pages: Sequence[PlanPage], training: bool, method: TestMethod) -> list[PlanPage]:
    ours = [page for page in pages if page.training == training]
    return ours if method == "mushra" else ours[:5]


def _loudness_or(audio: AudioClip, level: float) -> float:
    try:
        return loudness_lufs(audio)
    except MetricError:  # a system that returns silence: as far down as the gate
        return min(level, -70.0)


def _wav(clip: AudioClip) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, clip.pcm16().T, clip.sample_rate_hz, format="WAV", subtype="PCM_16")
    return file.getvalue()


def _name(rng: random.Random) -> str:
    return "".join(rng.choice(_LETTERS) for _ in range(12))
