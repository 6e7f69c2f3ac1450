"""The rule for quality: thresholds as of 2026-11-30, 04:45 UTC, SNR in each class since 11:53.

`results/decisions/requirements.toml` tells what had been seen of the test half by then. Whoever
moves a value here has looked at clips that were kept back, and says so there with the reason and
the date; what was confirmed on those clips is then no longer confirmed.
"""

from __future__ import annotations

from codecmark import review
from codecmark.review.panel import DEFAULT_VOICES
from places import COMMITTED

# class of clips, kind of codec, and what has to hold
FROZEN = (
    ("speech", "", ("distillmos >= -0.3 of original",)),
    ("speech", "", ("zimtohrli >= 4.3",)),
    ("speech", "waveform", ("pesq_wb >= 4.1", "visqol_mos_lqo >= 4.3")),
    ("", "", ("zimtohrli >= 4.3",)),
    ("", "", ("visqol_mos_lqo >= 4.3",)),
    ("", "", ("nmr_db <= -8",)),
)


def test_no_threshold_has_moved() -> None:
    found = tuple(
        (
            voice.clip_class,
            voice.codecs,
            tuple(
                f"{one.metric} {one.operator} {one.threshold:g}{f' of {one.of}' if one.of else ''}"
                for one in voice.any_of
            ),
        )
        for voice in DEFAULT_VOICES
    )
    assert found == FROZEN


def test_both_requirements_files_ask_by_them() -> None:
    for asked in (
        review.default(),
        review.load(COMMITTED / "decisions" / "requirements.toml"),
    ):
        (panel,) = [one.panel for one in asked.requirements if one.panel is not None]
        assert panel.voices == DEFAULT_VOICES
        hard = {one.metric: one for one in asked.requirements if one.hard}
        limits = {metric: (one.operator, one.threshold) for metric, one in hard.items()}
        assert limits == {"snr_db": (">", 10), "mos": (">", 4), "compression_ratio": (">=", 2)}
        assert hard["snr_db"].clip_class == "each"
