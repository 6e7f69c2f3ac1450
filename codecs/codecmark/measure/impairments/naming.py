"""How combinations of axes are named: as rows have them, as options ask for them, in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codecmark.errors import CodecmarkError, InputError
from codecmark.measure.impairments import concealment, loss_patterns
from codecmark.measure.impairments.treatment import Treatment
from codecmark.results import axes
from codecmark.results.axes import Axes

_RECORDED = re.compile(r"[^,=]+-[0-9a-f]{8}")  # what rows call a recording


def of_rows(text: str) -> Axes:
    """Return the combination of the rows that `codecmark run --axes TEXT` makes.

    What is left out is completed in the same way. A recorded pattern is called what rows call it,
    with the share that it loses: they hold no path.

    Raises
    ------
    InputError
        If the text names no combination, or a value is out of range: names it.
    """
    named = axes.parse(text)
    pattern = named.get("loss_pattern")
    if pattern is None or pattern in loss_patterns.SYNTHETIC:
        return _completed(named)
    if not _RECORDED.fullmatch(str(pattern)):
        raise InputError(
            f"axes: loss_pattern: no {pattern!r:.80}; choose from "
            f"{', '.join(loss_patterns.SYNTHETIC)}, or a recording as rows call it, as in "
            "call-1a2b3c4d"
        )
    if "loss_percent" not in named:
        raise InputError(
            f"axes: loss_pattern: {pattern} needs its loss_percent, as rows have it, e.g. 10"
        )
    completed = _completed({**named, "loss_pattern": loss_patterns.BURSTS})
    return {**completed, "loss_pattern": pattern}


def _completed(named: Axes) -> Axes:
    try:
        return Treatment.of(named).axes
    except InputError:
        raise
    except CodecmarkError as error:
        raise InputError(f"axes: passed_through: {error}") from error


def as_option(named: Axes) -> str:
    """Write a combination as short as `codecmark run --axes` takes it: `loss_percent=10`."""
    shown = dict(named)
    if shown.get("loss_pattern", loss_patterns.BURSTS) not in loss_patterns.SYNTHETIC:
        shown["loss_pattern"] = "FILE"
        del shown["loss_percent"]
    for name, default in (
        ("loss_pattern", loss_patterns.BURSTS),
        ("concealment", concealment.OWN),
    ):
        if shown.get(name) == default:
            del shown[name]
    if "passed_through" in shown and shown.get("passes") == 2:
        del shown["passes"]
    return ",".join(f"{name}={_short(value)}" for name, value in shown.items())


def in_prose(named: Axes) -> str:
    """Say what clips went through, to be put behind a noun: `at 10 % loss`, `after 3 passes`."""
    return ", ".join(_phrases(named))


def _phrases(named: Axes) -> Iterator[str]:
    shown = {name: _short(value) for name, value in named.items()}
    if (percent := shown.get("loss_percent")) is not None:
        others = (("loss_pattern", loss_patterns.BURSTS), ("concealment", concealment.OWN))
        told = [shown[name] for name, default in others if shown.get(name, default) != default]
        yield f"at {percent} % loss" + (f" ({', '.join(told)})" if told else "")
    if (rate := shown.get("bit_error_rate")) is not None:
        yield f"at a bit error rate of {rate}"
    if (passes := shown.get("passes")) is not None:
        other = shown.get("passed_through")
        yield f"after {passes} passes" + (f" with {other}" if other else "")
    if (snr := shown.get("noise_snr_db")) is not None:
        yield f"with noise at {snr} dB SNR"
    if (level := shown.get("level_db")) is not None:
        yield f"at {level} dB of level"
    if (overdrive := shown.get("overdrive_db")) is not None:
        yield f"overdriven by {overdrive} dB"
    if (shift := shown.get("shift_samples")) is not None:
        yield f"{shift} sample{'' if shift == '1' else 's'} late"


def _short(value: float | str) -> str:
    return str(value).removesuffix(".0")
