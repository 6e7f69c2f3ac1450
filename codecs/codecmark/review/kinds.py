"""Whether a codec keeps the waveform, and whether predictors were tried on its like.

PESQ and ViSQOL were made for codecs that keep the waveform. Whether one does is measured and not
looked up, so that plug-ins, command lines and published audio are judged alike: it does not keep
the waveform of a class of clips where its mean SI-SDR there is shown to be below 0 dB, the upper
end of the interval included: less than half of the power of what comes out is then the original.
On speech a vocoder behind a mel is at -35 dB, Codec 2 at -24, AMR at 0, Opus at 6 kbit/s at 1 and
at 12 kbit/s at 12 dB. Where it is open PESQ and ViSQOL count, which makes it harder to pass.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, Protocol

from codecmark import catalog
from codecmark.errors import CodecmarkError
from codecmark.review.figure import Figure
from codecmark.review.panel import Kind
from codecmark.spec import Spec

KEPT_DB = 0.0
Tried = Literal["resynthesis from a mel", "neural tokens"]

# what `results/predictors.md` covers: the class of the clips, the codecs, the predictors
TRIED_CLASSES = frozenset({"speech"})
TRIED_METRICS = frozenset({"distillmos", "zimtohrli", "visqol_mos_lqo", "pesq_wb"})
# these vote on codecs that keep the waveform only, of which listeners heard one, at two rates
HARDLY_TRIED = frozenset({"pesq_wb", "visqol_mos_lqo"})
HOW_FAR = "10 pairs, one codec"
_ROOMS: dict[str, Tried] = {"mel": "resynthesis from a mel", "neural": "neural tokens"}


class _Figures(Protocol):
    def get(self, spec: str, metric: str, clip_class: str) -> Figure: ...


def kind_of(figures: _Figures, spec: str, clip_class: str) -> Kind | None:
    """Return the kind of a codec on a class of clips; None where nothing was measured."""
    figure = figures.get(spec, "si_sdr_db", clip_class)
    if figure.exact:
        return "waveform"
    if figure.value is None:
        return None
    most = figure.value if figure.high is None else figure.high
    return "waveform" if most >= KEPT_DB else "resynthesis"


def is_tried(spec: str, kind: Kind | None, metric: str, clip_class: str) -> bool:
    """Say whether a predictor was tried on people for such a codec and such clips."""
    if clip_class not in TRIED_CLASSES or metric not in TRIED_METRICS:
        return False
    like = _like(spec)
    return like == "neural tokens" or (like is not None and kind == "resynthesis")


@cache
def _like(spec: str) -> Tried | None:
    """Return what listeners heard that is made the same way; None for what is not known."""
    try:
        parsed = Spec.parse(spec.removeprefix(f"{catalog.REPLAY}:"))
        module = catalog.target(parsed).partition(":")[0].split(".")
    except CodecmarkError:
        return None
    if parsed.layer is not None:  # no listener has heard a waveform layer, beside whatever codec
        return None
    return _ROOMS.get(module[1]) if module[0] == "codecmark" else None
