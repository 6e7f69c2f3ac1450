"""Decide: requirements of your own, measured codecs, and what is left to choose from.

What `codecmark run` and `codecmark review` do, here on bundled recordings of five speakers, which
is the least that a figure of quality can pass with.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from codecmark import review
from codecmark.__main__ import main as codecmark
from codecmark.corpus import bundled_folder
from codecmark.results import store
from codecmark.review.gate import gate

REQUIREMENTS = """
title = "Voice messages"
question = "Which codec stores voice messages in a tenth of their size?"

[[requirement]]
name = "small"
metric = "compression_ratio"
operator = ">="
threshold = 10

[[requirement]]
name = "good speech"
metric = "pesq_wb"
operator = ">="
threshold = 3.5
clip_class = "speech"
evidence = "predicted"
"""
SPEAKERS = ("de_settlers", "en_male_1", "en_settlers", "es_female_1", "fr_female_1")


def written_manifest(folder: Path) -> Path:
    """Write a CSV of the clips: whose voice each is, and that it is speech."""
    lines = ["name,source,class"]
    for speaker in SPEAKERS:
        clip = f"{speaker}.flac"
        shutil.copy(bundled_folder() / clip, folder)
        lines.append(f"{clip},{speaker},speech")
    path = folder / "clips.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "asked.toml").write_text(REQUIREMENTS, encoding="utf-8")
        manifest = written_manifest(folder)
        codecmark(["run", "--codecs", "opus@6k,opus@16k", "--corpus", str(manifest),
                   "--out", str(folder), "--engine", "in-process", "--no-timing"])  # fmt: skip
        requirements = review.load(folder / "asked.toml")
        decision = review.decide(store.read(folder), requirements)
        print(f"recommended: {decision.recommended}")
        print("\n".join(gate(decision).lines))


if __name__ == "__main__":
    main()
