"""Whether published sets hold the same learned weights, tensor by tensor.

Two files can differ as files and hold equal weights: another writer, other metadata, another
order. So each tensor has a digest of its own, of its type, shape and bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

SUFFIX = ".safetensors"


@dataclass(frozen=True)
class FileComparison:
    """One file that several sets have.

    Attributes
    ----------
    path : str
        Inside each set.
    tensors : dict of dict
        For each set, the digest of each of its tensors by name.
    """

    path: str
    tensors: dict[str, dict[str, str]]

    def digest(self, name: str) -> str:
        """Return the digest of all tensors of a set."""
        lines = "".join(f"{key} {value}\n" for key, value in sorted(self.tensors[name].items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    def findings(self) -> list[str]:
        """Return a sentence for each pair of sets."""
        return [self._pair(one, other) for one, other in combinations(self.tensors, 2)]

    def _pair(self, one: str, other: str) -> str:
        first, second = self.tensors[one], self.tensors[other]
        names = first.keys() | second.keys()
        different = sum(first.get(name) != second.get(name) for name in names)
        if not different:
            return f"{self.path}: {one} and {other} share all {len(names)} tensors"
        return f"{self.path}: {one} and {other} differ in {different} of {len(names)} tensors"


def compare(folders: Mapping[str, Path]) -> list[FileComparison]:
    """Compare each safetensors file that two or more of the sets' folders have."""
    paths = dict.fromkeys(
        file.relative_to(folder).as_posix()
        for folder in folders.values()
        for file in sorted(folder.rglob(f"*{SUFFIX}"))
    )
    found = []
    for path in paths:
        having = {name: folder / path for name, folder in folders.items()}
        tensors = {name: _digests(file) for name, file in having.items() if file.is_file()}
        if len(tensors) > 1:
            found.append(FileComparison(path, tensors))
    return found


def _digests(path: Path) -> dict[str, str]:
    """Return a digest for each tensor; read as bytes, since numpy lacks some of their types."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        start = file.tell()
        digests = {}
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            first, end = entry["data_offsets"]
            file.seek(start + first)
            digest = hashlib.sha256(f"{entry['dtype']} {entry['shape']} ".encode())
            digest.update(file.read(end - first))
            digests[name] = digest.hexdigest()
    return digests
