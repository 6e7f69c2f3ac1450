"""Comparison of this project's trained networks with the rest of the chain, from stored rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codecmark.results.row import ResultRow
from codecmark.system.markdown import table

_TRUE_MEL = "mel:16k-64/"  # the mel that they were trained on, without an autoencoder
_VOCODER = _TRUE_MEL + "harmonic"
_APART, _TOGETHER = "audioldm2:compact/harmonic", "audioldm2:compact/joint"
_CLASSIC = _TRUE_MEL + "griffinlim-64"
_COLUMNS = (  # heading, field, clips by class, digits
    ("PESQ unseen", "pesq_wb", "unseen", 2),
    ("PESQ trained", "pesq_wb", "seen", 2),
    ("ViSQOL unseen", "visqol_mos_lqo", "unseen", 2),
    ("ViSQOL music", "visqol_mos_lqo", "music", 2),
    ("ViSQOL ambient", "visqol_mos_lqo", "ambient", 2),
    ("mel dB unseen", "mel_distance_db", "unseen", 2),
    ("mel dB music", "mel_distance_db", "music", 2),
    ("SNR dB unseen", "snr_db", "unseen", 1),
    ("dec RTF", "decode_rtf", "all", 4),
)


class Chain:
    """The measured rows of the chain on AudioLDM2's mel, by spec.

    Parameters
    ----------
    rows : sequence of ResultRow
        Rows of other codecs, and rows without a score, are ignored.
    speakers : set of str
        Speakers in the training data.
    """

    def __init__(self, rows: Sequence[ResultRow], speakers: set[str]) -> None:
        self._speakers = speakers
        self._by_spec: dict[str, list[ResultRow]] = {}
        for row in rows:
            of_chain = row.spec.startswith((_TRUE_MEL, "audioldm2:")) and "+wave" not in row.spec
            if of_chain and row.status == "ok" and row.snr_db is not None:
                self._by_spec.setdefault(row.spec, []).append(row)

    def markdown(self) -> str:
        """Return the main results, and the table in order of PESQ on unseen speakers."""
        specs = sorted(self._by_spec, key=lambda spec: -(self._mean(spec, "pesq_wb") or 0.0))
        lines = [
            [
                spec,
                str(self._by_spec[spec][0].weights),
                *(
                    "-"
                    if (mean := self._mean(spec, field, group)) is None
                    else f"{mean:.{digits}f}"
                    for _, field, group, digits in _COLUMNS
                ),
            ]
            for spec in specs
        ]
        headings = ["codec", "weights", *(heading for heading, *_ in _COLUMNS)]
        results = [line for line in (self._vocoder(), self._joint(), self._music()) if line]
        return "\n".join([*results, "", table(headings, lines, numbers=len(_COLUMNS))]).strip()

    def _vocoder(self) -> str | None:
        retrieved = [
            spec
            for spec, own in self._by_spec.items()
            if spec.startswith(_TRUE_MEL) and own[0].weights == "none" and "@" not in spec
        ]
        best = max(retrieved, key=lambda spec: self._mean(spec, "pesq_wb") or 0.0, default=None)
        if best is None or _VOCODER not in self._by_spec:
            return None
        return (
            f"- From the true mel, speakers never heard: {self._scores(_VOCODER, best)}; "
            f"`{best}` is the best phase retrieval."
        )

    def _joint(self) -> str | None:
        if not {_APART, _TOGETHER} <= self._by_spec.keys():
            return None
        return (
            f"- Through the autoencoder, both trained together: {self._scores(_TOGETHER, _APART)}."
        )

    def _music(self) -> str | None:
        if not {_VOCODER, _CLASSIC} <= self._by_spec.keys():
            return None
        parts = [
            f"{label} {self._versus(_VOCODER, _CLASSIC, field, 'music')}"
            for label, field in (("mel distance in dB", "mel_distance_db"),
                                 ("ViSQOL", "visqol_mos_lqo"))
        ]  # fmt: skip
        return f"- Music, against `{_CLASSIC}`: {', '.join(parts)}."

    def _scores(self, spec: str, other: str) -> str:
        pesq, visqol = (self._versus(spec, other, f) for f in ("pesq_wb", "visqol_mos_lqo"))
        return f"PESQ-WB {pesq}, ViSQOL {visqol}"

    def _versus(self, spec: str, other: str, field: str, group: str = "unseen") -> str:
        mean, other_mean = (self._mean(name, field, group) for name in (spec, other))
        if mean is None or other_mean is None:
            return "not measured"
        return f"{mean:.2f} against {other_mean:.2f} ({mean - other_mean:+.2f})"

    def _mean(self, spec: str, field: str, group: str = "unseen") -> float | None:
        values = [getattr(row, field) for row in self._by_spec[spec] if self._is_in(row, group)]
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known else None

    def _is_in(self, row: ResultRow, group: str) -> bool:
        speech = row.clip_class == "speech"
        answers: Mapping[str, bool] = {
            "all": True,
            "unseen": speech and row.source not in self._speakers,
            "seen": speech and row.source in self._speakers,
        }
        return answers.get(group, row.clip_class == group)
