"""Made-up panels of listeners whose systems have known means."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from codecmark.listen.ratings import SCALES, ListeningSet, Method, Rating, Role, Stimulus

ROLES: Mapping[str, Role] = {
    "reference": "reference", "mid": "mid_anchor", "low": "low_anchor",
}  # fmt: skip
MUSHRA = {"reference": 98.0, "mid": 45.0, "low": 15.0, "a": 72.0, "b": 60.0}


def panel(
    means: Mapping[str, float] = MUSHRA,
    *,
    method: Method = "mushra",
    listeners: int = 12,
    clips: int = 8,
    spread: float = 5.0,
    seed: int = 1,
) -> ListeningSet:
    """Return ratings that are the system's mean, plus listener, clip and noise, on the scale."""
    rng = np.random.default_rng(seed)
    by_listener = rng.normal(0, spread, (listeners, len(means)))
    by_clip = rng.normal(0, spread, (clips, len(means)))
    lowest, highest = SCALES[method]
    ratings = []
    for n in range(listeners):
        for clip in range(clips):
            for at, (system, mean) in enumerate(means.items()):
                value = mean + by_listener[n, at] + by_clip[clip, at] + rng.normal(0, 2 * spread)
                if system == "reference":
                    value = max(value, highest - 2)
                ratings.append(
                    Rating(f"l{n}", f"c{clip}", system, float(np.clip(value, lowest, highest)))
                )
    stimuli = tuple(
        Stimulus(f"c{clip}", system, ROLES.get(system, "system"), None, f"s{clip}", "speech")
        for clip in range(clips)
        for system in means
    )
    return ListeningSet(method, stimuli, tuple(ratings), "made up")
