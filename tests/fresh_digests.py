"""Digests of code read anew, as the next process would."""

from __future__ import annotations

import importlib

from codecmark.catalog import factories
from codecmark.measure import code_digests, content_key, loose_code, module_files, plugin_code


def forget(*, distributions: bool = True) -> None:
    """Forget what this process has read of code, and by default of what is installed."""
    importlib.invalidate_caches()
    factories.scan.cache_clear()
    plugin_code._KNOWN.clear()
    for module in (code_digests, content_key, loose_code, module_files, plugin_code):
        for value in vars(module).values():
            is_kept = not distributions and value is loose_code._distributions_of_packages
            if hasattr(value, "cache_clear") and not is_kept:
                value.cache_clear()
