"""The committed run, replayed: today's codecs make the bytes and the samples that its rows state.

Rows of the committed run are looked up by spec and clip, so a change of the code that measures
leaves them comparable; a change of what a codec does to a clip does not.
"""

from __future__ import annotations

import hashlib

import pytest

import committed
from codecmark import catalog, corpus
from codecmark.corpus import condition, reading
from codecmark.results.row import ResultRow
from codecmark.system import host

EXACT = ("pcm16", "pcm@12bit", "flac", "g722@64k", "silence")  # integers: the same everywhere
# floating point: the same for the same library, on processors of this kind
OF_A_LIBRARY = {
    "opus@24k": "av", "mp3@64k": "av", "aac@32k": "av", "amr@12.2k": "av", "vorbis@q3": "soundfile",
    "lc3@32k": "lc3py", "codec2@3.2k": "pycodec2",
}  # fmt: skip
CLIPS = {clip.name: clip for clip in corpus.load()}
VERSIONS = host.versions()


def rows(spec: str) -> list[ResultRow]:
    """One row of each class of clips."""
    kept = {
        row.clip_class: row
        for row in committed.rows()
        if (row.spec, row.condition, row.status) == (spec, "16k-mono", "ok")
    }
    assert len(kept) >= 3, f"{spec} is no longer in the committed run"
    return list(kept.values())


@pytest.mark.parametrize("spec", [*EXACT, *OF_A_LIBRARY])
def test_rows_are_made_again(spec: str) -> None:
    codec = catalog.create(spec)
    for row in rows(spec):
        library = OF_A_LIBRARY.get(spec, "")
        if library and (row.versions.get(library) != VERSIONS.get(library)):
            pytest.skip(f"made with {library} {row.versions.get(library)}, another one is here")
        clip = reading.read(CLIPS[row.clip or ""], condition.named(row.condition))
        assert clip.audio.sha256() == row.clip_sha256
        stream = codec.encode(clip.audio)
        assert len(stream) == row.stream_bytes
        assert hashlib.sha256(stream).hexdigest() == row.stream_sha256
        assert codec.decode(stream).on_pcm16_grid().sha256() == row.decoded_sha256
