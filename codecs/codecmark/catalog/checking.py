"""Specs are held against what their codecs take before anything runs, and without networks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from codecmark import catalog
from codecmark.catalog import plugin_questions
from codecmark.catalog.families import FAMILIES
from codecmark.catalog.settings import SETTINGS, TOKENS
from codecmark.codec import Weights
from codecmark.errors import CodecmarkError, InputError, UnavailableError, UnknownCodecError
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located, WeightLocator
from codecmark.spec import Spec
from codecmark.system.execution import EAGER, NETWORKS_ON_BACKENDS


class _NoWeights(WeightLocator):
    """Finds nothing: a codec that gets as far as asking has accepted its spec."""

    def locate(self, name: str, *, fetch: bool = True) -> Located:  # noqa: ARG002
        raise UnavailableError(f"weights of {name} are not looked for", "build the codec")

    def locate_or_random(self, name: str, *others: str) -> Located | Weights:  # noqa: ARG002
        return self.locate(name)


def build_without_weights(spec: str, setup: Setup) -> None:
    """Build a codec as far as it gets without weights; raises what that raises."""
    catalog.create(spec, replace(setup, weights=_NoWeights()))


def check(specs: Iterable[str], setup: Setup, limit_s: float = plugin_questions.LIMIT_S) -> None:
    """Refuse specs that no codec can be built from, on whatever machine.

    What is merely missing here, such as weights or a package, is not refused: it becomes a row
    that says so. A spec that the catalog lists costs nothing; another one builds its codec, unless
    that asks for weights: one of a plug-in in a program of its own, for `limit_s` at most.

    Raises
    ------
    InputError
        If a spec is malformed, or a setting is out of range.
    UnknownCodecError
        If no family, or no command file, has that name.
    """
    listed = {spec for family in FAMILIES.values() for spec in (*family.default, *family.more)}
    for text in specs:
        spec = Spec.parse(text)
        _require_tokens(spec)
        _require_backend(spec)
        plain = str(replace(spec, execution=EAGER))
        if plain in listed:
            continue
        try:
            if catalog.is_plugin(spec.family):
                catalog.target(spec)
                plugin_questions.require_spec(Spec.parse(plain), setup, limit_s)
            else:
                build_without_weights(plain, setup)
        except (InputError, UnknownCodecError):
            raise
        except CodecmarkError:  # the row will say what is missing
            continue


def selected(
    specs: str | None,
    setup: Setup,
    *,
    everything: bool = False,
    limit_s: float = plugin_questions.LIMIT_S,
) -> tuple[str, ...]:
    """Return what a `--codecs` value names, checked; see `catalog.select` and `check`."""
    chosen = catalog.select(specs, everything=everything, setup=setup, limit_s=limit_s)
    check(chosen, setup, limit_s)
    return chosen


def _require_tokens(spec: Spec) -> None:
    known = SETTINGS.get(spec.family)
    if spec.range_coded and known is not None and TOKENS not in known:
        raise InputError(f"spec: {spec}: {spec.family} has no tokens to range code; leave out +ac")


def _require_backend(spec: Spec) -> None:
    family = FAMILIES.get(spec.family)
    if family is None or spec.execution == EAGER:  # a plug-in says so itself
        return
    if spec.execution.changes_the_network and not family.takes_backend(spec):
        raise InputError(
            f"spec: {spec}: a backend or dtype runs {NETWORKS_ON_BACKENDS}; leave out what follows "
            "'~'"
        )
    if spec.execution.device is not None and not family.takes_device(spec):
        raise InputError(f"spec: {spec}: has no network to put on a device; leave out what "
                         "follows '~'")  # fmt: skip
