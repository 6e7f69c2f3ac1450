"""Benchmark your codec in your own repository: two files of one line each, and pytest.

A repository is made in a temporary folder here, with one recording in it. `pytest` times, scores
and stores what `--codecs` names, your own codec beside Opus; a second run compares with the first.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from codecmark.corpus import bundled_folder

FILES = {
    "conftest.py": 'pytest_plugins = ["codecmark.commands.pytest_plugin"]\n',
    "bench_codecs.py": (
        "from codecmark.commands.pytest_plugin.benchmarks import bench_decode, bench_encode\n"
    ),
}
CODECS = "pcm16,opus@24k"  # in place of pcm16 yours, by the entry point of its package


def made_repository(folder: Path) -> None:
    """Write the two files and a folder `speech`, whose name says what its clips are."""
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "clips" / "speech").mkdir(parents=True)
    shutil.copy(bundled_folder() / "en_male_1.flac", folder / "clips" / "speech")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made_repository(folder)
        command = [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--benchmark-only",
            "--benchmark-columns=median,rounds", "--codecs", CODECS, "--corpus", "clips",
        ]  # fmt: skip
        subprocess.run(command, cwd=folder, check=True)
        for path in sorted(folder.glob("codecmark-results/**/*")):
            if path.is_file():
                print(path.relative_to(folder).as_posix())


if __name__ == "__main__":
    main()
