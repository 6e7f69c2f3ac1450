"""The page of the level sweep, `results/level.md`."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from codecmark.corpus.condition import named
from codecmark.metrics.table import TABLE
from codecmark.results.row import ResultRow
from codecmark.studies.levels import LEVELS_DBOV, SPECS, level_db
from codecmark.system import markdown as text

FIELDS = ("snr_db", "pesq_wb", "visqol_mos_lqo", "zimtohrli", "distillmos")
STEADY_DB = 0.5
_ABOUT = """\
# What the level of speech alone decides

The same speech, coded and scored at four active levels (ITU-T P.56, below full scale); means over
{clips} clips of {sources} sources under `{condition}`. -26 dBov is the level that every condition
sets; `*` marks levels at which some clips are held lower, to keep 1 dB of headroom. The rows are in
`level/`, with the distance to -26 dBov as `level_db`. Remade by `codecmark levels --out results`,
which goes on where it was.
"""
_FINDINGS = """\
Two things hide in a level. **Codecs differ**: Lyra, Opus at 12 kbit/s and, less, Opus at 24 lose
SNR and PESQ as speech gets quieter; LC3, MP3 and AAC hardly do. **Predictors differ more**: the
spectrogram chain with Griffin-Lim decodes the same sound at every level, as its SNR and its PESQ
show, yet Zimtohrli rates it higher the quieter it is, by {zimtohrli:.2f} from -16 to -46 dBov,
since it takes levels for absolute. ViSQOL moves there by up to {visqol:.2f}, up and down{more}.
A threshold such as Zimtohrli 4.3 can so be passed by playing the same thing more quietly: its
figures compare at one level only. That is why conditions set one, and why published figures of
clips at another level are not these.
"""


def markdown(rows: Sequence[ResultRow]) -> str:
    """Return the page; settings that were not measured are left out."""
    ok = [row for row in rows if row.status == "ok"]
    about = _ABOUT.format(
        clips=len({row.clip for row in ok}), sources=len({row.source for row in ok}),
        condition=ok[0].condition,
    )  # fmt: skip
    headings = ["codec", "dBov", *(text.escaped(TABLE[name].heading) for name in FIELDS)]
    lines = [
        [f"`{spec}`", f"{level:g}{_held(group)}", *(_mean(group, name) for name in FIELDS)]
        for spec in SPECS
        for level in LEVELS_DBOV
        if (group := _group(ok, spec, level))
    ]
    levels = [
        [TABLE[name].label, text.escaped(TABLE[name].level)] for name in FIELDS if TABLE[name].level
    ]
    parts = [
        about,
        text.table(headings, lines, numbers=len(FIELDS) + 1) + "\n",
        "## What follows\n\n" + _findings(ok),
        "## Levels that the predictors were made for\n\n"
        + text.table(["predictor", "level of its input"], levels)
        + "\n",
    ]
    return "\n".join(parts)


def _findings(rows: Sequence[ResultRow]) -> str:
    chain = "mel:16k-64/griffinlim-64"
    by_level = {level: _group(rows, chain, level) for level in LEVELS_DBOV}
    if not all(by_level.values()):
        return f"Nothing is said without `{chain}` at every level.\n"

    def means(name: str) -> list[float]:
        return [_value(group, name) or 0.0 for group in by_level.values()]

    zimtohrli, visqol = means("zimtohrli"), means("visqol_mos_lqo")
    return _FINDINGS.format(
        zimtohrli=zimtohrli[-1] - zimtohrli[0], visqol=max(visqol) - min(visqol),
        more=_of_a_steady_codec(rows),
    )  # fmt: skip


def _of_a_steady_codec(rows: Sequence[ResultRow]) -> str:
    """Say how far ViSQOL moves of the codec of steady SNR where it moves most."""
    spans = {}
    for spec in SPECS:
        groups = [_group(rows, spec, level) for level in LEVELS_DBOV]
        if all(groups):
            snr, visqol = (
                [_value(group, name) or 0.0 for group in groups]
                for name in ("snr_db", "visqol_mos_lqo")
            )
            if max(snr) - min(snr) < STEADY_DB:
                spans[spec] = max(visqol) - min(visqol)
    most = max(spans, key=lambda spec: spans[spec])
    return f", and by\n{spans[most]:.2f} on `{most}`, whose SNR moves by less than {STEADY_DB:g} dB"


def _group(rows: Sequence[ResultRow], spec: str, level_dbov: float) -> list[ResultRow]:
    offset_db = level_db(level_dbov, named(rows[0].condition))
    return [row for row in rows if row.spec == spec and row.level_db == offset_db]


def _held(rows: Sequence[ResultRow]) -> str:
    return "*" if any("level" in row.notes for row in rows) else ""


def _value(rows: Sequence[ResultRow], name: str) -> float | None:
    values = [getattr(row, name) for row in rows]
    return fmean(values) if all(value is not None for value in values) else None


def _mean(rows: Sequence[ResultRow], name: str) -> str:
    value = _value(rows, name)
    return "-" if value is None else TABLE[name].written(value)
