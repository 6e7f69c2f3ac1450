"""`make parity`: compare the wrappers with the packages of their authors and write the record."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from codecmark import corpus
from codecmark.clip import AudioClip
from codecmark.corpus import condition
from codecmark.errors import UnavailableError
from codecmark.networks.setup import Setup
from codecmark.networks.weights import WeightLocator
from codecmark.neural import original_packages
from codecmark.neural.dac import PUBLISHED as DAC
from codecmark.neural.encodec_network import PUBLISHED as ENCODEC
from codecmark.studies.parity import checkpoint, comparison, fingerprint, page
from codecmark.studies.parity.comparison import TensorComparison
from codecmark.system import host, threads, whole_files

CLIP = "mix_irelands_coast.flac"
CLIP_S = 2.345  # not a whole number of frames, segments or hops at any rate
THREADS = 1


def main() -> int:
    """Run the comparison; the exit status is 1 if parity does not hold."""
    parser = argparse.ArgumentParser(prog="python -m codecmark.studies.parity", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of parity.md")
    arguments = parser.parse_args()
    console = Console(stderr=True)
    try:
        for package in ("encodec", "dac"):
            original_packages.load(package)
    except UnavailableError as error:
        console.print(f"error: {error}", markup=False)
        return 2
    threads.limit(THREADS)
    checkpoints: list[checkpoint.Checkpoint] = []
    comparisons: list[TensorComparison] = []
    clip = _clip()
    with tempfile.TemporaryDirectory() as folder, console.status("comparing") as status:
        setup = Setup(WeightLocator(Path(folder), cache=Path(folder, "cache"), offline=True))

        def note(compared: TensorComparison) -> None:
            comparisons.append(compared)
            setting = f"{compared.spec}, {compared.codebooks} codebooks"
            status.update(setting)
            result = "equal" if compared.holds else "NOT EQUAL"
            console.print(f"{setting}: {result}", highlight=False)

        for variant in ENCODEC:
            checkpoints.append(checkpoint.encodec(variant, Path(folder)))
            at_rate = _at_rate(clip, ENCODEC[variant])
            for compared in comparison.encodec(variant, checkpoints[-1].network, at_rate, setup):
                note(compared)
        for variant in DAC:
            checkpoints.append(checkpoint.descript(variant, Path(folder)))
            at_rate = _at_rate(clip, DAC[variant])
            for compared in comparison.descript(variant, checkpoints[-1].network, at_rate, setup):
                note(compared)
    facts = {
        "wrapper sources": f"`{fingerprint.sources()}`",
        "versions": ", ".join(f"{name} {v}" for name, v in fingerprint.versions().items()),
        "clip": f"`{CLIP}`, first {CLIP_S} s or less, `{clip.sha256()[:16]}`",
        "run": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {host.host()}, {THREADS} thread",
    }
    target = arguments.out / "parity.md"
    whole_files.replace(target, page.markdown(facts, checkpoints, comparisons))
    console.print(f"{target}: {sum(c.holds for c in comparisons)} of {len(comparisons)} hold")
    return 0 if page.holds(comparisons) else 1


def _clip() -> AudioClip:
    entries = [entry for entry in corpus.load() if entry.name == CLIP]
    prepared, _ = condition.prepare(entries, condition.named("48k-stereo"))
    return prepared[0].audio.cropped(CLIP_S)


def _at_rate(clip: AudioClip, config: Mapping[str, Any]) -> AudioClip:
    channels = int(config.get("audio_channels", 1))
    return clip.with_channels(channels).resampled(int(config["sampling_rate"]))


if __name__ == "__main__":
    sys.exit(main())
