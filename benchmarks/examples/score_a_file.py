"""Score a decoded file against its original: `python score_a_file.py [ORIGINAL DECODED]`.

Without files, a bundled recording of speech goes through Opus at 12 kbit/s first.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import codecmark
from codecmark.corpus import bundled_folder
from codecmark.corpus.audio_files import read_audio, write_wav


def decoded_by_opus(original: Path, folder: Path) -> Path:
    """Write what Opus makes of a recording, and return the file."""
    clip = read_audio(original)
    codec = codecmark.create("opus@12k")
    stream = codec.encode(clip)
    print(f"{len(stream) * 8 / clip.duration_s / 1000:.1f} kbit/s")
    path = folder / "decoded.wav"
    write_wav(path, codec.decode(stream))
    return path


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        if len(sys.argv) == 3:
            original, decoded = map(Path, sys.argv[1:])
        else:
            original = bundled_folder() / "en_male_1.flac"
            decoded = decoded_by_opus(original, Path(name))
        scored = codecmark.score(original, decoded, clip_class="speech")
    for metric, value in scored.values.items():
        print(f"{metric:20} {value:8.3f}")


if __name__ == "__main__":
    main()
