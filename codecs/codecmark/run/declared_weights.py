"""Weights that plug-ins find by themselves: what they declare of them now, against stored rows.

A key holds the files of the sets of weights that a codec asks this package for. What a plug-in
loads by a path of its own only the plug-in knows, so it is asked, once for each spec.
"""

from __future__ import annotations

from codecmark import catalog
from codecmark.errors import CodecmarkError
from codecmark.networks.setup import Setup
from codecmark.results.row import ResultRow

_LEARNED = ("published", "trained")


class DeclaredWeights:
    """What plug-ins declare, as far as they were asked.

    Parameters
    ----------
    setup : Setup
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._digests: dict[str, str | None] = {}

    def are_of(self, row: ResultRow) -> bool:
        """Return whether a stored row is of the weights that its codec would load now."""
        if row.weights not in _LEARNED or not catalog.is_plugin(row.family):
            return True
        if row.spec not in self._digests:
            self._digests[row.spec] = self._declared(row.spec)
        return row.weights_sha256 is not None and row.weights_sha256 == self._digests[row.spec]

    def _declared(self, spec: str) -> str | None:
        try:
            return catalog.info(spec, self._setup).weights.sha256
        except CodecmarkError:  # measuring says why
            return None
