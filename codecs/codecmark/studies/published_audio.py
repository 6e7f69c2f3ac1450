"""Published codecs beside others on the same clips, from stored rows of `--corpus published`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codecmark.analysis.statistics import Estimate, PairedDifference, estimate, paired_difference
from codecmark.corpus.published import built_in
from codecmark.metrics.table import METRICS, NOT_DEFINED
from codecmark.replay.codec import FAMILY, NORMALISED
from codecmark.results import axes, store
from codecmark.results.row import ResultRow

FEWEST_PAIRS = 5  # below, a setting is an illustration, no mean
# a predictor without a reference is read beside what it says of the original
OF_ORIGINAL = {"distillmos": "distillmos_reference"}


@dataclass(frozen=True)
class Stated:
    """Means that others state of a codec on speech, PESQ-WB."""

    pesq_wb: tuple[float, ...]
    where: str


_PAPERS = "papers, on LibriSpeech test"
_BOARD = "Codec-SUPERB's board"
# pages of BigCodec and TOSS, X-Codec 2's README; Codec-SUPERB's board
STATED: Mapping[str, Stated] = {
    "encodec:24khz@1.5k": Stated((1.56, 1.52), f"{_PAPERS}; {_BOARD}"),
    "encodec:24khz@3k": Stated((2.05,), _PAPERS),
    "encodec:24khz@6k": Stated((2.72, 2.77, 2.63), f"{_PAPERS}, twice; {_BOARD}"),
    "encodec:24khz@24k": Stated((3.66,), _BOARD),
    "dac:16khz@1k": Stated((1.13,), _PAPERS),
    "dac:16khz@4k": Stated((2.72,), _PAPERS),
    "dac:16khz@6k": Stated((4.02, 3.88), f"{_PAPERS}; {_BOARD}"),
    "dac:24khz@24k": Stated((4.35,), _BOARD),
    "lyra@3.2k": Stated((2.35,), _PAPERS),
    "lyra@6k": Stated((2.92,), _PAPERS),
    "bigcodec": Stated((2.68,), _PAPERS),
    "speechtokenizer@4k": Stated((2.60,), _PAPERS),
    "xcodec2": Stated((2.44,), "its README, on LibriSpeech test-clean"),
}


@dataclass(frozen=True)
class Group:
    """The rows of a replayed codec on one class of clips under one condition."""

    codec: str
    condition: str
    clip_class: str
    rows: tuple[ResultRow, ...]

    @property
    def sources(self) -> int:
        """Number of speakers, tracks or recordings."""
        return len({row.source for row in self.rows})

    @property
    def sets(self) -> int:
        """Number of sets of published audio."""
        return len({(row.clip or "").partition("/")[0] for row in self.rows})

    @property
    def nominal_kbps(self) -> float | None:
        """The nominal rate."""
        return self.rows[0].nominal_bitrate_kbps

    def mean(self, name: str) -> Estimate | None:
        """Return the mean of a figure over clips with its interval over sources."""
        rows = [row for row in self.rows if value(row, name) is not None]
        if not rows:
            return None
        values = [value(row, name) or 0.0 for row in rows]
        return estimate(values, [row.source or "" for row in rows])

    def against(self, others: Mapping[str | None, ResultRow], name: str) -> PairedDifference | None:
        """Return the difference to another codec's rows, by clip, on the clips that both have."""
        ours: list[float] = []
        theirs: list[float] = []
        sources: list[str] = []
        for row in self.rows:
            figure = value(row, name)
            other = value(others[row.clip], name) if row.clip in others else None
            if figure is not None and other is not None:
                ours.append(figure)
                theirs.append(other)
                sources.append(row.source or "")
        if len(ours) < FEWEST_PAIRS:
            return None
        return paired_difference(ours, theirs, sources)


def value(row: ResultRow, name: str) -> float | None:
    """Return a figure of a row; of those in `OF_ORIGINAL` what it is above the original's."""
    found: float | None = getattr(row, name)
    original: float | None = getattr(row, OF_ORIGINAL[name]) if name in OF_ORIGINAL else 0.0
    return None if found is None or original is None else found - original


def read(folder: Path) -> list[ResultRow]:
    """Return the rows of all runs in a folder of results, those of untouched clips."""
    return axes.chosen(store.read(folder, store.run_ids(folder)))


def groups(rows: Iterable[ResultRow], condition: str, clip_class: str) -> list[Group]:
    """Return the replayed codecs of one condition and class, by name."""
    by_codec: dict[str, list[ResultRow]] = {}
    for row in rows:
        is_asked_for = row.condition == condition and row.clip_class == clip_class
        if row.family == FAMILY and row.status == "ok" and is_asked_for:
            by_codec.setdefault(row.spec.removeprefix(f"{FAMILY}:"), []).append(row)
    return [
        Group(codec, condition, clip_class, tuple(codec_rows))
        for codec, codec_rows in sorted(by_codec.items())
    ]


def rivals(rows: Iterable[ResultRow], condition: str) -> dict[str, dict[str | None, ResultRow]]:
    """Return the rows of the codecs that ran here, by spec and clip, in the order of their runs."""
    by_spec: dict[str, dict[str | None, ResultRow]] = {}
    for row in rows:
        if row.family != FAMILY and row.condition == condition and row.status == "ok":
            by_spec.setdefault(row.spec, {})[row.clip] = row
    return by_spec


def rate_is_doubtful(codec: str) -> bool:
    """Return whether a codec's nominal rate is inferred or doubted in any set."""
    settings = [
        published.codecs[codec]
        for published in built_in().sets.values()
        if codec in published.codecs
    ]
    return any(setting.rate in ("inferred", "doubtful") for setting in settings)


def unscored(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Return the replayed rows of a clip that have no quality, each of which says why."""
    return [row for row in rows if row.family == FAMILY and row.clip and row.status != "ok"]


def lacking(rows: Sequence[ResultRow]) -> list[tuple[str, str, int, str]]:
    """Return label of a metric, clip, count of rows and reason where a scored row lacks a figure.

    Not what the clip's class, or files that were normalised one by one, leave undefined.
    """
    counts: dict[tuple[str, str, str], int] = {}
    for row in rows:
        for metric in METRICS if row.family == FAMILY and row.status == "ok" else ():
            if metric.on_request:
                continue
            reason = row.reasons.get(metric.field, "")
            if getattr(row, metric.field) is None and not reason.startswith(
                (NOT_DEFINED, NORMALISED)
            ):
                key = metric.label, row.clip or "", reason
                counts[key] = counts.get(key, 0) + 1
    return [(label, clip, count, reason) for (label, clip, reason), count in counts.items()]
