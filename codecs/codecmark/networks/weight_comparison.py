"""Comparison of published sets of weights, tensor by tensor.

Files with equal weights can differ in their writer, metadata or order. So each tensor gets its own
digest, of its type, shape and bytes.
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
    """One file that several sets contain.

    Attributes
    ----------
    path : str
        Path inside each set.
    tensors : dict of dict
        The digests of each set's tensors, by set and tensor name.
    """

    path: str
    tensors: dict[str, dict[str, str]]

    def digest(self, name: str) -> str:
        """Return one digest of all tensors of a set."""
        lines = "".join(f"{key} {value}\n" for key, value in sorted(self.tensors[name].items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    def findings(self) -> list[str]:
        """Return a sentence for each pair of sets."""
        return [self._pair(first, second) for first, second in combinations(self.tensors, 2)]

    def _pair(self, first: str, second: str) -> str:
        first_digests, second_digests = self.tensors[first], self.tensors[second]
        names = first_digests.keys() | second_digests.keys()
        different = sum(first_digests.get(name) != second_digests.get(name) for name in names)
        if not different:
            return f"{self.path}: {first} and {second} share all {len(names)} tensors"
        return f"{self.path}: {first} and {second} differ in {different} of {len(names)} tensors"


def compare(folders: Mapping[str, Path]) -> list[FileComparison]:
    """Compare each safetensors file that is in two or more of the sets' folders."""
    paths = dict.fromkeys(
        file.relative_to(folder).as_posix()
        for folder in folders.values()
        for file in sorted(folder.rglob(f"*{SUFFIX}"))
    )
    comparisons = []
    for path in paths:
        files = {name: folder / path for name, folder in folders.items()}
        tensors = {name: _digests(file) for name, file in files.items() if file.is_file()}
        if len(tensors) > 1:
            comparisons.append(FileComparison(path, tensors))
    return comparisons


def _digests(path: Path) -> dict[str, str]:
    """Return a digest per tensor, of its bytes because numpy lacks some of the types."""
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
