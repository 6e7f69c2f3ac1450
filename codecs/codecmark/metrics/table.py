"""Every figure of a row that is shown, compared or asked for, described once.

`TABLE` is data and imports no metric: how a figure is computed is in `score`, what is said about
it (labels, decimals, which way is better) is here and nowhere else. Entries with `computed=False`
have their place in a row for figures that came from elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

Kind = Literal["waveform", "distance", "predictor", "rating", "cost"]

SPEECH = ("speech",)
VISQOL_FIELD = "visqol_mos_lqo"
RAW_SNR_FIELD = "snr_raw_db"
NOT_DEFINED = "not defined for "  # how the reason of a figure begins that no such clip has


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure.

    Attributes
    ----------
    field : str
        Name in the row; ends in its unit where it has one.
    kind : {"waveform", "distance", "predictor", "rating", "cost"}
        Nearness of the samples; distance of the spectra; a model's guess of what listeners would
        say; what listeners said; bits, time, memory and delay.
    label : str
        Name in text: "mean SNR", "SNR of 12 dB".
    heading : str
        Name above a column, unit included; by default made of label and unit.
    unit : str
        Empty for pure numbers.
    decimals : int
        As shown.
    spans_decades : bool
        Shown with two significant digits instead.
    higher_is_better : bool
    range : tuple of two floats
        Lowest and highest possible value.
    classes : tuple of str
        Classes of clips that it is defined for; empty for all.
    one_scale : bool
        Whether figures of different classes of clips may be averaged.
    hears, misses : str
        What moves it, and what it cannot tell.
    level : str
        At which level of the clip it was made to judge, or that its makers state none.
    house : str
        Who made a predictor. Two of one house are one voice.
    computed : bool
        Whether this version computes it.
    on_request : bool
        Whether it is computed only for who asks for it.
    """

    field: str
    kind: Kind
    label: str
    heading: str = ""
    unit: str = ""
    decimals: int = 1
    spans_decades: bool = False
    higher_is_better: bool = True
    range: tuple[float, float] = (-inf, inf)
    classes: tuple[str, ...] = ()
    one_scale: bool = True
    hears: str
    misses: str
    level: str = ""
    house: str = ""
    computed: bool = True
    on_request: bool = False

    def __post_init__(self) -> None:
        if not self.heading:
            object.__setattr__(self, "heading", f"{self.label} {self.written_unit}".strip())

    @property
    def written_unit(self) -> str:
        """The unit to write after a figure; a score needs none, its label says what it is."""
        return "" if self.kind in {"predictor", "rating"} else self.unit

    @property
    def sign(self) -> int:
        """1 where higher is better, -1 where lower is."""
        return 1 if self.higher_is_better else -1

    def written(self, value: float) -> str:
        """Write a value with its decimals."""
        return two_digits(value) if self.spans_decades else f"{value:.{self.decimals}f}"

    def applies_to(self, clip_class: str) -> bool:
        """Say whether it is defined for clips of a class."""
        return not self.classes or clip_class in self.classes


def two_digits(value: float) -> str:
    """Write a value with two significant digits or so: real-time factors span six decades."""
    if value < 0:
        return f"-{two_digits(-value)}"
    if value < 0.0001:
        return f"{value:.0e}"
    return f"{value:.{4 if value < 0.01 else 3 if value < 0.1 else 2}f}"


_PHASE = "what is heard: a codec that sends no phase stays near 0 dB however good it sounds"
_MAGNITUDES = "phase and delay: a voice with a buzzing, wrong phase can come out at 0"
_TIMES = "what the same work takes on another machine, or beside other work"

_ENTRIES = (
    Metric(
        field="snr_db", kind="waveform", label="SNR", unit="dB",
        hears="every difference of the samples, gain and polarity included", misses=_PHASE,
    ),
    Metric(
        field="si_sdr_db", kind="waveform", label="SI-SDR", unit="dB",
        hears="every difference of the samples but a gain",
        misses=f"a wrong level, inverted polarity, and {_PHASE}",
    ),
    Metric(
        field="segmental_snr_db", kind="waveform", label="segSNR", unit="dB", range=(-10, 35),
        hears="differences of the samples in quiet stretches as much as in loud ones",
        misses=_PHASE,
    ),
    Metric(
        field="correlation", kind="waveform", label="corr", decimals=3, range=(-1, 1),
        hears="whether the samples move together", misses=f"a wrong level, and {_PHASE}",
    ),
    Metric(
        field="lsd_db", kind="distance", label="LSD", unit="dB", higher_is_better=False,
        range=(0, inf), hears="levels of single bins, the quietest as much as the loudest",
        misses=_MAGNITUDES,
    ),
    Metric(
        field="mel_distance_db", kind="distance", label="mel dist", unit="dB",
        higher_is_better=False, range=(0, inf), hears="levels of 80 mel bands",
        misses=f"what is within a band, tones or noise; {_MAGNITUDES}",
    ),
    Metric(
        field="mrstft_distance", kind="distance", label="MR-STFT", decimals=2,
        higher_is_better=False, range=(0, inf),
        hears="magnitudes at three resolutions, short clicks and close partials alike",
        misses=_MAGNITUDES,
    ),
    Metric(
        field="pesq_wb", kind="predictor", label="PESQ-WB", unit="MOS-LQO", decimals=2,
        range=(1, 4.65), classes=SPEECH, one_scale=False, house="ITU-T P.862",
        hears="loudness differences of speech up to 8 kHz, wrong phase among them",
        misses="what generative codecs do well: another waveform that sounds the same",
        level="any: brings both signals to one of its own",
    ),
    Metric(
        field="estoi", kind="predictor", label="ESTOI", decimals=3, range=(-1, 1), classes=SPEECH,
        one_scale=False, house="Aalborg and Delft universities",
        hears="envelopes of third octaves: whether words can be understood",
        misses="how natural they sound",
        level="any: correlates envelopes, so a gain does not count",
    ),
    Metric(
        field=VISQOL_FIELD, kind="predictor", label="ViSQOL", unit="MOS-LQO", decimals=2,
        range=(1, 5), one_scale=False, house="Google",
        hears="shapes of gammatone spectrograms; speech and audio modes are two scales",
        misses="phase: plain Griffin-Lim, which listeners put at 2 of 5, gets more than 4",
        level="not stated; brings the output to the reference's and compares nothing below -45 dB, "
        "so the quieter a clip, the less of it",
    ),
    Metric(
        field="zimtohrli", kind="predictor", label="Zimtohrli", unit="MOS-LQO", decimals=2,
        range=(1, 5), house="Google",
        hears="differences above the threshold of hearing, by a model of the ear",
        misses="how listeners would grade them: its authors call that mapping very approximate",
        level="absolute: a sine of full scale is 78.3 dB sound pressure level, speech at -26 dBov "
        "55 dB",
    ),
    Metric(
        field="distillmos", kind="predictor", label="DistillMOS", unit="MOS", decimals=2,
        range=(1, 5), classes=SPEECH, one_scale=False, house="Microsoft",
        hears="how natural speech sounds up to 8 kHz, without a reference",
        misses="whether it is the voice and the words that went in",
        level="any: brings each stretch of 7.68 s to a peak of full scale",
    ),
    Metric(
        field="dnsmos_ovrl", kind="predictor", label="DNSMOS", unit="MOS", decimals=2,
        range=(1, 5), classes=SPEECH, one_scale=False, house="Microsoft", on_request=True,
        hears="noise in speech and damage by its suppression, without a reference",
        misses="artefacts of codecs, which it was not trained on; only the difference to the "
        "original's value says something",
        level="not stated; the noisy speech of its makers' challenge is made at -15 to -35 dBFS",
    ),
    Metric(
        field="plcmos", kind="predictor", label="PLCMOS", unit="MOS", decimals=2, range=(1, 5),
        classes=SPEECH, one_scale=False, house="Microsoft", on_request=True,
        hears="gaps in speech and how they were filled, without a reference",
        misses="noise, and artefacts of codecs without loss",
        level="not stated",
    ),
    Metric(
        field="speaker_similarity", kind="distance", label="speaker sim", decimals=3,
        range=(-1, 1), classes=SPEECH, one_scale=False, on_request=True,
        hears="whether it is the same voice: cosine of two speaker embeddings",
        misses="words, noise and damage that leaves the voice",
        level="any: brings what is quieter to -30 dBFS",
    ),
    Metric(
        field="nmr_db", kind="distance", label="NMR", unit="dB", higher_is_better=False,
        hears="noise above the threshold that the signal masks, band by band, at 48 kHz only",
        misses="phase, and whether generated detail sounds right; made without the standard's "
        "conformance data",
        level="absolute: a sine of full scale is 92 dB sound pressure level",
    ),
    Metric(
        field="mos", kind="rating", label="MOS", decimals=2, range=(1, 5), computed=False,
        hears="what listeners think of the sound alone (absolute category rating)",
        misses="small damage that only shows beside the reference",
    ),
    Metric(
        field="dmos", kind="rating", label="DMOS", decimals=2, range=(1, 5), computed=False,
        hears="how much worse than the reference listeners find it (degradation rating)",
        misses="an output that is nicer than its reference",
    ),
    Metric(
        field="mushra", kind="rating", label="MUSHRA", range=(0, 100), computed=False,
        hears="middling quality of several codecs beside each other and the reference",
        misses="damage near the threshold of hearing",
    ),
    Metric(
        field=RAW_SNR_FIELD, kind="waveform", label="SNR before alignment", unit="dB",
        hears="what SNR does, and a delay that the codec did not declare", misses=_PHASE,
    ),
    Metric(
        field="bitrate_kbps", kind="cost", label="rate", heading="kbit/s", unit="kbit/s",
        higher_is_better=False, range=(0, inf), hears="every byte of the stream, frame included",
        misses="what a transport adds",
    ),
    Metric(
        field="nominal_bitrate_kbps", kind="cost", label="nominal rate", heading="nominal kbit/s",
        unit="kbit/s", decimals=2, higher_is_better=False, range=(0, inf),
        hears="what the setting promises", misses="what the stream takes",
    ),
    Metric(
        field="compression_ratio", kind="cost", label="ratio", heading="ratio", unit=":1",
        range=(0, inf), hears="bytes of 16-bit PCM over bytes of the stream",
        misses="what a transport adds",
    ),
    *(
        Metric(
            field=f"{call}_rtf", kind="cost", label=f"{name} time", heading=f"{call[:3]} RTF",
            unit="s/s", spans_decades=True, higher_is_better=False, range=(0, inf),
            hears="seconds spent on one second of audio; below 1 is faster than real time",
            misses=_TIMES,
        )
        for call, name in (("encode", "encoding"), ("decode", "decoding"))
    ),
    *(
        Metric(
            field=f"{call}_first_call_s", kind="cost", label=f"first {name} call",
            heading=f"first {call[:3]} s", unit="s", spans_decades=True, higher_is_better=False,
            range=(0, inf), hears="seconds of the first call after loading", misses=_TIMES,
        )
        for call, name in (("encode", "encoding"), ("decode", "decoding"))
    ),
    Metric(
        field="peak_memory_mib", kind="cost", label="peak memory", heading="peak MiB", unit="MiB",
        decimals=0, higher_is_better=False, range=(0, inf),
        hears="all memory of a process that codes one clip", misses="memory of a device",
    ),
    Metric(
        field="parameters", kind="cost", label="parameters", heading="M params",
        unit="M", higher_is_better=False, range=(0, inf),
        hears="learned numbers that run, shown in millions",
        misses="how often each of them runs",
    ),
    Metric(field="licence", kind="cost", label="licence", range=(0, 1), misses="patents",
           hears="what the codec states of its code and weights; no number, and not in the row"),
    Metric(
        field="algorithmic_delay_ms", kind="cost", label="delay", heading="delay ms", unit="ms",
        higher_is_better=False, range=(0, inf), hears="the delay that the codec declares",
        misses="time that computing and transport add",
    ),
)  # fmt: skip

TABLE: dict[str, Metric] = {metric.field: metric for metric in _ENTRIES}
# what a clip is scored with after alignment, in the order of the tables
METRICS = tuple(
    metric
    for metric in _ENTRIES
    if metric.computed
    and not metric.on_request
    and metric.kind != "cost"
    and metric.field != RAW_SNR_FIELD
)
ON_REQUEST = tuple(metric for metric in _ENTRIES if metric.on_request)
QUALITY_FIELDS = (*(metric.field for metric in METRICS), RAW_SNR_FIELD)
