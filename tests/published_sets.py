"""A made-up set of published audio in a folder of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from codecmark.clip import AudioClip
from codecmark.corpus.audio_files import write_wav
from codecmark.corpus.published import Library, Manifest
from codecmark.corpus.published.manifest import Decoded, Original, PublishedSet, Setting
from codecmark.system.digest import file_sha256

REPOSITORY = "someone/demo-page"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def library(
    folder: Path,
    original: AudioClip,
    decoded: Mapping[str, AudioClip],
    *,
    name: str = "demo",
    clip: str = "clip_1",
    clip_class: str = "speech",
    **of_set: str,
) -> Library:
    """Write one original and its decoded versions, by codec, as a folder of published audio.

    `of_set` are fields of the set, e.g. `levels="normalised"`.
    """
    place = folder / "audio" / REPOSITORY.replace("/", "+") / clip.replace("_", "-")
    place.mkdir(parents=True)
    settings = {codec: Setting("as released", "stated", 6.0) for codec in decoded}
    published = PublishedSet(
        REPOSITORY,
        COMMIT,
        "made up",
        "MIT",
        settings,
        **of_set,  # type: ignore[arg-type]
    )
    ref = place / "ref.wav"
    write_wav(ref, original)
    about_original = Original(
        name, clip, "speaker", clip_class, "en", "CC0", f"gt/{clip}.wav", file_sha256(ref),
        ref.stat().st_size, original.sample_rate_hz, original.channels, original.duration_s,
    )  # fmt: skip
    files = []
    for codec, audio in decoded.items():
        path = place / f"{codec.replace(':', '-').replace('/', '-')}.wav"
        write_wav(path, audio)
        files.append(
            Decoded(
                name, clip, codec, f"{codec}/{clip}.wav", file_sha256(path), path.stat().st_size,
                audio.sample_rate_hz, audio.channels, 0.0,
            )
        )  # fmt: skip
    return Library(
        Manifest({name: published}, [about_original], files), (folder,), folder / "cache"
    )
