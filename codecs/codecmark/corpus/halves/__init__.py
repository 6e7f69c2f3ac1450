"""Two corpora that are fetched, not shipped: `test`, which is locked, and `development`.

Nothing is chosen on the test half: no constant, no threshold, no training. The development half has
other speakers and works, and is there for that. Only facts are in the package, in two tables:
`clips.csv` says what each clip is and where it is cut from, `packages.csv` pins the packages and
`repositories.csv` the repositories. The audio comes from those and from the originals of published
audio, see `library`.
"""

from codecmark.corpus.halves.library import Library, is_half, load
from codecmark.corpus.halves.manifest import HALVES, Clip, Manifest, Package, Repository, built_in

__all__ = [
    "HALVES",
    "Clip",
    "Library",
    "Manifest",
    "Package",
    "Repository",
    "built_in",
    "is_half",
    "load",
]
