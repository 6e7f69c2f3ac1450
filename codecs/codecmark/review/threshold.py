"""A metric and its threshold: what every demand of a requirements file is made of.

These structs are the requirements file too: `requirements_file.load` reads TOML straight into
them. Checks that types cannot make stand in `__post_init__` and name the field.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from codecmark.analysis.aggregation import ALL, FIELDS_OVER_ALL
from codecmark.analysis.listeners import RATINGS
from codecmark.corpus.entry import CLASSES
from codecmark.errors import InputError
from codecmark.metrics.table import QUALITY_FIELDS, TABLE
from codecmark.results.row import ResultRow
from codecmark.spec import Spec
from codecmark.system.schema import one_of

Operator = Literal[">", ">=", "<", "<="]
Statistic = Literal["mean", "median", "p95", "worst"]
Evidence = Literal["measured", "predicted", "subjective"]

MOS = "mos"  # a mean opinion score of listeners
EACH = "each"
ORIGINAL = "original"  # what a predictor without a reference says of the sound that went in
FACTS = ("algorithmic_delay_ms", "peak_memory_mib", "parameters")  # alike in a codec's every row
LICENCE = "licence"  # no number: see `licences`
COSTS = ("bitrate_kbps", "compression_ratio", "encode_rtf", "decode_rtf", *FACTS)
TIMES = frozenset({"encode_rtf", "decode_rtf"})
METRICS = (*QUALITY_FIELDS, *COSTS, LICENCE, *RATINGS)
SPEECH_FIELDS = tuple(field for field in QUALITY_FIELDS if TABLE[field].classes == ("speech",))
WITH_ORIGINAL = tuple(f for f in QUALITY_FIELDS if f"{f}_reference" in ResultRow.__struct_fields__)
A_NUMBER = "a number other than 0"


def higher_is_better(metric: str) -> bool:
    """Say which way a metric is better."""
    return TABLE[metric].higher_is_better


def evidence_of(metric: str) -> Evidence:
    """Return what kind of evidence a metric is."""
    if TABLE[metric].kind == "rating":
        return "subjective"
    return "predicted" if TABLE[metric].kind == "predictor" else "measured"


def classes_of(metric: str) -> str:
    """Return the class of clips that a metric is judged on where none is named.

    `all` where one scale serves every class, `speech` for metrics of speech, otherwise `each`.
    """
    if metric in SPEECH_FIELDS:
        return "speech"
    return ALL if metric in (*FIELDS_OVER_ALL, *COSTS, LICENCE, *RATINGS) else EACH


def check_class(metric: str, clip_class: str) -> None:
    """Raise `ValueError` if a metric cannot be judged on a class of clips."""
    one_of("clip_class", clip_class, (ALL, EACH, *CLASSES))
    if metric in SPEECH_FIELDS and clip_class != "speech":
        raise ValueError(f"clip_class: {metric} is for speech; name speech")
    if clip_class == ALL and classes_of(metric) != ALL:
        raise ValueError(f"clip_class: {metric} is on several scales; name one class, or each")


class Threshold(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True
):  # fmt: skip
    """What one metric has to be.

    Attributes
    ----------
    metric : str
        A quality field of the row, a cost, or `mos`.
    threshold : float
        In the metric's unit, of `parameters` in millions as in the tables; not 0, since margins
        are given in per cent of it too.
    of : str
        Empty: the figure itself is held to the threshold. `original`: how far it is below what the
        same predictor says of the originals, clip by clip; above counts as equal. A spec: the time
        as a multiple of that codec's time on the same machine.
    """

    metric: Annotated[str, Meta(description="a quality field, a cost, or mos, dmos, mushra")]
    operator: Operator
    threshold: Annotated[float, Meta(description=A_NUMBER)]
    of: Annotated[str, Meta(description="original, or the spec whose time is the unit")] = ""

    def __post_init__(self) -> None:
        """Check what belongs together."""
        metric = self.metric
        one_of("metric", metric, METRICS)
        if higher_is_better(metric) != self.operator.startswith(">"):
            better, remedy = (
                ("higher", "> or >=") if higher_is_better(metric) else ("lower", "< or <=")
            )
            raise ValueError(f"operator: {metric} is better when {better}; use {remedy}")
        if not math.isfinite(self.threshold) or not self.threshold:
            raise ValueError(f"threshold: must be {A_NUMBER}, not {self.threshold!r:.80}")
        if self.of == ORIGINAL and metric not in WITH_ORIGINAL:
            raise ValueError(f"of: rows hold no {metric} of the original; leave it out")
        if self.of == ORIGINAL and self.threshold > 0:
            raise ValueError("threshold: how far below the original it may be; write it negative")
        if self.of not in {"", ORIGINAL}:
            self._check_unit()

    def _check_unit(self) -> None:
        if self.metric not in TIMES:
            raise ValueError(f"of: only times are relative to another codec, {self.metric} is not")
        try:
            Spec.parse(self.of)
        except InputError as error:
            raise ValueError(f"of: {error}") from error
