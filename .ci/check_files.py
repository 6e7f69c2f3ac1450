"""Refuse files that should not be committed as they are.

Usage: `python .ci/check_files.py FILE...`; the exit status is 1 if one of them is refused.

- Text ends in one line feed, and its lines end in neither a carriage return (but for tables, as CSV
  has it) nor a space (but for Markdown, and drawings that a program wrote).
- A file has at most 1 MB, unless it stands where this repository keeps large ones.
- Text names no home folder: what is in it differs from machine to machine, and is private.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

LARGEST_BYTES = 1_000_000
LARGE = ("benchmarks/corpus/", "codecs/codecmark/networks/trained/", "results/")
HOME = re.compile(
    r"(?:/home/|/Users/|\b[A-Za-z]:\\+Users\\+)(?!<|USER\b|you\b)[\w.-]+|/root/[\w.-]+"
)
BINARY = (".stream",)  # a small one may look like text
SPACES_MAY_END_LINES = (".md", ".svg")


def problems(name: str, data: bytes) -> Iterator[str]:
    """Yield what is wrong with a file; `name` is relative to the repository."""
    if len(data) > LARGEST_BYTES and not name.startswith(LARGE):
        yield f"{len(data)} bytes, at most {LARGEST_BYTES}; data of this size is fetched, not kept"
    if not data or b"\0" in data or name.endswith(BINARY):
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield "must end in exactly one line feed"
    for number, line in enumerate(text.split("\n"), start=1):
        if line.endswith("\r") and not name.endswith(".csv"):
            yield f"line {number} ends in a carriage return"
            return  # and so will the others
        if line.endswith((" ", "\t")) and not name.endswith(SPACES_MAY_END_LINES):
            yield f"line {number} ends in white space"
            return
        if found := HOME.search(line):
            yield f"line {number} names a home folder, {found.group()}"


def main(names: list[str]) -> int:
    """Print the problems of the files, and return the exit status."""
    refused = False
    for name in names:
        path = Path(name)
        if path.is_symlink() or not path.is_file():
            continue
        for problem in problems(path.as_posix(), path.read_bytes()):
            refused = True
            print(f"{name}: {problem}")
    return int(refused)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
