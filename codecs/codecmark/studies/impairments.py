"""What networks and studios do to codecs: lost packets, wrong bits, tandem coding, a rough input.

The rows are those of `codecmark run --axes`; this is the list of what is run, for one page.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from codecmark.corpus import condition
from codecmark.corpus.condition import Condition
from codecmark.corpus.entry import CorpusClip
from codecmark.measure.impairments.treatment import UNTREATED, Treatment
from codecmark.networks.setup import Setup
from codecmark.results import axes
from codecmark.run import plan
from codecmark.run.plan import Plan

PREDICTOR = "plcmos"  # judges concealment, beside what every run has
REDUNDANT, PLAIN = "opus@24k-vbr-fec10", "opus@24k-vbr"
CONCEALING = (PLAIN, REDUNDANT, "lc3@32k", "amr@12.2k")
WITH_PACKETS = (*CONCEALING, "g722@64k", "lyra@9.2k")
LOSSES = (0, 3, 10, 20)
PASSES = (2, 3)
CODED_AGAIN = (
    "pcm16", "flac", "opus@12k", "opus@24k", "lc3@32k", "mp3@32k", "g722@64k", "amr@12.2k",
    "lyra@9.2k",
)  # fmt: skip
PAIRED = ("opus@24k", "lc3@32k", "lyra@9.2k")  # after a mobile network
NETWORK = "amr@12.2k"
ROUGH = ("opus@12k", "opus@24k", "lc3@32k", "lyra@9.2k")
ROUGH_INPUTS = ("noise_snr_db=20", "noise_snr_db=10", "overdrive_db=12", "level_db=-20")
OF_TOKENS = ("lyra@3.2k", "lyra@9.2k")  # those with trained weights that anybody can have
MOVED_INPUTS = ("shift_samples=1", "level_db=-1", "level_db=-6")
BIT_ERRORS = ("bit_error_rate=0.0001", "bit_error_rate=0.001")

# what is lost, and with what in its place, by the codecs that can
_WORK: tuple[tuple[str, tuple[str, ...]], ...] = (
    *((f"loss_percent={percent}", CONCEALING) for percent in (10, 0)),
    ("loss_percent=10,concealment=repetition", WITH_PACKETS),
    ("loss_percent=10,concealment=silence", WITH_PACKETS),
    ("none", (*CODED_AGAIN, PLAIN, REDUNDANT)),
    *((f"passes={passes}", CODED_AGAIN) for passes in PASSES),
    (f"passed_through={NETWORK}", PAIRED),
    *((f"loss_percent={percent}", CONCEALING) for percent in (20, 3)),
    *((text, WITH_PACKETS) for text in BIT_ERRORS),
    *((text, ROUGH) for text in ROUGH_INPUTS),
    *((text, OF_TOKENS) for text in MOVED_INPUTS),
)


def treatments() -> list[tuple[Treatment, tuple[str, ...]]]:
    """Return everything that is done to clips, and with which codecs."""
    return [
        (Treatment.of(axes.parse(text)) if text != "none" else UNTREATED, specs)
        for text, specs in _WORK
    ]


def rules() -> Condition:
    """Return the condition, with the predictor that judges concealment."""
    return condition.with_predictors(condition.named(condition.DEFAULT_CONDITION), PREDICTOR)


def speech(entries: Sequence[CorpusClip], limit: int | None) -> list[CorpusClip]:
    """Return one clip of speech of each source, of the first `limit` sources."""
    by_source: dict[str, CorpusClip] = {}
    for entry in entries:
        if entry.clip_class == "speech":
            by_source.setdefault(entry.source, entry)
    return list(by_source.values())[:limit]


def plans(entries: Sequence[CorpusClip], out: Path, setup: Setup) -> list[Plan]:
    """Return what is missing of each treatment, into one run.

    Raises
    ------
    InputError
        If there is no clip of speech that can be used.
    """
    under = rules()
    clips, _ = plan.survey(entries, under)
    planned: list[Plan] = []
    for treatment, specs in treatments():
        beside = planned[-1].run_id if planned else None
        planned.append(
            plan.make(
                specs, clips, under, out, setup,
                timed=False, beside=beside, treatment=treatment,
            )
        )  # fmt: skip
    return planned
