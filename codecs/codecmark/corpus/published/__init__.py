"""Published audio: recordings and what published codecs made of them, as authors have shown them.

Only facts are in the package, in three tables: `sets.toml` says where each set is from and what its
codecs were run at, `originals.csv` and `decoded.csv` name the files. The audio itself is taken from
folders of the user's or fetched from its pinned source, see `files`.
"""

from codecmark.corpus.published.clips import is_published, load
from codecmark.corpus.published.files import Library
from codecmark.corpus.published.manifest import Manifest, built_in

__all__ = ["Library", "Manifest", "built_in", "is_published", "load"]
