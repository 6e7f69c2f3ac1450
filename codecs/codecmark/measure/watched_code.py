"""What a codec's key hangs on, watched from before the codec is created until its rows are made.

A key is of the code as this process first read it. An edit meanwhile may be in the process or not:
modules are loaded when they are first needed, and the process that decodes loads its own later. So
rows are made only where all is as it was.
"""

from __future__ import annotations

from codecmark import catalog
from codecmark.measure import content_key, plugin_code
from codecmark.measure.impairments import keys
from codecmark.measure.impairments.treatment import Treatment
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

_NAMED = 3


class WatchedCode:
    """The code and weights of one codec and its treatment, from now on.

    Parameters
    ----------
    spec : str
    treatment : Treatment
    setup : Setup

    Raises
    ------
    UnknownCodecError
        If there is no such codec.
    """

    def __init__(self, spec: str, treatment: Treatment, setup: Setup) -> None:
        self._spec = spec
        self._treatment = treatment
        self._setup = setup
        self._weight_sets: str | None = None
        self._weights: dict[str, str] = {}
        has_plugin = treatment.has_plugin(spec)
        self._loaded_before = plugin_code.loaded_modules() if has_plugin else frozenset()
        keys.changed(spec, treatment, setup)  # reads what was not read yet

    def expect(self, weight_sets: str | None) -> None:
        """Watch the files of these sets too, which the codec asked for as it was created."""
        self._weight_sets = weight_sets
        self._weights = content_key.weights_digests(weight_sets, self._setup.weights)

    def changed(self) -> str:
        """Return what is not as it was, in words; empty if all is."""
        names = keys.changed(self._spec, self._treatment, self._setup)
        now = content_key.weights_digests(self._weight_sets, self._setup.weights)
        names += [f"weights {name}" for name in now if now[name] != self._weights[name]]
        return _listed(names)

    def unseen(self, evidence: str | None, weights_sha256: str | None) -> str:
        """Return the code that plug-ins have loaded and no key knows of, in words.

        With it weights that a plug-in declares without a digest: others would look the same.
        """
        specs = self._treatment.specs(self._spec)
        names = {name for each in specs for name in content_key.unseen(each, self._loaded_before)}
        is_plugin = catalog.is_plugin(Spec.parse(self._spec).family)
        if is_plugin and evidence in ("published", "trained") and weights_sha256 is None:
            names.add("weights without a SHA-256 in its info")
        return _listed(sorted(names))


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
